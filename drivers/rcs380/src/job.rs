use alloc::{collections::VecDeque, format};
use core::time::Duration;

use kazasu_link::{Blocks, Reply};
use kazasu_wire::felica::{PollingAnswer, Rate, Slots};

use crate::{
    cause,
    radio::{Call, Framing, Heard},
    search::polling,
};

/// Where a card is looked for before it counts as not there: one that answers in a slot of its own
/// is found at once, one of several in the second half.
const LOOKS: [(Rate, Slots, usize); 4] = [
    (Rate::R212, Slots::One, 1),
    (Rate::R424, Slots::One, 1),
    (Rate::R212, Slots::Four, 8),
    (Rate::R424, Slots::Four, 8),
];
/// How long a card may think about blocks. Writing one takes a Lite-S card 20 ms.
const BLOCKS_WITHIN: Duration = Duration::from_millis(150);

/// A request on its way: the card is selected anew, then asked.
#[derive(Debug)]
pub(crate) struct Job {
    blocks: Blocks,
    looks: VecDeque<(Rate, Slots)>,
    /// At which rate the card was found.
    found: Option<Rate>,
}

impl Job {
    pub(crate) fn new(blocks: Blocks) -> Self {
        let mut job = Self { blocks, looks: VecDeque::new(), found: None };
        job.restart();
        job
    }

    /// From the beginning: what was said is lost.
    pub(crate) fn restart(&mut self) {
        let looks = LOOKS
            .iter()
            .flat_map(|(rate, slots, times)| core::iter::repeat_n((*rate, *slots), *times));
        self.looks = looks.collect();
        self.found = None;
    }

    /// What to say next; `None` where it was looked for everywhere.
    pub(crate) fn call(&self) -> Option<Call> {
        if let Some(rate) = self.found {
            let (framing, message) = (Framing::Felica(rate), self.blocks.message().clone());
            return Some(Call { framing, within: BLOCKS_WITHIN, message });
        }
        let (rate, slots) = self.looks.front()?;
        Some(polling(*rate, self.blocks.system(), *slots))
    }

    /// Takes what came of it. Gives the outcome once there is one.
    pub(crate) fn heard(&mut self, heard: &Heard) -> Option<Reply> {
        if self.found.is_some() {
            return Some(match heard {
                Heard::Answer(data) => self.blocks.outcome(data),
                Heard::Nothing => Err(Blocks::failed(cause::card_silent())),
                Heard::Garbled => Err(Blocks::failed(cause::card_garbled())),
                Heard::Failed(status) => Err(Blocks::failed(cause::unsent(format!("{status:?}")))),
            });
        }
        let (rate, _) = self.looks.pop_front()?;
        match heard {
            Heard::Answer(data)
                if PollingAnswer::decode(data)
                    .is_ok_and(|answer| answer.idm == self.blocks.idm()) =>
            {
                self.found = Some(rate);
                None
            }
            _ if self.looks.is_empty() => Some(Err(Blocks::gone())),
            _ => None,
        }
    }
}
