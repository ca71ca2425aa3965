//! Where events go, and what rests on the readers meanwhile.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use kazasu_hal::{Event, EventKind, ReaderName};
use tokio::sync::broadcast;

/// How many events a slow listener may fall behind before it is told that it missed some.
const EVENTS_MAX: usize = 1024;

/// The events of a runtime, for whoever comes later.
#[derive(Clone, Debug)]
pub struct Events(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    events: broadcast::Sender<Event>,
    /// How the card that rests on a reader came there: presented, and mostly confirmed. Bounded by
    /// the readers there are.
    resting: BTreeMap<ReaderName, Vec<Event>>,
}

impl Events {
    pub(crate) fn new() -> Self {
        let (events, _) = broadcast::channel(EVENTS_MAX);
        Self(Arc::new(Mutex::new(Inner { events, resting: BTreeMap::new() })))
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).events.subscribe()
    }

    /// The events from now on, and those of before that tell which cards rest on the readers now.
    #[must_use]
    pub fn follow(&self) -> (Vec<Event>, broadcast::Receiver<Event>) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.resting.values().flatten().cloned().collect(), inner.events.subscribe())
    }

    /// Under one lock, so that whoever comes at this moment is told once.
    pub(crate) fn publish(&self, event: Event) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.kind {
            EventKind::Presented(_) | EventKind::Resumed(_) => {
                inner.resting.insert(event.reader.clone(), vec![event.clone()]);
            }
            EventKind::Confirmed(_) => {
                if let Some(card) = inner.resting.get_mut(&event.reader) {
                    card.push(event.clone());
                }
            }
            EventKind::Removed(_) | EventKind::Detached => {
                inner.resting.remove(&event.reader);
            }
            _ => {}
        }
        // No listener is no fault: `Err` only says that nobody is subscribed.
        let _ = inner.events.send(event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kazasu_hal::{Card, StationName};

    use super::*;

    #[test]
    fn who_comes_late_is_told_what_rests_and_everything_once() {
        let card = Card::iso14443a(&[4, 0xC0, 0xFF, 0xEE, 0, 0, 1], None, None).unwrap();
        let event = |reader: &str, kind| Event {
            time: SystemTime::UNIX_EPOCH,
            reader: ReaderName(reader.to_owned()),
            station: StationName("s".to_owned()),
            kind,
        };
        let presented = event("a", EventKind::Presented(card.clone()));
        let confirmed = event("a", EventKind::Confirmed(card.clone()));
        let other = event("b", EventKind::Resumed(card.clone()));
        let removed = event("a", EventKind::Removed(card.clone()));
        let several = event("b", EventKind::Multiple(Vec::new()));
        let gone = event("b", EventKind::Detached);
        let rows = [
            (presented.clone(), vec![&presented]),
            (confirmed.clone(), vec![&presented, &confirmed]),
            (other.clone(), vec![&presented, &confirmed, &other]),
            // One card of several stays the presented one.
            (several, vec![&presented, &confirmed, &other]),
            (removed.clone(), vec![&other]),
            (gone.clone(), vec![]),
            // A card that was never presented does not rest.
            (confirmed.clone(), vec![]),
        ];
        let events = Events::new();
        let (_, mut first) = events.follow();
        for (event, expected) in rows {
            events.publish(event.clone());
            let (resting, mut late) = events.follow();
            assert_eq!(resting.iter().collect::<Vec<_>>(), expected, "{event:?}");
            assert!(late.try_recv().is_err(), "told twice: {event:?}");
            assert_eq!(first.try_recv().ok(), Some(event));
        }
    }
}
