//! ISO/IEC 14443 cards in the field: how they are found, put to rest and talked to.

use kazasu_wire::{
    Raw,
    iso14443a::{Atqa, Level, Sak, Uid, bcc},
    iso14443b::{Atqb, AttribAnswer, Command},
};

use super::{Field, Heard, Present};
use crate::card::{Card, TypeACard, TypeAUid};

/// Where a card stands (ISO/IEC 14443-3 sections 6.3 and 7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Waits for a request.
    #[default]
    Idle,
    /// Type A: answered a request, and this level of its UID was not selected yet.
    Choosing(Level),
    /// Type A: selected. Type B: answered a request.
    Ready,
    /// Speaks ISO/IEC 14443-4, and hears nothing else.
    Protocol { cid: u8 },
    /// Put to rest: does not hear a plain request.
    Halted,
}

/// A type A card that was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeAHit {
    pub(crate) number: u32,
    pub(crate) uid: Uid,
    pub(crate) atqa: Atqa,
    pub(crate) sak: Sak,
    pub(crate) ats: Option<Raw>,
}

/// A type B card that was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeBHit {
    pub(crate) number: u32,
    pub(crate) atqb: Atqb,
    pub(crate) attrib: AttribAnswer,
}

/// What every card says to whatever an application would understand: no such instruction.
const NO_APPLICATION: [u8; 2] = [0x6D, 0x00];

impl Field {
    /// The card put first, if it is of type A.
    pub(crate) fn first_type_a(&self) -> Option<TypeAHit> {
        self.cards.first().and_then(type_a)
    }

    /// REQA and anticollision: the cards that one after the other are found, `max` at most. All but
    /// the last one are put to rest, or else they would disturb. A card that was selected before
    /// takes the request for a mistake and falls back; it answers the next one.
    ///
    /// Cards with the same UID cannot be told apart, so they are found as one. With `rats`, cards
    /// that have an ATS are asked for it.
    pub(crate) fn select_type_a(
        &mut self,
        only: Option<Uid>,
        max: usize,
        rats: bool,
    ) -> Vec<TypeAHit> {
        let mut hits = Vec::<TypeAHit>::new();
        let mut selected = Vec::<usize>::new();
        for (index, present) in self.cards.iter_mut().enumerate() {
            let Some(hit) = type_a(present).filter(|_| !present.is_quiet()) else { continue };
            match present.stage {
                Stage::Idle => {}
                Stage::Choosing(_) | Stage::Ready => {
                    present.stage = Stage::Idle;
                    continue;
                }
                Stage::Protocol { .. } | Stage::Halted => continue,
            }
            let wanted = only.is_none_or(|only| only == hit.uid);
            if wanted && hits.len() < max && hits.iter().all(|other| other.uid != hit.uid) {
                hits.push(hit);
                selected.push(index);
            }
        }
        let last = selected.last().copied();
        for (index, hit) in selected.into_iter().zip(&mut hits) {
            hit.ats = hit.ats.take().filter(|_| rats);
            if let Some(present) = self.cards.get_mut(index) {
                present.stage = match (&hit.ats, Some(index) == last) {
                    (Some(_), _) => Stage::Protocol { cid: 0 },
                    (None, true) => Stage::Ready,
                    (None, false) => Stage::Halted,
                };
            }
        }
        hits
    }

    /// WUPB, anticollision and ATTRIB: each card that is found speaks ISO/IEC 14443-4 from then on.
    /// `afi` 00 is any application family.
    pub(crate) fn select_type_b(&mut self, afi: u8, max: usize) -> Vec<TypeBHit> {
        let wakes = |present: &&mut Present| !matches!(present.stage, Stage::Protocol { .. });
        let mut hits = Vec::new();
        for present in self.awake().filter(wakes) {
            let Some(atqb) = atqb(present, afi) else { continue };
            if hits.len() < max {
                // Numbered from 1, so that a reader can talk to several in turn.
                let cid = u8::try_from(hits.len()).unwrap_or_default().saturating_add(1);
                let attrib = AttribAnswer { mbli: 0, cid, higher_layer: Raw::default() };
                present.stage = Stage::Protocol { cid };
                hits.push(TypeBHit { number: present.number, atqb, attrib });
            }
        }
        hits
    }

    /// HLTA or S(DESELECT).
    pub(crate) fn put_to_rest(&mut self, number: u32) {
        for present in self.cards.iter_mut().filter(|present| present.number == number) {
            present.stage = match present.stage {
                Stage::Idle | Stage::Choosing(_) => Stage::Idle,
                Stage::Ready | Stage::Protocol { .. } | Stage::Halted => Stage::Halted,
            };
        }
    }

    /// WUPA and selection by UID: this card is talked to next, others that were are put to rest.
    pub(crate) fn wake(&mut self, number: u32) {
        for present in &mut self.cards {
            match (present.number == number, present.stage) {
                (true, Stage::Idle | Stage::Choosing(_) | Stage::Halted) => {
                    present.stage = Stage::Ready;
                }
                (false, Stage::Ready) => present.stage = Stage::Halted,
                _ => {}
            }
        }
    }

    /// Sends this card, which speaks ISO/IEC 14443-4 or not, what an application or a memory
    /// understands. `None` where it stays silent.
    pub(crate) fn tell_card(&mut self, number: u32, data: &[u8]) -> Option<Vec<u8>> {
        let present = self.awake().find(|present| present.number == number)?;
        match present.stage {
            Stage::Protocol { .. } => Some(NO_APPLICATION.to_vec()),
            Stage::Ready => ready_type_a(present, data),
            Stage::Idle | Stage::Choosing(_) | Stage::Halted => None,
        }
    }

    /// What type A cards answer to the bytes of a frame, CRC left out.
    pub(crate) fn hear_type_a(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let present = self.awake().find(|present| {
            matches!(present.card, Card::TypeA(_))
                && matches!(present.stage, Stage::Ready | Stage::Protocol { .. })
        })?;
        match present.stage {
            Stage::Protocol { cid } => block(present, cid, frame),
            _ => ready_type_a(present, frame),
        }
    }

    /// What type B cards answer to the bytes of a frame, CRC left out.
    pub(crate) fn hear_type_b(&mut self, frame: &[u8]) -> Heard {
        let Self { seed, cards, .. } = self;
        let command = Command::decode(frame).ok();
        let awake = cards.iter_mut().filter(|present| !present.is_quiet());
        let answers = awake.filter_map(|present| {
            let Card::TypeB(card) = &present.card else { return None };
            match (present.stage, &command) {
                (Stage::Protocol { cid }, _) => block(present, cid, frame),
                (stage, Some(Command::Request { afi, wake_up, slots, .. })) => {
                    let hears = *wake_up || stage != Stage::Halted;
                    let atqb = atqb(present, *afi).filter(|_| hears)?;
                    present.stage = Stage::Ready;
                    let [drawn, ..] = seed.draw();
                    // Those in later slots wait for a marker, which no reader here sends.
                    (drawn & slots.tsn() == 0).then(|| atqb.encode())
                }
                (Stage::Ready, Some(Command::Attrib { pupi, param, .. })) if *pupi == card.pupi => {
                    let [.., cid] = param;
                    let cid = cid & 0x0F;
                    present.stage = Stage::Protocol { cid };
                    AttribAnswer { mbli: 0, cid, higher_layer: Raw::default() }.encode()
                }
                (Stage::Ready, Some(Command::Halt { pupi })) if *pupi == card.pupi => {
                    present.stage = Stage::Halted;
                    Some(vec![0x00])
                }
                _ => None,
            }
        });
        Heard::together(answers)
    }
}

pub(super) fn type_a(present: &Present) -> Option<TypeAHit> {
    let Card::TypeA(card) = &present.card else { return None };
    let [a, b, c, ..] = present.random;
    let uid = match card.uid {
        TypeAUid::Fixed(uid) => uid,
        // 08 marks a single-size UID as made up.
        TypeAUid::Random | TypeAUid::Anew => Uid::new(&[0x08, a, b, c])?,
    };
    let ats = card.ats.clone().filter(|_| card.sak.is_iso_dep());
    Some(TypeAHit { number: present.number, uid, atqa: card.atqa, sak: card.sak, ats })
}

fn atqb(present: &Present, afi: u8) -> Option<Atqb> {
    let Card::TypeB(card) = &present.card else { return None };
    let [family, ..] = card.application_data;
    (afi == 0 || afi == family).then(|| card.atqb())
}

/// A selected type A card hears a frame. What it does not understand sends it back to idle.
fn ready_type_a(present: &mut Present, frame: &[u8]) -> Option<Vec<u8>> {
    let Card::TypeA(card) = &present.card else { return None };
    present.stage = Stage::Idle;
    match frame {
        [0x50, 0x00] => {
            present.stage = Stage::Halted;
            None
        }
        // RATS.
        [0xE0, param] => {
            let ats = card.ats.clone().filter(|_| card.sak.is_iso_dep())?;
            present.stage = Stage::Protocol { cid: param & 0x0F };
            Some(ats.0)
        }
        // READ: four pages, of the first again behind the last.
        [0x30, page] => {
            let pages = pages(card)?;
            let first = pages.get(usize::from(*page)..).filter(|first| !first.is_empty())?;
            let read = first.iter().chain(&pages).take(4).flatten().copied().collect();
            present.stage = Stage::Ready;
            Some(read)
        }
        _ => None,
    }
}

/// The 16 pages of a card like a MIFARE Ultralight: UID with check bytes, locks, the capability
/// container of an empty NFC Forum type 2 tag, and an empty message.
fn pages(card: &TypeACard) -> Option<[[u8; 4]; 16]> {
    let TypeAUid::Fixed(uid) = card.uid else { return None };
    let (&[a, b, c, d, e, f, g], 0x00) = (uid.as_bytes(), card.sak.0) else { return None };
    let mut pages = [[0; 4]; 16];
    let head = [
        [a, b, c, bcc([0x88, a, b, c])],
        [d, e, f, g],
        [bcc([d, e, f, g]), 0x48, 0x00, 0x00],
        [0xE1, 0x10, 0x06, 0x00],
        [0x03, 0x00, 0xFE, 0x00],
    ];
    for (page, content) in pages.iter_mut().zip(head) {
        *page = content;
    }
    Some(pages)
}

/// A block of ISO/IEC 14443-4 (section 7.1). Commands of applications are refused, whatever they
/// are.
fn block(present: &mut Present, own_cid: u8, frame: &[u8]) -> Option<Vec<u8>> {
    const CID_FOLLOWS: u8 = 0x08;
    const CHAINING: u8 = 0x10;
    let (&pcb, rest) = frame.split_first()?;
    let (cid, information) = if pcb & CID_FOLLOWS == 0 {
        (None, rest)
    } else {
        rest.split_first().map(|(cid, rest)| (Some(*cid), rest))?
    };
    // Without a CID, card 0 is meant.
    if cid.unwrap_or(0) != own_cid {
        return None;
    }
    let answer = |head: u8, body: &[u8]| {
        let head = head | pcb & CID_FOLLOWS;
        Some([head].into_iter().chain(cid).chain(body.iter().copied()).collect())
    };
    match pcb & !CID_FOLLOWS {
        // S(DESELECT).
        0xC2 if information.is_empty() => {
            present.stage = Stage::Halted;
            answer(0xC2, &[])
        }
        // R(NAK): still here.
        0xB2 | 0xB3 if information.is_empty() => answer(0xA2 | pcb & 1, &[]),
        // I-block, more to come or the last.
        head if head & 0xE2 == 0x02 && head & CHAINING != 0 => answer(0xA2 | pcb & 1, &[]),
        0x02 | 0x03 => answer(0x02 | pcb & 1, &NO_APPLICATION),
        _ => None,
    }
}
