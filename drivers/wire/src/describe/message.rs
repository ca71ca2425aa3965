use alloc::vec::Vec;

use super::{Dialect, Envelope, Side};
use crate::{
    DecodeError, apdu, atr, ccid, felica,
    iso14443a::{self, Atqa, Ats, Sak},
    iso14443b, pn532, port100,
};

/// A message of any dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Message {
    /// "I took your frame."
    Ack,
    /// "Send it again."
    Nack,
    /// The chip does not know the command.
    SyntaxError,
    /// To a PN53x.
    Pn532Command(pn532::Command),
    /// From a PN53x.
    Pn532Answer(pn532::Answer),
    /// To a Port-100.
    Port100Command(port100::Command),
    /// From a Port-100.
    Port100Answer(port100::Answer),
    /// To a FeliCa card.
    FelicaCommand(felica::Command),
    /// From a FeliCa card.
    FelicaAnswer(felica::Answer),
    /// To a type A card.
    TypeACommand(iso14443a::Command),
    /// From a type A card, to REQA or WUPA; low byte first on the air.
    Atqa(Atqa),
    /// From a type A card, to SELECT.
    Sak(Sak),
    /// From a type A card, to an anticollision command: one level of its identifier.
    Level(#[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] [u8; 4]),
    /// From a type A card, to RATS.
    Ats(Ats),
    /// To a type B card.
    TypeBCommand(iso14443b::Command),
    /// From a type B card, to a request.
    Atqb(iso14443b::Atqb),
    /// From a type B card, to ATTRIB or HALT.
    AttribAnswer(iso14443b::AttribAnswer),
    /// To a card or, with class FF, a reader.
    ApduCommand(apdu::Command),
    /// Back.
    ApduResponse(apdu::Response),
    /// From a reader, about a card.
    Atr(atr::Atr),
    /// To a CCID reader.
    CcidCommand(ccid::Command),
    /// From a CCID reader.
    CcidAnswer(ccid::Answer),
    /// What an APDU asks of the reader; only inside an APDU.
    Reader(apdu::Pseudo),
    /// Data objects of transparent exchange; only inside an APDU.
    Objects(Vec<apdu::tlv::Object>),
}

/// Who speaks, as far as the bytes tell; else the side that asks.
pub(super) fn speaker(dialect: Dialect, bytes: &[u8]) -> Side {
    match dialect {
        Dialect::Pn532 | Dialect::Port100 => {
            let answer = if dialect == Dialect::Pn532 { 0xD5 } else { 0xD7 };
            let frame = crate::sof::locate(super::envelope::family(dialect), bytes);
            let first = match &frame {
                Ok(located) => match &located.frame {
                    crate::sof::Frame::Data(data) => data.first(),
                    _ => Some(&answer),
                },
                Err(_) => bytes.first(),
            };
            if first == Some(&answer) { Side::Reader } else { Side::Host }
        }
        Dialect::Felica => {
            let code = if bytes.starts_with(&felica::frame::SYNC) { 3 } else { 1 };
            match bytes.get(code) {
                Some(code) if code & 1 == 1 => Side::Card,
                _ => Side::Reader,
            }
        }
        Dialect::Iso14443 => Side::Reader,
        Dialect::Apdu => Side::Host,
        Dialect::Atr => Side::Reader,
        Dialect::Ccid if bytes.first().is_some_and(|code| *code >= 0x80) => Side::Reader,
        Dialect::Ccid => Side::Host,
    }
}

impl Message {
    pub(super) fn decode(
        dialect: Dialect,
        dir: Side,
        envelope: &Envelope,
        bytes: &[u8],
    ) -> Result<Self, DecodeError> {
        Ok(match (dialect, dir) {
            (Dialect::Pn532, Side::Host) => Self::Pn532Command(pn532::Command::decode(bytes)?),
            (Dialect::Pn532, _) => Self::Pn532Answer(pn532::Answer::decode_alone(bytes)?),
            (Dialect::Port100, Side::Host) => {
                Self::Port100Command(port100::Command::decode(bytes)?)
            }
            (Dialect::Port100, _) => Self::Port100Answer(port100::Answer::decode(bytes)?),
            (Dialect::Felica, Side::Card) => Self::FelicaAnswer(felica::Answer::decode(bytes)?),
            (Dialect::Felica, _) => Self::FelicaCommand(felica::Command::decode(bytes)?),
            (Dialect::Iso14443, Side::Card) => Self::from_card(envelope, bytes)?,
            (Dialect::Iso14443, _) => Self::to_card(envelope, bytes)?,
            (Dialect::Apdu, Side::Host) => Self::ApduCommand(apdu::Command::decode(bytes)?),
            (Dialect::Apdu, _) => Self::ApduResponse(apdu::Response::decode(bytes)?),
            (Dialect::Atr, _) => Self::Atr(atr::Atr::decode(bytes)?),
            (Dialect::Ccid, Side::Host) => Self::CcidCommand(ccid::Command::decode(bytes)?),
            (Dialect::Ccid, _) => Self::CcidAnswer(ccid::Answer::decode(bytes)?),
        })
    }

    /// Bytes to a card of type A or B. `50 00` alone is type A's HALT; a CRC settles the rest.
    fn to_card(envelope: &Envelope, bytes: &[u8]) -> Result<Self, DecodeError> {
        let type_b = match envelope {
            Envelope::Crc { type_b, .. } => *type_b,
            _ => match bytes {
                [0x50, ..] => bytes.len() > 2,
                [0x1D, ..] => true,
                [marker, ..] => marker & 0x0F == 0x05 && *marker != 0x95,
                [] => false,
            },
        };
        if type_b {
            iso14443b::Command::decode(bytes).map(Self::TypeBCommand)
        } else {
            iso14443a::Command::decode(bytes).map(Self::TypeACommand)
        }
    }

    fn from_card(envelope: &Envelope, bytes: &[u8]) -> Result<Self, DecodeError> {
        let type_b = matches!(envelope, Envelope::Crc { type_b: true, .. });
        Ok(match (envelope, bytes) {
            (Envelope::Bcc { .. }, &[a, b, c, d]) => Self::Level([a, b, c, d]),
            (_, [0x50, ..]) if bytes.len() >= 12 => Self::Atqb(iso14443b::Atqb::decode(bytes)?),
            _ if type_b => Self::AttribAnswer(iso14443b::AttribAnswer::decode(bytes)?),
            (_, &[sak]) => Self::Sak(Sak(sak)),
            (Envelope::Bare, &[low, high]) if low != 2 => {
                Self::Atqa(Atqa(u16::from_le_bytes([low, high])))
            }
            _ => Self::Ats(Ats::decode(bytes)?),
        })
    }

    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Ack | Self::Nack | Self::SyntaxError => return None,
            Self::Pn532Command(command) => command.encode(),
            Self::Pn532Answer(answer) => answer.encode(),
            Self::Port100Command(command) => command.encode(),
            Self::Port100Answer(answer) => answer.encode(),
            Self::FelicaCommand(command) => command.encode()?,
            Self::FelicaAnswer(answer) => answer.encode()?,
            Self::TypeACommand(command) => command.encode()?,
            Self::Atqa(atqa) => atqa.0.to_le_bytes().to_vec(),
            Self::Sak(sak) => [sak.0].to_vec(),
            Self::Level(level) => level.to_vec(),
            Self::Ats(ats) => ats.encode()?,
            Self::TypeBCommand(command) => command.encode()?,
            Self::Atqb(atqb) => atqb.encode(),
            Self::AttribAnswer(answer) => answer.encode()?,
            Self::ApduCommand(command) => command.encode()?,
            Self::ApduResponse(response) => response.encode(),
            Self::Atr(atr) => atr.encode(),
            Self::CcidCommand(command) => command.encode()?,
            Self::CcidAnswer(answer) => answer.encode()?,
            Self::Reader(_) | Self::Objects(_) => return None,
        })
    }
}
