//! What the chip finds before its antenna.

use std::time::Duration;

use kazasu_wire::{
    DecodeError,
    felica::{self, Polling, PollingAnswer, Rate, Request, SYSTEM_ANY, Slots},
    iso14443a::{self, Uid},
    iso14443b,
    pn532::{FelicaTarget, Initiator, Status, StatusCode, Target, TypeATarget, TypeBTarget},
};

use super::{Pn532, registers::Framing};
use crate::{air, field::Heard};

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
            Target::TypeB(target) => Some(target.tg),
            Target::Jewel(_) | Target::Peer(_) => None,
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
        let max = max_tg.min(TARGETS_MAX);
        let (found, takes) = match initiator {
            Initiator::TypeA { uid } => (self.look_type_a(*uid, max), air::ISO14443),
            Initiator::TypeB { afi, .. } => (self.look_type_b(*afi, max), air::ISO14443),
            Initiator::Felica { rate, polling } => self.look_felica(*rate, polling, max),
            Initiator::Jewel => (Vec::new(), air::ISO14443),
        };
        (found, takes.saturating_add(guard))
    }

    fn look_type_a(&mut self, uid: Option<Uid>, max: usize) -> Vec<Found> {
        self.registers.set_framing(Framing::TypeA);
        let hits = self.field.select_type_a(uid, max, self.settings.auto_rats);
        if hits.is_empty() {
            self.registers.nothing_answered_reqa();
        }
        targets(hits, |tg, hit| Found {
            card: hit.number,
            target: Target::TypeA(TypeATarget {
                tg,
                sens_res: hit.atqa,
                sel_res: hit.sak,
                nfcid: hit.uid,
                ats: hit.ats,
            }),
            framing: Framing::TypeA,
        })
    }

    fn look_type_b(&mut self, afi: u8, max: usize) -> Vec<Found> {
        self.registers.set_framing(Framing::TypeB);
        targets(self.field.select_type_b(afi, max), |tg, hit| {
            let mut atqb = [0; 12];
            atqb.iter_mut().zip(hit.atqb.encode()).for_each(|(place, byte)| *place = byte);
            let attrib_res = hit.attrib.encode().unwrap_or_default().into();
            let target = Target::TypeB(TypeBTarget { tg, atqb, attrib_res });
            Found { card: hit.number, target, framing: Framing::TypeB }
        })
    }

    fn look_felica(&mut self, rate: Rate, polling: &Polling, max: usize) -> (Vec<Found>, Duration) {
        let framing = Framing::Felica(rate);
        self.registers.set_framing(framing);
        let mut hits = self.field.poll_felica(rate, polling);
        hits.truncate(max);
        let end = |(slot, answer): (u8, &PollingAnswer)| {
            air::polling_hit(rate, slot, answer.encode().len())
        };
        let last = hits.last().map(|hit| end((hit.slot, &hit.answer))).unwrap_or_default();
        // With room for more cards, the chip listens to the end of the last slot.
        let full = hits.len() == max;
        let all_slots = air::polling_miss(rate, polling.slots.count());
        let takes = if full { last } else { last.max(all_slots) };
        let found = targets(hits, |tg, hit| {
            let PollingAnswer { idm, pmm, request_data } = hit.answer;
            let target = Target::Felica(FelicaTarget { tg, idm, pmm, request_data });
            Found { card: hit.number, target, framing }
        });
        (found, takes)
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
            _ => return (Vec::new(), air::ISO14443),
        };
        let (found, takes) = self.look(&initiator, TARGETS_MAX);
        let special = |found: Found| {
            let special = match &found.target {
                Target::TypeA(target) if target.sel_res.is_iso_dep() => 0x20,
                Target::TypeA(_) => 0x10,
                Target::TypeB(_) => 0x23,
                // A generic kind is answered as the special one.
                _ => kind | 0x10,
            };
            (special, found)
        };
        let fits = |(special, _): &(u8, Found)| kind & 0xF0 == 0 || kind == *special;
        (found.into_iter().map(special).filter(fits).collect(), takes)
    }

    /// InDataExchange: talks to a target in its own protocol.
    pub(super) fn talk(&mut self, found: &Found, data: &[u8]) -> Exchange {
        if let Framing::Felica(rate) = found.framing {
            return self.exchange_felica(rate, Some(found.card), data);
        }
        self.field.wake(found.card);
        let answer =
            if self.settings.field_on { self.field.tell_card(found.card, data) } else { None };
        self.iso14443(data, answer)
    }

    /// InCommunicateThru: sends bytes as they are, in the framing that the registers ask for.
    pub(super) fn pass_through(&mut self, data: &[u8]) -> Exchange {
        let framing = self.registers.framing();
        let (strip, crc): (Strip, Crc) = match framing {
            Framing::Felica(rate) => return self.exchange_felica(rate, None, data),
            Framing::TypeA => (iso14443a::strip_crc_a, iso14443a::crc_a),
            Framing::TypeB => (iso14443b::strip_crc_b, iso14443b::crc_b),
            Framing::Other => return self.silence(),
        };
        let sent = if self.registers.adds_crc() { Ok(data) } else { strip(data) };
        let answer = match sent {
            Ok(frame) if self.settings.field_on => match framing {
                Framing::TypeA => self.field.hear_type_a(frame),
                _ => match self.field.hear_type_b(frame) {
                    Heard::Answer { bytes, .. } => Some(bytes),
                    Heard::Silence | Heard::Garbled => None,
                },
            },
            _ => None,
        };
        let answer = answer.map(|mut answer| {
            if !self.registers.checks_crc() {
                answer.extend(crc(&answer));
            }
            answer
        });
        self.iso14443(data, answer)
    }

    fn iso14443(&self, sent: &[u8], answer: Option<Vec<u8>>) -> Exchange {
        match answer {
            Some(data) => {
                let takes = air::iso14443(sent.len(), data.len());
                Exchange { status: Status::OK, data, takes: Some(takes) }
            }
            None => self.silence(),
        }
    }

    fn exchange_felica(&mut self, rate: Rate, only: Option<u32>, data: &[u8]) -> Exchange {
        if !self.settings.field_on {
            return self.silence();
        }
        let answer = match felica::Command::decode(data) {
            Ok(felica::Command::Polling(polling)) => {
                let hits = self.field.poll_felica(rate, &polling);
                let hit = hits.into_iter().find(|hit| only.is_none_or(|card| card == hit.number));
                hit.map(|hit| {
                    let data = hit.answer.encode();
                    let takes = air::polling_hit(rate, hit.slot, data.len());
                    (data, takes)
                })
            }
            Ok(command) => {
                let answer = self.field.ask_felica(rate, &command).and_then(|a| a.encode());
                answer.map(|answer| {
                    let takes = air::felica(rate, data.len(), answer.len());
                    (answer, takes)
                })
            }
            Err(_) => None,
        };
        match answer {
            Some((data, takes)) => Exchange { status: Status::OK, data, takes: Some(takes) },
            None => self.silence(),
        }
    }

    /// Nobody answered.
    fn silence(&self) -> Exchange {
        let (status, data) = (StatusCode::Timeout.into(), Vec::new());
        Exchange { status, data, takes: self.settings.exchange_time }
    }
}

/// What came of an exchange; `takes` is `None` where the chip waits for ever.
pub(super) struct Exchange {
    pub(super) status: Status,
    pub(super) data: Vec<u8>,
    pub(super) takes: Option<Duration>,
}

type Crc = fn(&[u8]) -> [u8; 2];
type Strip = for<'a> fn(&'a [u8]) -> Result<&'a [u8], DecodeError>;

/// How many targets a PN532 can hold.
pub(super) const TARGETS_MAX: usize = 2;

fn targets<T>(hits: Vec<T>, target: impl Fn(u8, T) -> Found) -> Vec<Found> {
    (1..).zip(hits).map(|(tg, hit)| target(tg, hit)).collect()
}
