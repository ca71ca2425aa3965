//! The message authentication code of FeliCa Lite and Lite-S: a session key out of the card key and
//! a challenge, and the codes made with it.
//!
//! Keys, challenges and blocks stand here in the order in which they go over the air. The card
//! reads each half of eight bytes the other way round, with two-key triple DES in CBC mode.
//! [`Session::mac_a_read`] follows the published layout, but no complete recorded answer has
//! confirmed it yet.

use core::fmt;

use des::{
    TdesEde2,
    cipher::{BlockCipherEncrypt, KeyInit},
};

use super::Block;

/// How many blocks a card reads at once, MAC_A's own among them.
const READ_MAX: usize = 4;
/// Number of the block that holds MAC_A.
const MAC_A: u8 = 0x91;

/// What a card and a reader share after the challenge was written to block 80.
#[derive(Clone)]
pub struct Session {
    /// Session key, as the cipher takes it.
    key: [[u8; 8]; 2],
    /// First half of the challenge, as the cipher takes it.
    start: [u8; 8],
}

/// Keys are not for logs.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    /// From the card key (block 87) and the challenge (block 80).
    #[must_use]
    pub fn new(card_key: &Block, challenge: &Block) -> Self {
        let [first, second] = halves(challenge);
        let mut cbc = Cbc::new(halves(card_key), [0; 8]);
        Self { key: [cbc.next(first), cbc.next(second)], start: first }
    }

    /// The session key.
    #[must_use]
    pub fn key(&self) -> Block {
        join(self.key)
    }

    /// MAC, block 81: over the blocks that were read before it in the same command.
    #[must_use]
    pub fn mac(&self, blocks: &[Block]) -> [u8; 8] {
        self.code(self.key, None, blocks)
    }

    /// MAC_A, block 91, of a read: over the numbers of all blocks, 91 last, and over those before
    /// it. `None` unless that are one to three.
    #[must_use]
    pub fn mac_a_read(&self, read: &[(u8, Block)]) -> Option<[u8; 8]> {
        let mut numbers = [0xFF; 8];
        if read.is_empty() || read.len() >= READ_MAX {
            return None;
        }
        let listed = read.iter().map(|(number, _)| *number).chain([MAC_A]);
        for (place, number) in numbers.chunks_exact_mut(2).zip(listed) {
            place.copy_from_slice(&u16::from(number).to_le_bytes());
        }
        let mut blocks = [Block::default(); READ_MAX];
        for (place, (_, block)) in blocks.iter_mut().zip(read) {
            *place = *block;
        }
        Some(self.code(self.key, Some(numbers), blocks.get(..read.len())?))
    }

    /// MAC_A that goes with a write of one block: over the write counter (block 90), the number of
    /// the block and its new content.
    #[must_use]
    pub fn mac_a_write(&self, counter: [u8; 3], number: u8, block: &Block) -> [u8; 8] {
        let [a, b, c] = counter;
        let [first, second] = self.key;
        let head = [a, b, c, 0, number, 0, MAC_A, 0];
        self.code([second, first], Some(head), &[*block])
    }

    fn code(&self, key: [[u8; 8]; 2], head: Option<[u8; 8]>, blocks: &[Block]) -> [u8; 8] {
        let mut cbc = Cbc::new(key, self.start);
        for part in head.map(reversed).into_iter().chain(blocks.iter().flat_map(halves)) {
            cbc.next(part);
        }
        reversed(cbc.last)
    }
}

/// Cipher block chaining.
struct Cbc {
    cipher: TdesEde2,
    last: [u8; 8],
}

impl Cbc {
    fn new([first, second]: [[u8; 8]; 2], start: [u8; 8]) -> Self {
        let mut key = [0; 16];
        for (place, byte) in key.iter_mut().zip(first.into_iter().chain(second)) {
            *place = byte;
        }
        Self { cipher: TdesEde2::new(&key.into()), last: start }
    }

    fn next(&mut self, part: [u8; 8]) -> [u8; 8] {
        for (last, byte) in self.last.iter_mut().zip(part) {
            *last ^= byte;
        }
        let mut block = self.last.into();
        self.cipher.encrypt_block(&mut block);
        self.last = block.into();
        self.last
    }
}

fn reversed(mut half: [u8; 8]) -> [u8; 8] {
    half.reverse();
    half
}

/// Both halves, each the other way round.
fn halves(block: &Block) -> [[u8; 8]; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = block.0;
    [[h, g, f, e, d, c, b, a], [p, o, n, m, l, k, j, i]]
}

fn join([first, second]: [[u8; 8]; 2]) -> Block {
    let [a, b, c, d, e, f, g, h] = reversed(first);
    let [i, j, k, l, m, n, o, p] = reversed(second);
    Block([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}
