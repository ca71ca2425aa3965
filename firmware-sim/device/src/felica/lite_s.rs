use std::collections::BTreeMap;

use kazasu_wire::felica::{Answer, Block, BlockElement, Command, Idm, Pmm, StatusFlags, mac};

use super::{refused, refused_all, why};

/// Most blocks that are read in one command.
const READ_MAX: usize = 4;
/// A block and its MAC.
const WRITE_MAX: usize = 2;

const SERVICE_WRITE: u16 = 0x0009;
const SERVICE_READ: u16 = 0x000B;

/// Block numbers.
const USER_LAST: u8 = 0x0D;
const REG: u8 = 0x0E;
const RC: u8 = 0x80;
const MAC: u8 = 0x81;
const ID: u8 = 0x82;
const D_ID: u8 = 0x83;
const SER_C: u8 = 0x84;
const SYS_C: u8 = 0x85;
const CKV: u8 = 0x86;
const CK: u8 = 0x87;
const MC: u8 = 0x88;
const WCNT: u8 = 0x90;
const MAC_A: u8 = 0x91;
const STATE: u8 = 0x92;

/// Memory of a FeliCa Lite-S: 14 blocks for anybody's use, a card key that nobody can read, and
/// blocks that say who may do what.
///
/// The write counter starts at 0 instead of the value that cards leave their factory with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiteS {
    blocks: BTreeMap<u8, Block>,
}

/// What a Lite-S card forgets without power.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    /// Since a challenge was written.
    keys: Option<mac::Session>,
    /// Whether the reader has shown that it knows the card key.
    authenticated: bool,
}

impl LiteS {
    /// The system code of all FeliCa Lite cards.
    pub const SYSTEM: u16 = 0x88B4;
    const IC_TYPE: u8 = 0xF1;

    /// Whether manufacture parameters are those of this kind of card.
    #[must_use]
    pub fn is_meant(pmm: Pmm) -> bool {
        let [_, ic_type, ..] = pmm.0;
        ic_type == Self::IC_TYPE
    }

    /// An empty card with this card key, in the order in which it is written to block 87.
    #[must_use]
    pub fn new(idm: Idm, pmm: Pmm, card_key: Block) -> Self {
        let mut blocks: BTreeMap<_, _> = (0..=REG)
            .chain([ID, SER_C, CKV, WCNT, STATE])
            .map(|number| (number, Block::default()))
            .collect();
        // Everything may be written, nothing asks for a MAC.
        blocks.insert(MC, start_with(&[0xFF, 0xFF, 0xFF, 0x00, 0x07]));
        blocks.insert(D_ID, start_with(&[idm.0, pmm.0].concat()));
        blocks.insert(ID, start_with(&idm.0));
        blocks.insert(SYS_C, start_with(&Self::SYSTEM.to_be_bytes()));
        blocks.insert(CK, card_key);
        Self { blocks }
    }

    /// Sets a user block; `false` for any other.
    pub fn fill(&mut self, service: u16, number: u8, block: Block) -> bool {
        let fits = matches!(service, SERVICE_READ | SERVICE_WRITE) && number <= USER_LAST;
        if fits {
            self.blocks.insert(number, block);
        }
        fits
    }

    /// The system that a Lite-S answers for beside its own, once SYS_OP of its memory configuration
    /// is set.
    pub(crate) fn ndef_system(&self) -> Option<u16> {
        const SYS_OP: usize = 3;
        const NDEF: u16 = 0x12FC;
        (self.configured(SYS_OP) == 1).then_some(NDEF)
    }

    fn block(&self, number: u8) -> Block {
        self.blocks.get(&number).copied().unwrap_or_default()
    }

    /// A byte of the memory configuration.
    fn configured(&self, byte: usize) -> u8 {
        self.block(MC).0.get(byte).copied().unwrap_or_default()
    }

    /// Whether the mask of two bytes from `byte` on has the bit of this block. User blocks have a
    /// bit each, the register has the one behind them.
    fn masked(&self, byte: usize, number: u8) -> bool {
        let mask =
            u16::from_le_bytes([self.configured(byte), self.configured(byte.saturating_add(1))]);
        number <= REG && mask >> number & 1 == 1
    }

    /// Whether the system blocks may still be written.
    fn is_open(&self) -> bool {
        self.configured(2) == 0xFF
    }

    pub(super) fn respond(&mut self, session: &mut Session, command: &Command) -> Option<Answer> {
        let idm = command.idm()?;
        match command {
            Command::ReadWithoutEncryption { services, blocks, .. } => {
                let (flags, blocks) = match self.read(session, services, blocks) {
                    Ok(blocks) => (StatusFlags::OK, blocks),
                    Err(flags) => (flags, Vec::new()),
                };
                Some(Answer::ReadWithoutEncryption { idm, flags, blocks })
            }
            Command::WriteWithoutEncryption { services, writes, .. } => {
                let flags = match self.write(session, services, writes) {
                    Ok(()) => StatusFlags::OK,
                    Err(flags) => flags,
                };
                Some(Answer::WriteWithoutEncryption { idm, flags })
            }
            _ => None,
        }
    }

    fn read(
        &self,
        session: &Session,
        services: &[u16],
        elements: &[BlockElement],
    ) -> Result<Vec<Block>, StatusFlags> {
        let numbers = numbers(services, elements.iter().copied(), READ_MAX, false)?;
        let last = numbers.len().saturating_sub(1);
        let mut read: Vec<(u8, Block)> = Vec::new();
        for (place, number) in numbers.into_iter().enumerate() {
            let is_mac = matches!(number, MAC | MAC_A);
            let known = is_mac || self.blocks.contains_key(&number);
            if !known && number != RC {
                return Err(refused(place, why::BLOCK_NUMBER));
            }
            if matches!(number, RC | CK) || is_mac && (place == 0 || place != last) {
                return Err(refused(place, why::ACCESS));
            }
            if self.masked(6, number) && !session.authenticated {
                return Err(refused(place, why::MAC));
            }
            let block = match number {
                MAC | MAC_A => {
                    let no_challenge = refused(place, why::NO_CHALLENGE);
                    let keys = session.keys.as_ref().ok_or(no_challenge)?;
                    let code = if number == MAC_A {
                        keys.mac_a_read(&read).ok_or(refused_all(why::BLOCK_COUNT))?
                    } else {
                        keys.mac(&read.iter().map(|(_, block)| *block).collect::<Vec<_>>())
                    };
                    start_with(&code)
                }
                STATE => start_with(&[u8::from(session.authenticated)]),
                _ => self.block(number),
            };
            read.push((number, block));
        }
        Ok(read.into_iter().map(|(_, block)| block).collect())
    }

    fn write(
        &mut self,
        session: &mut Session,
        services: &[u16],
        writes: &[(BlockElement, Block)],
    ) -> Result<(), StatusFlags> {
        let elements = writes.iter().map(|(element, _)| *element);
        let numbers = numbers(services, elements, WRITE_MAX, true)?;
        let (Some(number), Some((_, block))) = (numbers.first().copied(), writes.first()) else {
            return Err(refused_all(why::BLOCK_COUNT));
        };
        let with_mac = match (numbers.get(1), writes.get(1)) {
            (Some(&MAC_A), Some((_, code))) => {
                let no_challenge = refused(1, why::NO_CHALLENGE);
                let keys = session.keys.as_ref().ok_or(no_challenge)?;
                let [c0, c1, c2, ..] = self.block(WCNT).0;
                let expected = keys.mac_a_write([c0, c1, c2], number, block);
                let counter = code.0.get(8..11).unwrap_or_default();
                if !code.0.starts_with(&expected) || counter != [c0, c1, c2] {
                    return Err(refused(1, why::MAC));
                }
                true
            }
            (Some(_), _) => return Err(refused_all(why::BLOCK_COUNT)),
            (None, _) => false,
        };
        self.may_write(session, number, *block, with_mac)?;
        match number {
            RC => {
                session.keys = Some(mac::Session::new(&self.block(CK), block));
                session.authenticated = false;
                return Ok(());
            }
            STATE => {
                let [external, ..] = block.0;
                session.authenticated = external == 1;
            }
            _ => {
                self.blocks.insert(number, *block);
            }
        }
        let [c0, c1, c2, ..] = self.block(WCNT).0;
        let counted = u32::from_le_bytes([c0, c1, c2, 0]).saturating_add(1);
        // Locking the system blocks is the card's first issuance; counting starts anew there.
        let counted = if number == MC && !self.is_open() { 0 } else { counted };
        let [c0, c1, c2, _] = counted.to_le_bytes();
        self.blocks.insert(WCNT, start_with(&[c0, c1, c2]));
        Ok(())
    }

    fn may_write(
        &self,
        session: &Session,
        number: u8,
        block: Block,
        with_mac: bool,
    ) -> Result<(), StatusFlags> {
        let access = Err(refused(0, why::ACCESS));
        let needs_proof = Err(refused(0, why::MAC));
        match number {
            ..=REG => {
                if !self.masked(0, number) {
                    return access;
                }
                if self.masked(8, number) && !session.authenticated
                    || self.masked(10, number) && !with_mac
                {
                    return needs_proof;
                }
                if number == REG && !counts_down(self.block(REG), block) {
                    return access;
                }
            }
            RC => {}
            STATE if !with_mac => return needs_proof,
            STATE => {}
            ID | SER_C | MC if self.is_open() => {}
            CKV | CK if self.is_open() || with_mac && self.configured(5) & 1 == 1 => {}
            MAC | MAC_A | D_ID | SYS_C | WCNT | ID | SER_C | MC | CKV | CK => return access,
            _ => return Err(refused(0, why::BLOCK_NUMBER)),
        }
        Ok(())
    }
}

/// The register may only count down: two numbers of four bytes, little-endian.
fn counts_down(before: Block, after: Block) -> bool {
    let numbers = |block: Block| -> [u32; 2] {
        let [a, b, c, d, e, f, g, h, ..] = block.0;
        [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
    };
    numbers(before).iter().zip(numbers(after)).all(|(before, after)| after <= *before)
}

fn start_with(bytes: &[u8]) -> Block {
    let mut block = Block::default();
    block.0.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    block
}

/// The block numbers of a command that follows the rules for lists.
fn numbers(
    services: &[u16],
    elements: impl ExactSizeIterator<Item = BlockElement>,
    blocks_max: usize,
    write: bool,
) -> Result<Vec<u8>, StatusFlags> {
    let [service] = services else { return Err(refused_all(why::SERVICE_COUNT)) };
    if elements.len() > blocks_max {
        return Err(refused_all(why::BLOCK_COUNT));
    }
    let number = |(place, element): (usize, BlockElement)| {
        if element.service != 0 {
            return Err(refused(place, why::SERVICE_PLACE));
        }
        match *service {
            SERVICE_WRITE => {}
            SERVICE_READ if !write => {}
            SERVICE_READ => return Err(refused(place, why::ACCESS)),
            _ => return Err(refused(place, why::NO_SERVICE)),
        }
        if element.access != 0 {
            return Err(refused(place, why::ACCESS_MODE));
        }
        u8::try_from(element.block).map_err(|_| refused(place, why::BLOCK_NUMBER))
    };
    elements.enumerate().map(number).collect()
}
