//! What holds for any bytes at all. The fuzz targets of `registration/fuzz` run these, and a test
//! runs them on what was found before.

mod audit;
mod settings;
mod texts;

pub use audit::audit;
pub use settings::settings;
pub use texts::texts;

/// Stands where a password or a card number would: no error may show it, whatever is around it.
const PLANTED: &str = "Zq7~planted";

/// Whether the text of an error keeps to itself what was typed.
#[track_caller]
fn tells_nothing(error: &dyn std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(PLANTED), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_inputs() {
        kazasu_replay::found("texts", include_str!("../../../fuzz/corpus/texts.txt"), texts);
        kazasu_replay::found(
            "settings",
            include_str!("../../../fuzz/corpus/settings.txt"),
            settings,
        );
        kazasu_replay::found("audit", include_str!("../../../fuzz/corpus/audit.txt"), audit);
    }
}
