use alloc::{collections::VecDeque, string::String, string::ToString, vec::Vec};
use core::{mem, time::Duration};

use kazasu_hal::Card;
use kazasu_wire::{
    Raw,
    iso14443a::{Atqa, Command, Level, Sak, Uid, bcc, decode_level},
};

use crate::radio::{Call, Framing, Heard};

/// Whoever answers does so after 91 microseconds and takes 0.5 ms.
const ANSWER_WITHIN: Duration = Duration::from_millis(2);
/// Silence is how a card agrees to HLTA.
const HALT_WITHIN: Duration = Duration::from_millis(1);
/// More cards than this are not told one by one.
const CARDS_MAX: usize = 3;
/// Levels of the longest UID.
const LEVELS: usize = 3;

/// Type A cards: request, anticollision and selection, level by level; then the card is put to rest
/// and the request goes to those that are left.
///
/// ```text
/// WUPA -> anticollision -> SELECT -> HLTA -> REQA -> nobody
///              ^            |          |       |
///              +- next level+          |       +-> anticollision ...
/// ```
/// WUPA wakes whom the round before put to rest. How the chip tells bits of an answer in which two
/// cards collided is not published, so two that were never seen one by one cannot be told apart;
/// but one that is known is selected by its UID, and then the other one is alone.
#[derive(Debug)]
pub(crate) struct TypeA {
    step: Step,
    /// Those of the round before.
    known: Vec<Uid>,
    atqa: Option<Atqa>,
    seen: Vec<Uid>,
    pub(super) garbled: bool,
    pub(super) complaint: Option<String>,
    pub(super) found: Vec<Card>,
}

#[derive(Debug)]
enum Step {
    Wake {
        /// A card that was left in the middle of a selection takes the first request for a mistake
        /// and answers the second.
        again: bool,
    },
    Request,
    Anticollision {
        levels: Vec<[u8; 4]>,
    },
    Select {
        levels: Vec<[u8; 4]>,
        /// Where the UID is known.
        next: VecDeque<[u8; 4]>,
    },
    Halt,
    Done,
}

impl TypeA {
    /// `again`: somebody was there in the round before, known or not.
    pub(crate) fn new(known: Vec<Uid>, again: bool) -> Self {
        Self {
            step: Step::Wake { again },
            known,
            atqa: None,
            seen: Vec::new(),
            garbled: false,
            complaint: None,
            found: Vec::new(),
        }
    }

    pub(super) fn call(&self) -> Option<Call> {
        let (framing, within, command) = match &self.step {
            Step::Wake { .. } => (Framing::TypeAShort, ANSWER_WITHIN, Command::Wupa),
            Step::Request => (Framing::TypeAShort, ANSWER_WITHIN, Command::Reqa),
            Step::Anticollision { levels } => {
                // NVB 20: nothing is known of this level yet.
                let (level, nvb, bits) = (level(levels.len())?, 0x20, Raw::default());
                let command = Command::Anticollision { level, nvb, bits };
                (Framing::TypeABytes, ANSWER_WITHIN, command)
            }
            Step::Select { levels, .. } => {
                let uid = *levels.last()?;
                let level = level(levels.len().saturating_sub(1))?;
                let command = Command::Select { level, uid, bcc: bcc(uid) };
                (Framing::TypeAChecked, ANSWER_WITHIN, command)
            }
            Step::Halt => (Framing::TypeAChecked, HALT_WITHIN, Command::Halt),
            Step::Done => return None,
        };
        let message = Raw::from(command.encode()?);
        Some(Call { framing, within, message })
    }

    pub(super) fn heard(&mut self, heard: &Heard) {
        if matches!(heard, Heard::Failed(_)) {
            self.step = Step::Done;
            return;
        }
        self.garbled |= *heard == Heard::Garbled;
        self.step = match (mem::replace(&mut self.step, Step::Done), heard) {
            (Step::Wake { again: true }, Heard::Nothing) => Step::Wake { again: false },
            (Step::Wake { .. } | Step::Request, Heard::Answer(message)) => {
                self.atqa = match message[..] {
                    [low, high] => Some(Atqa(u16::from_le_bytes([low, high]))),
                    _ => None,
                };
                Step::Anticollision { levels: Vec::new() }
            }
            // Cards of different kinds answer one request differently.
            (Step::Wake { .. } | Step::Request, Heard::Garbled) => {
                self.atqa = None;
                Step::Anticollision { levels: Vec::new() }
            }
            (Step::Anticollision { mut levels }, Heard::Answer(message)) => {
                match decode_level(message) {
                    Ok(level) => {
                        levels.push(level);
                        Step::Select { levels, next: VecDeque::new() }
                    }
                    Err(_) => self.collided(levels),
                }
            }
            (Step::Anticollision { levels }, Heard::Garbled) => self.collided(levels),
            (Step::Select { levels, next }, Heard::Answer(message)) => match message[..] {
                [sak] => self.selected(levels, next, Sak(sak)),
                _ => Step::Done,
            },
            // Silence is assent.
            (Step::Halt, _) if self.found.len() < CARDS_MAX => Step::Request,
            _ => Step::Done,
        };
    }

    /// Several answered that are alike so far: one that is known can be picked out.
    fn collided(&mut self, mut levels: Vec<[u8; 4]>) -> Step {
        self.garbled = true;
        let known = self.known.iter().filter(|uid| !self.seen.contains(uid)).map(Uid::levels);
        let rest = |uid: Vec<[u8; 4]>| uid.strip_prefix(&levels[..]).map(<[_]>::to_vec);
        let mut next = known.filter_map(rest).next().map(VecDeque::from).unwrap_or_default();
        match next.pop_front() {
            Some(level) => {
                levels.push(level);
                Step::Select { levels, next }
            }
            None => Step::Done,
        }
    }

    fn selected(
        &mut self,
        mut levels: Vec<[u8; 4]>,
        mut next: VecDeque<[u8; 4]>,
        sak: Sak,
    ) -> Step {
        match (sak.is_cascade(), next.pop_front()) {
            (true, Some(level)) => {
                levels.push(level);
                Step::Select { levels, next }
            }
            (true, None) if levels.len() < LEVELS => Step::Anticollision { levels },
            (false, None) => {
                match Uid::from_levels(&levels) {
                    // Cards with the same UID cannot be told apart, and one that does not go to
                    // rest would be found for ever.
                    Ok(uid) if self.seen.contains(&uid) => return Step::Done,
                    Ok(uid) => {
                        self.seen.push(uid);
                        let atqa = self.atqa.map(|atqa| atqa.0);
                        match Card::iso14443a(uid.as_bytes(), atqa, Some(sak.0)) {
                            Ok(card) => self.found.push(card),
                            Err(error) => self.complaint = Some(error.to_string()),
                        }
                    }
                    Err(error) => self.complaint = Some(error.to_string()),
                }
                Step::Halt
            }
            _ => Step::Done,
        }
    }
}

fn level(index: usize) -> Option<Level> {
    [Level::One, Level::Two, Level::Three].get(index).copied()
}
