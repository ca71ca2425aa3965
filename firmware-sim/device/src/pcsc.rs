use kazasu_wire::{
    apdu::{Command, GetData, Response, StatusWord},
    atr::Atr,
    iso14443a::Ats,
};

use crate::{
    card::Card,
    field::{Field, Seed, TypeAHit},
};

/// In the answer to ATTRIB: no buffer size is told.
const MBLI_TYPE_B: u8 = 0;

/// A contactless PC/SC reader with a card on it, seen through the card slot that it pretends to
/// have: an ATR made up by the reader, and pseudo-APDUs that the reader answers itself.
#[derive(Clone, Debug)]
pub struct PcscCard {
    field: Field,
}

impl PcscCard {
    /// An empty reader; it takes one card.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { field: Field::new(seed, 1) }
    }

    /// The card on the reader.
    pub fn field(&mut self) -> &mut Field {
        &mut self.field
    }

    /// The ATR: that of a FeliCa or type A storage card in the words of PC/SC part 3, or the
    /// historical bytes of an ISO/IEC 14443-4 card's ATS. `None` without a card.
    #[must_use]
    pub fn atr(&self) -> Option<Vec<u8>> {
        let atr = match self.field.first()? {
            Card::Felica(_) => Atr::felica(),
            Card::TypeB(card) => {
                Atr::iso_dep_b(card.application_data, card.protocol_info, MBLI_TYPE_B)
            }
            Card::TypeA(_) => match self.type_a()? {
                TypeAHit { ats: Some(ats), .. } => {
                    Atr::iso_dep_a(&Ats::decode(&ats).ok()?.historical)
                }
                TypeAHit { sak, .. } => Atr::type_a_storage(sak.0),
            },
        };
        Some(atr.encode())
    }

    /// Answers an APDU. Only `GET DATA` is known: nothing behind it is simulated.
    #[must_use]
    pub fn transmit(&self, apdu: &[u8]) -> Vec<u8> {
        self.respond(apdu).encode()
    }

    fn respond(&self, apdu: &[u8]) -> Response {
        let Ok(command) = Command::decode(apdu) else {
            return Response::status(StatusWord::LENGTH);
        };
        let Some(which) = command.get_data() else {
            let other_data = (command.cla, command.ins) == (0xFF, 0xCA);
            return Response::status(if other_data {
                StatusWord::UNSUPPORTED
            } else {
                StatusWord::INSTRUCTION
            });
        };
        match (self.data(which), command.le) {
            (None, _) => Response::status(StatusWord::UNSUPPORTED),
            (Some(data), None | Some(0)) => Response::data(&data),
            (Some(data), Some(le)) => match (u8::try_from(data.len()), usize::from(le)) {
                (_, le) if le == data.len() => Response::data(&data),
                // 6C: that many bytes are there.
                (Ok(len), le) if le < data.len() => {
                    Response::status(StatusWord(u16::from_be_bytes([0x6C, len])))
                }
                // 6282: fewer bytes are there than wanted.
                _ => Response { data: data.into(), status: StatusWord(0x6282) },
            },
        }
    }

    fn data(&self, which: GetData) -> Option<Vec<u8>> {
        match (self.field.first()?, which) {
            (Card::Felica(card), GetData::Uid) => Some(card.idm.0.to_vec()),
            (Card::Felica(card), GetData::Historical) => Some(card.pmm.0.to_vec()),
            (Card::TypeB(card), GetData::Uid) => Some(card.pupi.0.to_vec()),
            // Only the ATS of a type A card has such bytes.
            (Card::TypeB(_), GetData::Historical) => None,
            (Card::TypeA(_), GetData::Uid) => Some(self.type_a()?.uid.as_bytes().to_vec()),
            (Card::TypeA(_), GetData::Historical) => {
                let ats = self.type_a()?.ats?;
                Some(Ats::decode(&ats).ok()?.historical.to_vec())
            }
        }
    }

    fn type_a(&self) -> Option<TypeAHit> {
        self.field.first_type_a()
    }
}
