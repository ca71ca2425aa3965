use alloc::{format, string::String};
use core::fmt;

use crate::Impossible;

words! {
    /// How a card speaks.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Technology {
        /// FeliCa (JIS X 6319-4, NFC-F).
        Felica = "felica",
        /// ISO/IEC 14443 type A.
        Iso14443a = "iso14443a",
        /// ISO/IEC 14443 type B.
        Iso14443b = "iso14443b",
    }
}

impl fmt::Display for Technology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

words! {
    /// How far an identifier can be trusted to be the same at the next tap.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Stability {
        /// Printed into the card once; the same at each tap.
        Stable = "stable",
        /// Made anew by the card at each tap.
        Random = "random",
        /// The technology makes no promise.
        Unknown = "unknown",
    }
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A FeliCa system code, big-endian on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemCode(pub u16);

impl SystemCode {
    /// The wildcard: the card answers as its system 0. What every reader can poll, and so what
    /// an identity is taken under.
    pub const ANY: Self = Self(0xFFFF);
}

impl fmt::Display for SystemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// The identifier bytes of a card, in the order the card sends them: 4 to 10 bytes.
///
/// Its `Debug` shows the last byte only: identifiers are personal data and stay out of logs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardId {
    len: u8,
    bytes: [u8; Self::MAX],
}

impl CardId {
    /// The longest identifier, a triple-size type A UID.
    pub const MAX: usize = 10;

    fn new(raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        Some(Self { len: u8::try_from(raw.len()).ok()?, bytes })
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Upper-case hex of the raw bytes: the canonical text form, unmasked.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.as_bytes().iter().map(|b| format!("{b:02X}")).collect()
    }
}

impl fmt::Debug for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_bytes().last() {
            Some(last) => write!(f, "CardId(..{last:02X})"),
            None => f.write_str("CardId()"),
        }
    }
}

/// An identifier that no card of its technology has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCardId {
    /// Its length does not fit.
    #[error("a {technology} identifier of {len} bytes is not possible (allowed: {allowed})")]
    Length {
        /// The technology that was claimed.
        technology: Technology,
        /// Length in bytes.
        len: usize,
        /// The lengths the technology allows.
        allowed: &'static str,
    },
    /// No card has it, and many failing readers do.
    #[error("its {technology} identifier cannot be: {why}")]
    Impossible {
        /// The technology that was claimed.
        technology: Technology,
        /// What is wrong with it.
        why: Impossible,
    },
}

/// Who a card is: technology + raw identifier + how far it stays the same + for FeliCa the system
/// code that was polled. Text forms are derived from it and never are the identity.
///
/// Its `Debug` masks the identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardIdentity {
    technology: Technology,
    id: CardId,
    stability: Stability,
    system: Option<SystemCode>,
}

impl CardIdentity {
    /// Builds an identity from what a reader gave. The stability follows from the rest.
    ///
    /// `system` counts for FeliCa only; without one the wildcard was polled.
    ///
    /// # Errors
    /// [`BadCardId`] where the length does not fit (FeliCa 8 bytes, type A 4, 7 or 10, type B 4), or
    /// where no card has such an identifier.
    pub fn new(
        technology: Technology,
        raw: &[u8],
        system: Option<SystemCode>,
    ) -> Result<Self, BadCardId> {
        match Impossible::of(technology, raw) {
            Some(why) => Err(BadCardId::Impossible { technology, why }),
            None => Self::stored(technology, raw, system),
        }
    }

    /// Builds an identity from a record, which may be older than the rule of what cannot be: such a
    /// card stays listed, so that it can be taken away, and is never stable.
    ///
    /// # Errors
    /// [`BadCardId::Length`].
    pub fn stored(
        technology: Technology,
        raw: &[u8],
        system: Option<SystemCode>,
    ) -> Result<Self, BadCardId> {
        let (fits, allowed) = match technology {
            Technology::Felica => (raw.len() == 8, "8"),
            Technology::Iso14443a => (matches!(raw.len(), 4 | 7 | 10), "4, 7 or 10"),
            Technology::Iso14443b => (raw.len() == 4, "4"),
        };
        let bad = BadCardId::Length { technology, len: raw.len(), allowed };
        if !fits {
            return Err(bad);
        }
        let id = CardId::new(raw).ok_or(bad)?;
        let stability = match (technology, raw) {
            _ if Impossible::of(technology, raw).is_some() => Stability::Unknown,
            // NFC-DEP identifiers (01FE) are made up per activation.
            (Technology::Felica, [0x01, 0xFE, ..]) => Stability::Random,
            // A single-size UID with first byte 08 is made up whenever the card enters a field.
            (Technology::Iso14443a, [0x08, _, _, _]) => Stability::Random,
            // One that begins with xF is given to more than one card.
            (Technology::Iso14443a, [first, _, _, _]) if first & 0x0F == 0x0F => Stability::Unknown,
            (Technology::Felica | Technology::Iso14443a, _) => Stability::Stable,
            // A PUPI may be fixed or random; nothing in it tells which.
            (Technology::Iso14443b, _) => Stability::Unknown,
        };
        let system = match technology {
            Technology::Felica => Some(system.unwrap_or(SystemCode::ANY)),
            _ => None,
        };
        Ok(Self { technology, id, stability, system })
    }

    /// How the card speaks.
    #[must_use]
    pub fn technology(&self) -> Technology {
        self.technology
    }

    /// The identifier bytes.
    #[must_use]
    pub fn id(&self) -> &CardId {
        &self.id
    }

    /// How far the identifier stays the same.
    #[must_use]
    pub fn stability(&self) -> Stability {
        self.stability
    }

    /// The system code that was polled; `None` unless FeliCa.
    #[must_use]
    pub fn system(&self) -> Option<SystemCode> {
        self.system
    }
}

/// What else a card told about itself: for display and tap rules, never part of the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// FeliCa.
    Felica {
        /// Manufacture parameters; byte 1 is the IC type.
        pmm: Option<[u8; 8]>,
        /// The system that answered the wildcard, where the reader can ask for it.
        answered: Option<SystemCode>,
    },
    /// Type A.
    Iso14443a {
        /// ATQA as a number (DESFire: 0x0344); on the air it comes low byte first.
        atqa: Option<u16>,
        /// Select acknowledge.
        sak: Option<u8>,
    },
    /// Type B.
    Iso14443b,
}

/// A card as a reader saw it in one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Who it is.
    pub identity: CardIdentity,
    /// What else it said.
    pub details: Details,
}

impl Card {
    /// A FeliCa card that answered a poll for `polled`.
    ///
    /// # Errors
    /// [`BadCardId`] unless `idm` has 8 bytes and can be.
    pub fn felica(
        idm: &[u8],
        polled: SystemCode,
        pmm: Option<[u8; 8]>,
        answered: Option<SystemCode>,
    ) -> Result<Self, BadCardId> {
        Ok(Self {
            identity: CardIdentity::new(Technology::Felica, idm, Some(polled))?,
            details: Details::Felica { pmm, answered },
        })
    }

    /// A type A card; `atqa` as a number.
    ///
    /// # Errors
    /// [`BadCardId`] unless `uid` has 4, 7 or 10 bytes and can be.
    pub fn iso14443a(uid: &[u8], atqa: Option<u16>, sak: Option<u8>) -> Result<Self, BadCardId> {
        Ok(Self {
            identity: CardIdentity::new(Technology::Iso14443a, uid, None)?,
            details: Details::Iso14443a { atqa, sak },
        })
    }

    /// A type B card.
    ///
    /// # Errors
    /// [`BadCardId`] unless `pupi` has 4 bytes and can be.
    pub fn iso14443b(pupi: &[u8]) -> Result<Self, BadCardId> {
        Ok(Self {
            identity: CardIdentity::new(Technology::Iso14443b, pupi, None)?,
            details: Details::Iso14443b,
        })
    }

    /// Whether this is FeliCa on a phone or watch, by the IC type in PMm byte 1 (06, 07: Mobile 1,
    /// 10-1F: Mobile 2 to 4). Phones pause between answers, so they leave the field more slowly.
    #[must_use]
    pub fn is_mobile_felica(&self) -> bool {
        matches!(
            self.details,
            Details::Felica { pmm: Some([_, 0x06 | 0x07 | 0x10..=0x1F, ..]), .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stability_follows_from_technology_and_bytes() {
        let rows: &[(Technology, &[u8], Stability)] = &[
            (Technology::Felica, &[0x01, 0x2E, 0, 0, 0, 0, 0, 1], Stability::Stable),
            (Technology::Felica, &[0x01, 0xFE, 0, 0, 0, 0, 0, 1], Stability::Random),
            (Technology::Felica, &[0x02, 0xFE, 0, 0, 0, 0, 0, 1], Stability::Stable),
            (Technology::Iso14443a, &[0x08, 1, 2, 3], Stability::Random),
            (Technology::Iso14443a, &[0x04, 1, 2, 3], Stability::Stable),
            (Technology::Iso14443a, &[0x08, 1, 2, 3, 4, 5, 6], Stability::Stable),
            (Technology::Iso14443b, &[1, 2, 3, 4], Stability::Unknown),
        ];
        for (technology, raw, expected) in rows {
            let identity = CardIdentity::new(*technology, raw, None).unwrap();
            assert_eq!(identity.stability(), *expected, "{technology} {raw:02X?}");
        }
    }

    #[test]
    fn lengths_that_a_technology_does_not_know_are_refused() {
        for technology in [Technology::Felica, Technology::Iso14443a, Technology::Iso14443b] {
            let allowed: &[usize] = match technology {
                Technology::Felica => &[8],
                Technology::Iso14443a => &[4, 7, 10],
                Technology::Iso14443b => &[4],
            };
            for len in 0..=64 {
                let made =
                    CardIdentity::new(technology, &(1..=len as u8).collect::<Vec<_>>(), None);
                assert_eq!(made.is_ok(), allowed.contains(&len), "{technology}, {len} bytes");
            }
        }
    }

    #[test]
    fn phones_are_told_by_every_ic_type_that_phones_have() {
        // 06, 07: Mobile 1; 10 to 1F: Mobile 2 to 4.
        for ic in 0..=0xFF {
            let pmm = [0x01, ic, 0, 0, 0, 0, 0, 0];
            let idm = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 1];
            let card = Card::felica(&idm, SystemCode::ANY, Some(pmm), None).unwrap();
            let expected = [0x06, 0x07].contains(&ic) || ic >> 4 == 1;
            assert_eq!(card.is_mobile_felica(), expected, "IC type {ic:02X}");
        }
    }

    #[test]
    fn debug_output_masks_the_identifier() {
        let card =
            Card::iso14443a(&[0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66], None, None).unwrap();
        let text = format!("{card:?}");
        assert!(text.contains("..66") && !text.contains("0411") && !text.contains("17"), "{text}");
    }
}
