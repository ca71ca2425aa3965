use alloc::{string::String, string::ToString, vec::Vec};
use core::time::Duration;

use kazasu_hal::{Card, SystemCode};
use kazasu_wire::{
    DecodeError, Raw,
    felica::{Polling, PollingAnswer, Rate, Request, Slots},
    iso14443b::{Atqb, Command},
};

use super::Hint;
use crate::radio::{Call, Framing, Heard};

/// After so many calls in a row that nobody answered, no FeliCa card is there: each would have met
/// another one in the same slot again and again.
const SILENT_MAX: u8 = 2;

/// Cards that draw a time slot for their answer: FeliCa and type B.
///
/// The chip hands over one answer of a call. With one slot, cards destroy each other's answer, so a
/// card that is read is alone. Where that fails and there is a reason to, they are called with
/// several slots, until two have been read. One of several that was read by chance is not told: it
/// would look like the only one.
#[derive(Debug)]
pub(crate) struct Slotted {
    kind: Kind,
    hint: Hint,
    phase: Phase,
    /// Calls with several slots so far, and those of them, in a row, that nobody answered.
    calls: u8,
    silent: u8,
    pub(super) garbled: bool,
    pub(super) complaint: Option<String>,
    pub(super) found: Vec<Card>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// One slot.
    Narrow,
    /// Several.
    Wide,
    /// One slot again, for who has just been found.
    Alone,
    Done,
}

/// Which cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    TypeB,
    Felica(Rate),
}

/// A polling by the wildcard or for one system.
pub(crate) fn polling(rate: Rate, system: u16, slots: Slots) -> Call {
    // The first slot begins 2.4 ms behind the polling, each takes 1.2 ms, an answer 1.2 ms.
    let within = Duration::from_millis(4)
        .saturating_add(Duration::from_micros(1250).saturating_mul(slots.count().into()));
    let message = Polling { system, request: Request::SystemCode, slots }.encode();
    Call { framing: Framing::Felica(rate), within, message: Raw::from(&message[..]) }
}

/// WUPB rather than REQB: it also wakes cards that another reader's host put to rest.
fn wake_up_b(slots: Slots) -> Call {
    let wake_up = Command::Request { afi: 0, wake_up: true, extended: false, slots };
    Call {
        framing: Framing::TypeB,
        // An ATQB begins within 0.6 ms and takes 1.4 ms.
        within: Duration::from_millis(5),
        message: wake_up.encode().unwrap_or_default().into(),
    }
}

impl Kind {
    /// How often cards are called with several slots before that is enough: two of them then stay
    /// unread, or one of them does, once in fifty times.
    fn calls_max(self) -> u8 {
        match self {
            Self::TypeB => 16,
            Self::Felica(_) => 12,
        }
    }

    /// Of type B cards, two may well be silent: both chose the slot that is not heard.
    fn silent_max(self) -> u8 {
        match self {
            Self::TypeB => self.calls_max(),
            Self::Felica(_) => SILENT_MAX,
        }
    }

    fn call(self, wide: bool) -> Call {
        match (self, wide) {
            // Only the first slot is heard, so a card is in it every second time.
            (Self::TypeB, true) => wake_up_b(Slots::Two),
            (Self::TypeB, false) => wake_up_b(Slots::One),
            (Self::Felica(rate), true) => polling(rate, SystemCode::ANY.0, Slots::Four),
            (Self::Felica(rate), false) => polling(rate, SystemCode::ANY.0, Slots::One),
        }
    }

    /// # Errors
    /// What is wrong with the answer, or with the identifier in it, in words.
    fn card(self, message: &[u8]) -> Result<Card, String> {
        let wrong = |error: DecodeError| error.to_string();
        let card = match self {
            Self::TypeB => Card::iso14443b(&Atqb::decode(message).map_err(wrong)?.pupi.0),
            Self::Felica(_) => {
                let answer = PollingAnswer::decode(message).map_err(wrong)?;
                let system = answer.request_data.map(|data| SystemCode(u16::from_be_bytes(data)));
                Card::felica(&answer.idm.0, SystemCode::ANY, Some(answer.pmm.0), system)
            }
        };
        card.map_err(|error| error.to_string())
    }
}

impl Slotted {
    pub(crate) fn new(kind: Kind, hint: Hint) -> Self {
        Self {
            kind,
            hint,
            phase: Phase::Narrow,
            calls: 0,
            silent: 0,
            garbled: false,
            complaint: None,
            found: Vec::new(),
        }
    }

    pub(super) fn call(&self) -> Option<Call> {
        (self.phase != Phase::Done).then(|| self.kind.call(self.phase == Phase::Wide))
    }

    pub(super) fn heard(&mut self, heard: &Heard) {
        let read = match heard {
            Heard::Answer(message) => match self.kind.card(message) {
                Ok(card) => Some(card),
                Err(error) => {
                    self.complaint = Some(error);
                    None
                }
            },
            _ => None,
        };
        self.garbled |= *heard == Heard::Garbled;
        let silent = *heard == Heard::Nothing;
        let is_read = read.is_some();
        let news = read.filter(|card| !self.found.contains(card));
        let is_news = news.is_some();
        self.found.extend(news);
        self.phase = match self.phase {
            _ if matches!(heard, Heard::Failed(_)) => Phase::Done,
            Phase::Narrow if is_read || silent && self.hint == Hint::Nobody => Phase::Done,
            Phase::Alone if is_read => Phase::Done,
            Phase::Narrow | Phase::Alone => Phase::Wide,
            Phase::Wide => self.called_wide(silent, is_news),
            Phase::Done => Phase::Done,
        };
    }

    fn called_wide(&mut self, silent: bool, is_news: bool) -> Phase {
        self.calls = self.calls.saturating_add(1);
        self.silent = if silent { self.silent.saturating_add(1) } else { 0 };
        let nobody = self.found.is_empty() && !self.garbled && self.hint == Hint::Perhaps;
        let over = self.found.len() > 1
            || self.calls >= self.kind.calls_max()
            || silent && (nobody || self.silent >= self.kind.silent_max());
        if over && self.found.len() == 1 && self.hint != Hint::Somebody {
            self.found.clear();
            self.garbled = true;
        }
        match (over, is_news && self.hint != Hint::Somebody) {
            (true, _) => Phase::Done,
            (false, true) => Phase::Alone,
            (false, false) => Phase::Wide,
        }
    }
}

#[cfg(test)]
mod tests {
    use kazasu_wire::port100::CommStatus;

    use super::*;

    fn felica(last: u8) -> Heard {
        let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, last];
        Heard::Answer([&[18, 1][..], &idm, &[0x01, 0x20, 0, 0, 0, 0, 0, 0]].concat().into())
    }

    fn type_b(last: u8) -> Heard {
        let pupi = [0x5A, 0xB1, 0xB2, last];
        Heard::Answer([&[0x50][..], &pupi, &[0; 4], &[0, 0x81, 0x81]].concat().into())
    }

    #[test]
    fn cards_are_called_as_often_as_there_is_a_reason() {
        use Heard::{Garbled, Nothing};
        const F: Kind = Kind::Felica(Rate::R212);
        const B: Kind = Kind::TypeB;
        let nonsense = || Heard::Answer(Raw::from(&[1, 2, 3][..]));
        // What is heard, call after call (the last again and again); how often there is a call, and
        // how many cards are found.
        type Row = (&'static str, Kind, Hint, Vec<Heard>, usize, usize);
        let rows: Vec<Row> = vec![
            ("nobody", F, Hint::Nobody, vec![Nothing], 1, 0),
            ("nobody, looked again", F, Hint::Perhaps, vec![Nothing], 2, 0),
            ("nobody any more", F, Hint::Somebody, vec![Nothing], 3, 0),
            ("one", F, Hint::Nobody, vec![felica(1)], 1, 1),
            ("one where there were two", F, Hint::Somebody, vec![felica(1)], 1, 1),
            ("one that came late", F, Hint::Perhaps, vec![Nothing, felica(1)], 3, 1),
            (
                "two that destroy each other",
                F,
                Hint::Nobody,
                vec![Garbled, felica(1), Garbled, felica(2)],
                4,
                2,
            ),
            ("two known", F, Hint::Somebody, vec![Nothing, felica(1), felica(2)], 3, 2),
            ("one of two known", F, Hint::Somebody, vec![Nothing, felica(1)], 13, 1),
            (
                "two, never apart",
                F,
                Hint::Perhaps,
                vec![Nothing, felica(1), Nothing, felica(1), Nothing],
                6,
                0,
            ),
            ("garbled for ever", F, Hint::Nobody, vec![Garbled], 13, 0),
            ("one at the edge", F, Hint::Nobody, vec![Garbled, felica(1)], 3, 1),
            ("nonsense", F, Hint::Nobody, vec![nonsense()], 13, 0),
            ("too hot", F, Hint::Somebody, vec![Heard::Failed(CommStatus::TEMPERATURE)], 1, 0),
            ("one of type B", B, Hint::Nobody, vec![type_b(1)], 1, 1),
            (
                "two of type B",
                B,
                Hint::Nobody,
                vec![Garbled, Nothing, type_b(1), Garbled, Nothing, type_b(2)],
                6,
                2,
            ),
            ("no type B", B, Hint::Nobody, vec![Nothing], 1, 0),
            ("no type B, looked again", B, Hint::Perhaps, vec![Nothing], 2, 0),
            ("no type B any more", B, Hint::Somebody, vec![Nothing], 17, 0),
        ];
        for (name, kind, hint, says, calls, found) in rows {
            let mut search = Slotted::new(kind, hint);
            let mut count = 0;
            while let Some(call) = search.call() {
                assert_eq!(call.framing, kind.call(false).framing, "{name}");
                search.heard(says.get(count).or(says.last()).unwrap());
                count += 1;
            }
            assert_eq!((count, search.found.len()), (calls, found), "{name}");
            assert_eq!(search.complaint.is_some(), name == "nonsense", "{name}");
        }
    }
}
