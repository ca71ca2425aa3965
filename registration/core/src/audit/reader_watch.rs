use std::{collections::BTreeMap, time::Duration};

use kazasu_hal::{Event, EventKind, FaultKind, Mono, ReaderName, StationName};

use super::{AuditEvent, ReaderState};

/// Notices that readers come, go or fail. One that does so again and again makes one record a
/// minute, with a count.
#[derive(Debug, Default)]
pub struct ReaderWatch {
    readers: BTreeMap<ReaderName, Known>,
}

#[derive(Debug)]
struct Known {
    station: StationName,
    state: ReaderState,
    /// Not told yet.
    changes: u32,
    /// The next record may be written then.
    quiet_until: Mono,
    changed: Mono,
}

/// How often there may be a record of one reader.
const EVERY: Duration = Duration::from_secs(60);
/// How many readers are remembered; the one that changed longest ago is forgotten first.
const READERS_MAX: usize = 64;

impl ReaderWatch {
    /// Takes note of what happened at a reader.
    pub fn heard(&mut self, now: Mono, event: &Event) {
        let (state, tells) = match &event.kind {
            EventKind::Attached(_) => (ReaderState::Attached, true),
            EventKind::Detached => (ReaderState::Detached, true),
            // That is the card's fault.
            EventKind::Fault(fault) if fault.kind == FaultKind::Card => return,
            EventKind::Fault(fault) => (ReaderState::Faulty(fault.kind), true),
            // Whatever speaks of cards works, again perhaps.
            _ => (ReaderState::Attached, false),
        };
        match self.readers.get_mut(&event.reader) {
            Some(known) if known.state == state => {}
            Some(known) => {
                known.state = state;
                known.changed = now;
                // That it works again is told where its fault is not told yet.
                if tells || known.changes > 0 {
                    known.changes = known.changes.saturating_add(1);
                }
            }
            None => {
                self.make_room();
                let station = event.station.clone();
                let changes = u32::from(tells);
                let known = Known { station, state, changes, quiet_until: now, changed: now };
                self.readers.insert(event.reader.clone(), known);
            }
        }
    }

    /// When there is something to be told.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        self.untold().map(|known| known.quiet_until).min()
    }

    /// What is to be told now; come back until there is nothing.
    pub fn poll_output(&mut self, now: Mono) -> Option<(StationName, AuditEvent)> {
        self.next(|known| known.quiet_until <= now, now)
    }

    /// The same of all that is not told yet: nobody will come back.
    pub fn poll_rest(&mut self) -> Option<(StationName, AuditEvent)> {
        self.next(|_| true, Mono(Duration::ZERO))
    }

    fn next(
        &mut self,
        is_due: impl Fn(&Known) -> bool,
        now: Mono,
    ) -> Option<(StationName, AuditEvent)> {
        let due = |known: &Known| known.changes > 0 && is_due(known);
        let (reader, known) = self.readers.iter_mut().find(|(_, known)| due(known))?;
        let more = known.changes.saturating_sub(1);
        known.changes = 0;
        known.quiet_until = now.after(EVERY);
        let event = AuditEvent::ReaderChanged { reader: reader.clone(), state: known.state, more };
        Some((known.station.clone(), event))
    }

    fn untold(&self) -> impl Iterator<Item = &Known> {
        self.readers.values().filter(|known| known.changes > 0)
    }

    fn make_room(&mut self) {
        while self.readers.len() >= READERS_MAX {
            let oldest = self.readers.iter().min_by_key(|(_, known)| known.changed);
            let Some(oldest) = oldest.map(|(reader, _)| reader.clone()) else { return };
            self.readers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kazasu_hal::{Cause, Fault, Presence, ReaderInfo};

    use super::{super::wording::wording, *};

    fn fault(kind: FaultKind) -> EventKind {
        EventKind::Fault(Fault::new(kind, Cause { word: kind.as_str(), places: Vec::new() }))
    }

    fn kind(word: &str) -> EventKind {
        match word {
            "attached" => EventKind::Attached(ReaderInfo {
                name: ReaderName("r".to_owned()),
                driver: "pn532",
                model: "PN532".to_owned(),
                presence: Presence::Polled,
            }),
            "detached" => EventKind::Detached,
            "link" => fault(FaultKind::Link),
            "card" => fault(FaultKind::Card),
            "works" => EventKind::Multiple(Vec::new()),
            _ => panic!("{word}"),
        }
    }

    fn event(reader: &str, word: &str) -> Event {
        Event {
            time: SystemTime::UNIX_EPOCH,
            reader: ReaderName(reader.to_owned()),
            station: StationName("desk".to_owned()),
            kind: kind(word),
        }
    }

    fn at(seconds: u64) -> Mono {
        Mono(Duration::from_secs(seconds))
    }

    fn told(watch: &mut ReaderWatch, now: Mono) -> Vec<String> {
        let mut told = Vec::new();
        while let Some((station, event)) = watch.poll_output(now) {
            told.push(format!(
                "{station} {} {}",
                event.word(),
                wording(event.word(), &event.details()).unwrap()
            ));
        }
        told
    }

    /// Each row: when, what happens, what is told at that moment.
    #[test]
    fn a_reader_that_flaps_is_told_once_a_minute() {
        let mut watch = ReaderWatch::default();
        let rows: [(u64, &str, &[&str]); 16] = [
            (0, "works", &[]),
            (1, "attached", &[]),
            (2, "detached", &["desk reader-detached r"]),
            (3, "attached", &[]),
            (4, "detached", &[]),
            (61, "detached", &[]),
            (62, "detached", &["desk reader-detached r; 1 more"]),
            (122, "detached", &[]),
            (123, "link", &["desk reader-faulty r; link"]),
            (124, "card", &[]),
            (125, "works", &[]),
            (190, "works", &[]),
            (200, "link", &["desk reader-faulty r; link"]),
            (201, "attached", &[]),
            (202, "link", &[]),
            (260, "works", &["desk reader-attached r; 2 more"]),
        ];
        for (second, word, expected) in rows {
            watch.heard(at(second), &event("r", word));
            assert_eq!(told(&mut watch, at(second)), expected, "{second} {word}");
        }
        assert_eq!(watch.poll_timeout(), None);
    }

    #[test]
    fn what_is_not_told_yet_has_its_time_and_is_told_at_the_end() {
        let mut watch = ReaderWatch::default();
        watch.heard(at(0), &event("r", "attached"));
        assert_eq!(watch.poll_timeout(), Some(at(0)));
        assert_eq!(told(&mut watch, at(0)).len(), 1);
        watch.heard(at(7), &event("r", "detached"));
        assert_eq!(watch.poll_timeout(), Some(at(60)));
        assert_eq!(told(&mut watch, at(59)).len(), 0);
        assert!(watch.poll_rest().is_some());
        assert!(watch.poll_rest().is_none());
    }

    #[test]
    fn no_more_readers_are_remembered_than_there_is_room_for() {
        let mut watch = ReaderWatch::default();
        for n in 0..1_000 {
            watch.heard(at(n), &event(&format!("r{n}"), "attached"));
        }
        assert_eq!(watch.readers.len(), READERS_MAX);
        assert_eq!(told(&mut watch, at(1_000)).len(), READERS_MAX);
    }
}
