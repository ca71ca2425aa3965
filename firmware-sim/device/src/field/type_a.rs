//! Type A cards before a reader that leaves finding and selecting them to its host (ISO/IEC
//! 14443-3 section 6.4): bits on the air, each frame with the CRC that it has there.

use kazasu_wire::iso14443a::{Command, Level, bcc, crc_a, strip_crc_a};

use super::{Field, Heard, Present, iso14443::Stage, iso14443::type_a};

/// SAK that asks for the next cascade level.
const NEXT_LEVEL: u8 = 0x04;

const LEVELS: [Level; 3] = [Level::One, Level::Two, Level::Three];

impl Field {
    /// What type A cards answer to a frame of which `last_bits` bits of the last byte were sent.
    pub(crate) fn hear_type_a_bits(&mut self, frame: &[u8], last_bits: u8) -> Heard {
        match (Command::decode(frame), last_bits) {
            (Ok(Command::Reqa), 7) => self.request(false),
            (Ok(Command::Wupa), 7) => self.request(true),
            (Ok(Command::Anticollision { level, nvb, bits }), _)
                if last_bits == if nvb & 0x07 == 0 { 8 } else { nvb & 0x07 } =>
            {
                self.anticollision(level, nvb, &bits)
            }
            (_, 8) => match strip_crc_a(frame) {
                Ok(body) => self.hear_body(body),
                Err(_) => self.disturb(),
            },
            _ => self.disturb(),
        }
    }

    fn request(&mut self, wake_up: bool) -> Heard {
        let cards = self.awake().filter_map(|present| {
            let atqa = type_a(present)?.atqa;
            let hears = match present.stage {
                Stage::Idle => true,
                Stage::Halted => wake_up,
                // Takes the request for a mistake and falls back; it answers the next one.
                Stage::Choosing(_) | Stage::Ready => {
                    present.stage = Stage::Idle;
                    false
                }
                Stage::Protocol { .. } => false,
            };
            if !hears {
                return None;
            }
            present.stage = Stage::Choosing(Level::One);
            Some(atqa.0.to_le_bytes().to_vec())
        });
        Heard::together(cards)
    }

    /// The cards whose level begins with the known bits tell the rest of it.
    fn anticollision(&mut self, level: Level, nvb: u8, known: &[u8]) -> Heard {
        let count = usize::from(nvb >> 4).saturating_sub(2) * 8 + usize::from(nvb & 0x07);
        let asked: Vec<_> = bits(known).take(count).collect();
        let rests = self.awake().filter_map(|present| {
            let own = level_of(present, level)?;
            let own: Vec<_> = bits(&own).collect();
            own.strip_prefix(&asked[..]).map(<[bool]>::to_vec)
        });
        let mut rests = rests.collect::<Vec<_>>().into_iter();
        let Some(first) = rests.next() else { return Heard::Silence };
        if rests.any(|other| other != first) {
            return Heard::Garbled;
        }
        let last_bits = u8::try_from(first.len() % 8).unwrap_or_default();
        let last_bits = if last_bits == 0 { 8 } else { last_bits };
        Heard::Answer { bytes: packed(&first), last_bits }
    }

    fn hear_body(&mut self, body: &[u8]) -> Heard {
        let Ok(Command::Select { level, uid, bcc }) = Command::decode(body) else {
            let answer = self.hear_type_a(body);
            self.disturb();
            return Heard::whole(answer.map(with_crc));
        };
        let wanted = [&uid[..], &[bcc]].concat();
        let answers = self.awake().filter_map(|present| {
            let own = level_of(present, level)?;
            let card = type_a(present)?;
            if own[..] != wanted {
                present.stage = Stage::Idle;
                return None;
            }
            let following = LEVELS.into_iter().zip(card.uid.levels());
            let next = following.skip_while(|(other, _)| *other != level).nth(1);
            let (stage, sak) = match next {
                Some((next, _)) => (Stage::Choosing(next), NEXT_LEVEL),
                None => (Stage::Ready, card.sak.0),
            };
            present.stage = stage;
            Some(with_crc(vec![sak]))
        });
        Heard::together(answers)
    }

    /// Whoever was about to be selected falls back.
    fn disturb(&mut self) -> Heard {
        for present in &mut self.cards {
            if let Stage::Choosing(_) = present.stage {
                present.stage = Stage::Idle;
            }
        }
        Heard::Silence
    }
}

/// The bytes of this level with their check byte, if the card is about to tell just those.
fn level_of(present: &Present, level: Level) -> Option<[u8; 5]> {
    if present.stage != Stage::Choosing(level) {
        return None;
    }
    let levels = LEVELS.into_iter().zip(type_a(present)?.uid.levels());
    let (_, own @ [a, b, c, d]) = levels.into_iter().find(|(other, _)| *other == level)?;
    Some([a, b, c, d, bcc(own)])
}

/// In the order of the air: lowest bit first.
fn bits(bytes: &[u8]) -> impl Iterator<Item = bool> {
    bytes.iter().flat_map(|byte| (0..8).map(move |place| byte >> place & 1 == 1))
}

fn packed(bits: &[bool]) -> Vec<u8> {
    let byte = |bits: &[bool]| bits.iter().rev().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit));
    bits.chunks(8).map(byte).collect()
}

fn with_crc(answer: Vec<u8>) -> Vec<u8> {
    let crc = crc_a(&answer);
    [answer, crc.to_vec()].concat()
}
