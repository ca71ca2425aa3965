//! `kazasu watch`: tap events, as they happen.

use std::collections::HashMap;

use anyhow::Result;

use super::follow::follow;
use crate::cli::Place;
use crate::control::End;
use crate::lines::EventLine;
use crate::out::Out;

pub(crate) async fn run(place: &Place, own: bool, confirmed: bool, out: Out) -> Result<End> {
    let mut taps = confirmed.then(ConfirmedTaps::default);
    follow(place, own, out, |line| {
        if taps.as_mut().is_none_or(|taps| taps.shows(&line)) {
            out.line(&line)?;
        }
        Ok(())
    })
    .await
}

/// Leaves out cards that were read once alone, which may be a misread: what a time clock books is a
/// `confirmed` line, and the `removed` of that card.
#[derive(Debug, Default)]
struct ConfirmedTaps {
    /// The confirmed card of each reader; bounded by the readers there are.
    cards: HashMap<String, EventLine>,
}

impl ConfirmedTaps {
    fn shows(&mut self, line: &EventLine) -> bool {
        match line.event.as_str() {
            "presented" => false,
            // A card that was there before the reader was lost is no new tap.
            "confirmed" => {
                self.cards.insert(line.reader.clone(), line.clone());
                true
            }
            "removed" => {
                let shown = self.cards.remove(&line.reader);
                shown.is_some_and(|shown| shown.identity() == line.identity())
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kazasu_hal::{Card, Event, EventKind, ReaderName, StationName};
    use kazasu_texts::Lang;

    use super::*;

    #[test]
    fn only_confirmed_taps_are_shown() {
        let card = |last| Card::iso14443a(&[4, 0xC0, 0xFF, 0xEE, 0, 0, last], None, None).unwrap();
        let rows = [
            ("p", EventKind::Presented(card(1)), false),
            ("wrong one left", EventKind::Removed(card(1)), false),
            ("p", EventKind::Presented(card(2)), false),
            ("confirmed", EventKind::Confirmed(card(2)), true),
            ("left", EventKind::Removed(card(2)), true),
            ("still there", EventKind::Resumed(card(2)), false),
            ("several", EventKind::Multiple(Vec::new()), true),
            ("gone", EventKind::Detached, true),
        ];
        let mut taps = ConfirmedTaps::default();
        for (name, kind, expected) in rows {
            let event = Event {
                time: SystemTime::UNIX_EPOCH,
                reader: ReaderName("r".to_owned()),
                station: StationName("s".to_owned()),
                kind,
            };
            assert_eq!(taps.shows(&EventLine::new(&event, Lang::En)), expected, "{name}");
        }
    }
}
