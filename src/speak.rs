//! The language of whoever runs a command.

use kazasu_texts::Lang;

/// By the surroundings: `LC_ALL`, `LC_MESSAGES`, `LANG`.
pub(crate) fn lang() -> Lang {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).ok());
    Lang::of_locale(variables.iter().map(Option::as_deref))
}

#[cfg(test)]
mod tests {
    use kazasu_hal::{Cause, CauseRow, Filling};

    use super::*;

    /// Places that choose between sentences and are not shown.
    const CHOOSE: [&str; 2] = ["more", "hidden"];

    fn rows() -> impl Iterator<Item = &'static CauseRow> {
        let rooms = [
            kazasu_directory::CAUSES,
            kazasu_link::CAUSES,
            kazasu_pcsc::CAUSES,
            kazasu_pn532::CAUSES,
            kazasu_rcs380::CAUSES,
            kazasu_runtime::CAUSES,
            crate::control::CAUSES,
        ];
        rooms.into_iter().flatten()
    }

    /// In either language, with every place filled: one that a sentence has and its cause has not
    /// ends the test where texts are made.
    #[test]
    fn every_cause_has_its_sentences() {
        for row in rows() {
            for lang in Lang::ALL {
                let mark = |name: &str| format!("<{name}>");
                let places = row.places.iter().map(|name| (*name, Filling::Text(mark(name))));
                let cause = Cause { word: row.word, places: places.collect() };
                let told =
                    format!("{} {}", lang.what(&cause), lang.advice(&cause).unwrap_or_default());
                for name in row.places.iter().filter(|name| !CHOOSE.contains(name)) {
                    assert!(told.contains(&mark(name)), "{} {name}: {told}", lang.tag());
                }
                assert_eq!(told.is_ascii(), lang == Lang::En, "{told}");
            }
        }
    }

    #[test]
    fn no_sentence_lacks_its_cause() {
        let words: Vec<_> = rows().map(|row| row.word).collect();
        for key in Lang::causes() {
            assert!(words.contains(&key), "{key}");
        }
    }
}
