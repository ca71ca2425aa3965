//! What a command that watches was told of readers and cards, across services that come and go.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kazasu_hal::CardIdentity;

use crate::lines::{EventLine, rfc3339};

/// How long a service may have been away, as a reader may: a restart takes less, and who comes back
/// after longer has to tap anew.
const AWAY_MAX: SignedDuration = SignedDuration::from_secs(10);
/// How long after its reader is back a card counts as one that was there all the while.
const FOUND_WITHIN: SignedDuration = SignedDuration::from_secs(1);
/// How many readers are remembered.
const READERS_MAX: usize = 64;

/// Readers, and the cards on them.
#[derive(Debug, Default)]
pub(super) struct There {
    readers: BTreeMap<String, Reader>,
    /// When the service was last lost.
    lost: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Reader {
    attached: Option<EventLine>,
    card: Option<Resting>,
    /// The card that left last.
    left: Option<Left>,
}

/// The card that rests on a reader.
#[derive(Debug)]
struct Resting {
    line: EventLine,
    confirmed: bool,
    /// Whether it had been confirmed when the reader was lost with it, where that is known.
    before: Option<bool>,
}

#[derive(Debug)]
struct Left {
    card: CardIdentity,
    confirmed: bool,
    /// When the service was lost with it.
    lost: Option<Timestamp>,
}

impl There {
    /// Notes what a service tells, and marks what is no news: a card that lay there before it went.
    pub(super) fn take(&mut self, mut line: EventLine) -> EventLine {
        if self.readers.len() >= READERS_MAX && !self.readers.contains_key(&line.reader) {
            return line;
        }
        let reader = self.readers.entry(line.reader.clone()).or_default();
        match line.event.as_str() {
            "attached" => reader.attached = Some(line.clone()),
            "detached" => (reader.attached, reader.card) = (None, None),
            "presented" => {
                let card = line.identity();
                let left = reader.left.take().filter(|left| Some(&left.card) == card.as_ref());
                let told = line.is_resumed();
                let resumed = match &left {
                    Some(Left { lost: Some(lost), .. }) => {
                        within(time(&line), Some(*lost), AWAY_MAX)
                            && reader.attached.as_ref().is_none_or(|attached| {
                                within(time(&line), time(attached), FOUND_WITHIN)
                            })
                    }
                    Some(Left { lost: None, .. }) => told,
                    // It came while nobody told us.
                    None => told && self.lost.is_none_or(|lost| time(&line) <= Some(lost)),
                };
                line.set_resumed(resumed);
                let before = left.map(|left| left.confirmed);
                reader.card = Some(Resting { line: line.clone(), confirmed: false, before });
            }
            "confirmed" => {
                if let Some(card) = &mut reader.card {
                    card.confirmed = true;
                    let before = card.before.unwrap_or_else(|| line.is_resumed());
                    line.set_resumed(card.line.is_resumed() && before);
                }
            }
            "removed" => reader.left = reader.card.take().and_then(|card| card.leave(None)),
            _ => {}
        }
        line
    }

    /// The service is gone, and what it said holds no longer: what to tell of it.
    pub(super) fn lost(&mut self, now: Timestamp) -> Vec<EventLine> {
        self.lost = Some(now);
        let mut told = Vec::new();
        for reader in self.readers.values_mut() {
            let stamp = || rfc3339(now.into());
            if let Some(card) = reader.card.take() {
                told.push(card.line.then("removed", stamp()));
                reader.left = card.leave(Some(now));
            }
            if let Some(attached) = reader.attached.take() {
                told.push(attached.then("detached", stamp()));
            }
        }
        told
    }
}

impl Resting {
    fn leave(self, lost: Option<Timestamp>) -> Option<Left> {
        let confirmed = self.confirmed;
        Some(Left { card: self.line.identity()?, confirmed, lost })
    }
}

fn time(line: &EventLine) -> Option<Timestamp> {
    line.time.parse().ok()
}

/// Whether `time` is known and not more than this behind `start`.
fn within(time: Option<Timestamp>, start: Option<Timestamp>, most: SignedDuration) -> bool {
    time.zip(start).is_some_and(|(time, start)| time.duration_since(start) <= most)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kazasu_hal::{Card, Event, EventKind, Presence, ReaderInfo, ReaderName, StationName};

    use super::*;

    fn at(ms: u64) -> Timestamp {
        (std::time::UNIX_EPOCH + Duration::from_millis(ms)).try_into().unwrap()
    }

    /// `script`: `MS WORD` steps, `WORD` one of attached, detached, and with a card a or b:
    /// presented, resumed, confirmed, removed; `*` behind it: told of before; `lost`. `expected`:
    /// what is told, `*` where it is marked as no news.
    fn check(script: &str, expected: &str) {
        let reader = ReaderName("r".to_owned());
        let card = |letter: &str| {
            let last = letter.trim_end_matches('*').as_bytes()[0];
            Card::iso14443a(&[4, 0xC0, 0xFF, 0xEE, 0, 0, last], None, None).unwrap()
        };
        let mut there = There::default();
        let mut told = Vec::new();
        let mut show = |line: EventLine| {
            let id = line.identity().map(|card| card.id().as_bytes()[6]);
            let letter = id.map(|id| format!("-{}", char::from(id))).unwrap_or_default();
            let mark = if line.is_resumed() { "*" } else { "" };
            told.push(format!("{}{letter}{mark}", line.event));
        };
        for step in script.split(", ") {
            let (ms, word) = step.split_once(' ').unwrap();
            let ms = ms.parse().unwrap();
            if word == "lost" {
                there.lost(at(ms)).into_iter().for_each(&mut show);
                continue;
            }
            let (word, letter) = word.split_once('-').unwrap_or((word, "a"));
            let info = || ReaderInfo {
                name: reader.clone(),
                driver: "d",
                model: String::new(),
                presence: Presence::Polled,
            };
            let kind = match word {
                "attached" => EventKind::Attached(info()),
                "detached" => EventKind::Detached,
                "presented" => EventKind::Presented(card(letter)),
                "resumed" => EventKind::Resumed(card(letter)),
                "confirmed" => EventKind::Confirmed(card(letter)),
                "removed" => EventKind::Removed(card(letter)),
                other => panic!("{other}"),
            };
            let station = StationName("s".to_owned());
            let event = Event { time: at(ms).into(), reader: reader.clone(), station, kind };
            let line = EventLine::new(&event, kazasu_texts::Lang::En);
            show(there.take(if letter.ends_with('*') { line.of_before() } else { line }));
        }
        assert_eq!(told.join(" "), expected, "{script}");
    }

    #[test]
    fn a_card_is_news_once() {
        let rest = "0 attached, 100 presented-a, 200 confirmed-a, 1000 lost";
        let told = "attached presented-a confirmed-a removed-a detached";
        let rows = [
            // The service was restarted under a card; told as it happens, or afterwards.
            (", 3000 attached, 3900 presented-a, 4000 confirmed-a", "presented-a* confirmed-a*"),
            (", 3000 attached, 2900 presented-a*, 2950 confirmed-a*", "presented-a* confirmed-a*"),
            // Another one came, or the same one late, or after too long.
            (", 3000 attached, 2900 presented-b*, 2950 confirmed-b*", "presented-b confirmed-b"),
            (", 3000 attached, 4001 presented-a, 4100 confirmed-a", "presented-a confirmed-a"),
            (", 11001 attached, 11001 presented-a", "presented-a"),
            (
                ", 3000 attached, 3100 presented-b, 3400 removed-b, 3500 presented-a",
                "presented-b removed-b presented-a",
            ),
            // The reader of the new service was lost, too.
            (
                ", 3000 attached, 3100 presented-b, 3200 removed-b, 3300 detached, 3400 attached, \
              3500 resumed-b, 3600 confirmed-b",
                "presented-b removed-b detached attached presented-b* confirmed-b",
            ),
            // Lost again before anything was there.
            (", 3000 lost, 4000 attached, 4100 presented-a", "presented-a*"),
        ];
        for (script, expected) in rows {
            check(&format!("{rest}{script}"), &format!("{told} attached {expected}"));
        }
    }

    #[test]
    fn who_comes_late_is_told_of_before() {
        let rows = [
            (
                "100 attached, 50 presented-a*, 60 confirmed-a*, 200 removed-a",
                "attached presented-a* confirmed-a* removed-a",
            ),
            // Confirmed only afterwards: that is news.
            ("100 attached, 50 presented-a*, 160 confirmed-a", "attached presented-a* confirmed-a"),
            // A hiccup of the reader: confirmed is news once.
            (
                "0 attached, 1 presented-a, 2 confirmed-a, 3 removed-a, 3 detached, 4 attached, \
              5 resumed-a, 6 confirmed-a",
                "attached presented-a confirmed-a removed-a detached attached presented-a* confirmed-a*",
            ),
            (
                "0 attached, 1 presented-a, 3 removed-a, 3 detached, 4 attached, 5 resumed-a, \
              6 confirmed-a",
                "attached presented-a removed-a detached attached presented-a* confirmed-a",
            ),
            // Tapped twice is twice news.
            (
                "0 attached, 1 presented-a, 2 confirmed-a, 3 removed-a, 4 presented-a, 5 confirmed-a",
                "attached presented-a confirmed-a removed-a presented-a confirmed-a",
            ),
            ("0 lost, 1 attached, 2 detached, 3 lost", "attached detached"),
        ];
        for (script, expected) in rows {
            check(script, expected);
        }
    }
}
