//! What the chip finds before its antenna.

use std::time::Duration;

use kazasu_wire::{
    felica::{Polling, PollingAnswer, Request, SYSTEM_ANY, Slots},
    pn532::{FelicaTarget, Initiator, Rate, Status, StatusCode, Target, TypeATarget},
};

use super::{Pn532, air, registers::Framing};

/// A card that was found, and what the host is told of it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The card's number in the field.
    pub(super) card: u32,
    pub(super) target: Target,
    pub(super) framing: Framing,
}

impl Found {
    pub(super) fn tg(&self) -> Option<u8> {
        match &self.target {
            Target::Felica(target) => Some(target.tg),
            Target::TypeA(target) => Some(target.tg),
            Target::TypeB(_) | Target::Jewel(_) | Target::Peer(_) => None,
        }
    }
}

impl Pn532 {
    /// Looks once. Says what was found and how long it takes.
    ///
    /// A chip that is told to look switches its field on by itself: Arduino libraries never ask for
    /// it.
    pub(super) fn look(&mut self, initiator: &Initiator, max_tg: usize) -> (Vec<Found>, Duration) {
        let guard = if self.settings.field_on { Duration::ZERO } else { air::FIELD_ON };
        self.settings.field_on = true;
        let (found, takes) = match initiator {
            Initiator::TypeA { uid } => {
                self.registers.set_framing(Framing::TypeA);
                let hits = self.field.select_type_a(*uid);
                if hits.is_empty() {
                    self.registers.nothing_answered_reqa();
                }
                let target = |(tg, hit): (u8, crate::field::TypeAHit)| Found {
                    card: hit.number,
                    target: Target::TypeA(TypeATarget {
                        tg,
                        sens_res: hit.atqa,
                        sel_res: hit.sak,
                        nfcid: hit.uid,
                        ats: hit.ats.filter(|_| self.settings.auto_rats),
                    }),
                    framing: Framing::TypeA,
                };
                (targets(hits, max_tg, target), air::TYPE_A)
            }
            Initiator::Felica { rate, polling } => self.look_felica(*rate, polling, max_tg),
            Initiator::TypeB { .. } | Initiator::Jewel => (Vec::new(), air::TYPE_A),
        };
        (found, takes.saturating_add(guard))
    }

    fn look_felica(
        &mut self,
        rate: Rate,
        polling: &Polling,
        max_tg: usize,
    ) -> (Vec<Found>, Duration) {
        let framing = Framing::Felica(rate);
        self.registers.set_framing(framing);
        let mut hits = self.field.poll_felica(rate, polling);
        hits.truncate(max_tg);
        let end = |(slot, answer): (u8, &PollingAnswer)| {
            air::polling_hit(rate, slot, answer.encode().len())
        };
        let last = hits.last().map(|hit| end((hit.slot, &hit.answer))).unwrap_or_default();
        // With room for more cards, the chip listens to the end of the last slot.
        let full = hits.len() == max_tg;
        let all_slots = air::polling_miss(rate, polling.slots.count());
        let takes = if full { last } else { last.max(all_slots) };
        let target = |(tg, hit): (u8, crate::field::FelicaHit)| {
            let PollingAnswer { idm, pmm, request_data } = hit.answer;
            let target = Target::Felica(FelicaTarget { tg, idm, pmm, request_data });
            Found { card: hit.number, target, framing }
        };
        (targets(hits, max_tg, target), takes)
    }

    /// Looks for one kind of InAutoPoll. Says as which kind a card was found, too.
    pub(super) fn look_kind(&mut self, kind: u8) -> (Vec<(u8, Found)>, Duration) {
        let felica = |rate| Initiator::Felica {
            rate,
            polling: Polling {
                system: SYSTEM_ANY,
                request: Request::SystemCode,
                slots: Slots::One,
            },
        };
        let initiator = match kind {
            0x00 | 0x10 | 0x20 => Initiator::TypeA { uid: None },
            0x01 | 0x11 => felica(Rate::R212),
            0x02 | 0x12 => felica(Rate::R424),
            0x03 | 0x23 => Initiator::TypeB { afi: 0, method: None },
            0x04 => Initiator::Jewel,
            // Peers (NFC-DEP) are not there.
            _ => return (Vec::new(), air::TYPE_A),
        };
        let (found, takes) = self.look(&initiator, TARGETS_MAX);
        let special = |found: Found| {
            let special = match &found.target {
                Target::TypeA(target) if target.sel_res.is_iso_dep() => 0x20,
                Target::TypeA(_) => 0x10,
                // A generic kind is answered as the special one.
                _ => kind | 0x10,
            };
            (special, found)
        };
        let fits = |(special, _): &(u8, Found)| kind & 0xF0 == 0 || kind == *special;
        (found.into_iter().map(special).filter(fits).collect(), takes)
    }

    /// Sends a card's own bytes and waits for its answer. FeliCa pollings are all that the virtual
    /// cards understand.
    pub(super) fn exchange(
        &mut self,
        framing: Framing,
        only: Option<u32>,
        data: &[u8],
    ) -> (Status, Vec<u8>, Option<Duration>) {
        let timeout = (StatusCode::Timeout.into(), Vec::new(), self.settings.exchange_time);
        let (Framing::Felica(rate), true, Ok(polling)) =
            (framing, self.settings.field_on, Polling::decode(data))
        else {
            return timeout;
        };
        let hit = self
            .field
            .poll_felica(rate, &polling)
            .into_iter()
            .find(|hit| only.is_none_or(|card| card == hit.number));
        match hit {
            Some(hit) => {
                let bytes = hit.answer.encode();
                let takes = air::polling_hit(rate, hit.slot, bytes.len());
                (Status::OK, bytes, Some(takes))
            }
            None => timeout,
        }
    }
}

/// How many targets a PN532 can hold.
pub(super) const TARGETS_MAX: usize = 2;

fn targets<T>(hits: Vec<T>, max_tg: usize, target: impl Fn((u8, T)) -> Found) -> Vec<Found> {
    (1..).zip(hits).take(max_tg.min(TARGETS_MAX)).map(target).collect()
}
