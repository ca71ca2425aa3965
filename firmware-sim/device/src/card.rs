use kazasu_wire::{
    Raw,
    felica::{Idm, Pmm, Polling, PollingAnswer, Rate, Request},
    iso14443a::{Atqa, Sak, Uid},
    iso14443b::{Atqb, Pupi},
};

use crate::felica::Memory;

/// A virtual card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Card {
    /// FeliCa.
    Felica(FelicaCard),
    /// ISO/IEC 14443 type A.
    TypeA(TypeACard),
    /// ISO/IEC 14443 type B.
    TypeB(TypeBCard),
}

/// At which rates a FeliCa card answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// 212 kbit/s.
    R212,
    /// 424 kbit/s.
    R424,
    /// Both.
    Both,
}

impl Rates {
    pub(crate) fn has(self, rate: Rate) -> bool {
        matches!(
            (self, rate),
            (Self::Both, _) | (Self::R212, Rate::R212) | (Self::R424, Rate::R424)
        )
    }
}

/// A FeliCa card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FelicaCard {
    /// The IDm of system 0. That of system n has a high nibble that is n greater.
    pub idm: Idm,
    /// Manufacture parameters.
    pub pmm: Pmm,
    /// System codes in the order of their numbers, at most 16. The card answers a polling as the
    /// first one that matches.
    pub systems: Vec<u16>,
    /// At which rates it answers.
    pub rates: Rates,
    /// What can be read and written.
    pub memory: Memory,
}

impl FelicaCard {
    /// IC type 20, an ordinary plastic card.
    pub const PMM: Pmm = Pmm([0x01, 0x20, 0x22, 0x04, 0x27, 0x67, 0x4E, 0xFF]);
    /// The common area, which cards of many issuers have.
    pub const SYSTEM: u16 = 0xFE00;

    /// The IDm of a system, by its number. A Lite-S has one, whatever system it was asked for.
    pub(crate) fn idm_of(&self, system: u8) -> Idm {
        let mut idm = self.idm;
        if matches!(self.memory, Memory::LiteS(_)) {
            return idm;
        }
        let [first, ..] = &mut idm.0;
        *first = first.wrapping_add(system << 4);
        idm
    }

    /// What it answers to this polling, and the number of the system that answers; `None` where it
    /// stays silent.
    pub(crate) fn answer(&self, rate: Rate, polling: &Polling) -> Option<(u8, PollingAnswer)> {
        let matches = |code: u16| {
            let pairs = polling.system.to_be_bytes().into_iter().zip(code.to_be_bytes());
            pairs.into_iter().all(|(asked, own)| asked == 0xFF || asked == own)
        };
        let also = match &self.memory {
            Memory::LiteS(memory) => memory.ndef_system(),
            Memory::Standard(_) => None,
        };
        let own =
            (0..16_u8).zip(self.systems.iter().copied()).chain(also.map(|system| (0, system)));
        let (number, system) = own.into_iter().find(|(_, system)| matches(*system))?;
        if !self.rates.has(rate) {
            return None;
        }
        let request_data = match polling.request {
            Request::SystemCode => Some(system.to_be_bytes()),
            Request::Performance => Some([
                0,
                match self.rates {
                    Rates::R212 => 0x01,
                    Rates::R424 => 0x02,
                    // Both, detected automatically.
                    Rates::Both => 0x83,
                },
            ]),
            Request::None | Request::Other(_) => None,
        };
        let idm = self.idm_of(number);
        Some((number, PollingAnswer { idm, pmm: self.pmm, request_data }))
    }
}

/// Where a type A card has its UID from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeAUid {
    /// Printed in.
    Fixed(Uid),
    /// 08 and three bytes drawn anew whenever the card is put.
    Random,
    /// The same, drawn anew whenever it gets power, as phones do.
    Anew,
}

/// A type A card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeACard {
    /// UID.
    pub uid: TypeAUid,
    /// ATQA.
    pub atqa: Atqa,
    /// SAK of the last cascade level.
    pub sak: Sak,
    /// ATS with its length byte, for cards that speak ISO/IEC 14443-4.
    pub ats: Option<Raw>,
}

impl TypeACard {
    /// The ATS of a card that was put without one: frames of 256 bytes, no historical bytes.
    pub const ATS: [u8; 5] = [0x05, 0x78, 0x80, 0x70, 0x02];
}

/// A type B card that speaks ISO/IEC 14443-4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeBCard {
    /// PUPI. Real cards mostly draw it anew at each activation.
    pub pupi: Pupi,
    /// Application data; the first byte is the application family.
    pub application_data: [u8; 4],
    /// Rates; frame size and protocol; waiting time and options.
    pub protocol_info: [u8; 3],
}

impl TypeBCard {
    /// 106 kbit/s alone, frames of 256 bytes, ISO/IEC 14443-4, 77 ms waiting time.
    pub const PROTOCOL_INFO: [u8; 3] = [0x00, 0x81, 0x81];

    /// Its answer to a request.
    #[must_use]
    pub fn atqb(&self) -> Atqb {
        Atqb {
            pupi: self.pupi,
            application_data: self.application_data,
            protocol_info: self.protocol_info,
            extended: None,
        }
    }
}
