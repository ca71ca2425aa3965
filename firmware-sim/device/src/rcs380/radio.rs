//! InCommRF: what goes out, what cards say to it, and what the host is told of that.

use std::time::Duration;

use kazasu_wire::{
    DecodeError,
    felica::{
        self, Rate,
        frame::{crc_f, strip_crc_f},
    },
    iso14443a::{crc_a, strip_crc_a},
    iso14443b::{crc_b, strip_crc_b},
    port100::{Answer, CommStatus, Key, Modulation, Received, Setting},
};

use super::Rcs380;
use crate::{air, field::Heard};

/// The unit of a time-out.
const TIMEOUT_UNIT: Duration = Duration::from_micros(100);

/// tx, rx and the speeds that exist: 212F, 424F, 106A, 212A, 424A, 106B, 212B, 424B.
const MODULATIONS: [(u8, u8); 8] = [(1, 1), (1, 2), (2, 3), (4, 4), (5, 5), (3, 7), (3, 8), (3, 9)];
const RX: u8 = 0x0F;

/// Whether the chip can modulate so; each direction may have a speed of its own.
pub(super) fn exists(modulation: Modulation) -> bool {
    let Modulation { tx, tx_speed, rx, rx_speed } = modulation;
    let speed_exists = MODULATIONS.iter().any(|(_, speed)| *speed == rx_speed);
    MODULATIONS.contains(&(tx, tx_speed)) && rx == RX && speed_exists
}

/// What InSetProtocol sets, by key. All zero until it does.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings([u8; 0x14]);

impl Settings {
    pub(super) fn set(&mut self, settings: &[Setting]) {
        for Setting { key, value } in settings {
            if let Some(place) = self.0.get_mut(usize::from(key.byte())) {
                *place = *value;
            }
        }
    }

    fn get(&self, key: Key) -> u8 {
        self.0.get(usize::from(key.byte())).copied().unwrap_or(0)
    }

    fn all(&self, keys: &[Key]) -> bool {
        keys.iter().all(|key| self.get(*key) == 1)
    }
}

/// Which cards hear the chip.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Felica(Rate),
    TypeA,
    TypeB,
    /// Rates at which the cards here do not speak.
    Other,
}

/// A checksum and how it is taken off again.
struct Crc {
    of: fn(&[u8]) -> [u8; 2],
    strip: for<'a> fn(&'a [u8]) -> Result<&'a [u8], DecodeError>,
}

const CRC_F: Crc = Crc { of: crc_f, strip: strip_crc_f };
const CRC_A: Crc = Crc { of: crc_a, strip: strip_crc_a };
const CRC_B: Crc = Crc { of: crc_b, strip: strip_crc_b };

impl Mode {
    fn of(modulation: Option<Modulation>) -> Self {
        match modulation {
            Some(Modulation::F212) => Self::Felica(Rate::R212),
            Some(Modulation::F424) => Self::Felica(Rate::R424),
            Some(Modulation::A106) => Self::TypeA,
            Some(Modulation::B106) => Self::TypeB,
            _ => Self::Other,
        }
    }

    /// The checksum that AddCrc and CheckCrc ask for with this value.
    fn crc(self, setting: u8) -> Option<Crc> {
        match (setting, self) {
            (0, _) => None,
            (1, Self::Felica(_)) => Some(CRC_F),
            (1, Self::TypeA) => Some(CRC_A),
            _ => Some(CRC_B),
        }
    }

    /// How long so many bytes are on the air, CRC among them.
    fn air_time(self, bytes: usize) -> Duration {
        match self {
            // A FeliCa message's CRC is part of what is around it.
            Self::Felica(rate) => air::felica_message(rate, bytes.saturating_sub(2)),
            Self::TypeA | Self::TypeB | Self::Other => air::bytes_106(bytes),
        }
    }
}

/// What comes back, and how long after the end of the command it begins.
struct Reply {
    heard: Heard,
    after: Duration,
}

impl Rcs380 {
    /// Sends to the cards and waits for what they say. Says how long that takes, too.
    pub(super) fn transceive(&mut self, timeout: u16, data: &[u8]) -> (Answer, Duration) {
        let guard = if self.chip.field_on { Duration::ZERO } else { air::FIELD_ON };
        self.chip.field_on = true;
        let timeout = TIMEOUT_UNIT.saturating_mul(timeout.into());
        let mode = Mode::of(self.chip.modulation);
        let mut frame = data.to_vec();
        if let Some(crc) = mode.crc(self.chip.settings.get(Key::AddCrc)) {
            frame.extend((crc.of)(data));
        }
        let Reply { heard, after } = self.reply(mode, &frame);
        let sent = guard.saturating_add(mode.air_time(frame.len()));
        let heard = if after > timeout { Heard::Silence } else { heard };
        let (status, received, rest) = match heard {
            Heard::Silence => {
                let takes = self.takes(sent).saturating_add(timeout);
                let status = CommStatus::RECEIVE_TIMEOUT;
                return (Answer::InCommRf { status, received: None }, takes);
            }
            Heard::Garbled if mode == Mode::TypeA => (CommStatus::COLLISION, None, Duration::ZERO),
            Heard::Garbled => (CommStatus::CRC, None, Duration::ZERO),
            Heard::Answer { bytes, last_bits } => {
                let rest = mode.air_time(bytes.len());
                let (status, received) = self.check(mode, &bytes, last_bits);
                (status, received, rest)
            }
        };
        let takes = self.takes(sent.saturating_add(after).saturating_add(rest));
        (Answer::InCommRf { status, received }, takes)
    }

    /// What cards say to a frame on the air. They hear it only if all of it is there that belongs
    /// to it.
    fn reply(&mut self, mode: Mode, frame: &[u8]) -> Reply {
        let settings = &self.chip.settings;
        let last_bits = settings.get(Key::LastByteBitCount);
        let whole = last_bits == 8 && settings.get(Key::Crypto1) == 0;
        let silence = Reply { heard: Heard::Silence, after: Duration::ZERO };
        let answered = |heard| Reply { heard, after: air::THINKING };
        match mode {
            Mode::Felica(rate) if whole => {
                let Ok(message) = strip_crc_f(frame) else { return silence };
                match felica::Command::decode(message) {
                    Ok(felica::Command::Polling(polling)) => {
                        let (slot, heard) = self.field.hear_polling(rate, &polling);
                        Reply { heard: with_crc(heard, &CRC_F), after: air::until_slot(slot) }
                    }
                    Ok(command) => {
                        let answer = self.field.ask_felica(rate, &command);
                        let answer = answer.and_then(|answer| answer.encode());
                        answered(with_crc(Heard::whole(answer), &CRC_F))
                    }
                    Err(_) => silence,
                }
            }
            // A short frame is a single byte and has no parity.
            Mode::TypeA if settings.get(Key::Crypto1) == 0 => {
                if frame.len() > 1 && !settings.all(&[Key::AddParity]) {
                    return silence;
                }
                answered(self.field.hear_type_a_bits(frame, last_bits))
            }
            Mode::TypeB if whole => {
                let framing = [Key::AddSof, Key::CheckSof, Key::AddEof, Key::CheckEof];
                match strip_crc_b(frame) {
                    Ok(body) if settings.all(&framing) => {
                        answered(with_crc(self.field.hear_type_b(body), &CRC_B))
                    }
                    _ => silence,
                }
            }
            Mode::Felica(_) | Mode::TypeA | Mode::TypeB | Mode::Other => silence,
        }
    }

    /// What the host gets of the bits on the air.
    fn check(&self, mode: Mode, bytes: &[u8], last_bits: u8) -> (CommStatus, Option<Received>) {
        let settings = &self.chip.settings;
        let received = |valid_bits, data: &[u8]| {
            (CommStatus::OK, Some(Received { valid_bits, data: data.into() }))
        };
        if mode == Mode::TypeA && !settings.all(&[Key::CheckParity]) {
            let (data, valid_bits) = with_parity(bytes, last_bits);
            return received(valid_bits, &data);
        }
        match mode.crc(settings.get(Key::CheckCrc)) {
            None => received(last_bits, bytes),
            Some(crc) => match (crc.strip)(bytes) {
                Ok(data) if last_bits == 8 => received(8, data),
                _ => (CommStatus::CRC, None),
            },
        }
    }
}

fn with_crc(heard: Heard, crc: &Crc) -> Heard {
    match heard {
        Heard::Answer { mut bytes, last_bits } => {
            bytes.extend((crc.of)(&bytes));
            Heard::Answer { bytes, last_bits }
        }
        other => other,
    }
}

/// Where parity is not checked it is not taken off either: each byte is followed by the bit that
/// makes its ones odd. Says how many bits of the last byte count, too.
fn with_parity(bytes: &[u8], last_bits: u8) -> (Vec<u8>, u8) {
    let mut bits = Vec::new();
    for (index, byte) in (1..).zip(bytes) {
        let count = if index == bytes.len() { last_bits } else { 8 };
        bits.extend((0..count).map(|place| byte >> place & 1));
        if count == 8 {
            bits.push(u8::from(byte.count_ones() % 2 == 0));
        }
    }
    let byte = |bits: &[u8]| bits.iter().rev().fold(0_u8, |byte, bit| byte << 1 | bit);
    let valid = u8::try_from(bits.len() % 8).unwrap_or_default();
    (bits.chunks(8).map(byte).collect(), if valid == 0 { 8 } else { valid })
}
