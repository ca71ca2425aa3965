use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use kazasu_hal::CardIdentity;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::CardNumber;

/// The secret of the keyed form. Made of the system's randomness, once for a site; who has it can
/// compute the number of any card. Wiped when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct NumberKey(Zeroizing<[u8; Self::LEN]>);

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

impl NumberKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Hex digits of a number.
    pub(super) const DIGITS: usize = 32;

    /// Takes the secret bytes.
    #[must_use]
    pub fn new(secret: Zeroizing<[u8; Self::LEN]>) -> Self {
        Self(secret)
    }

    /// The first 128 bits of an HMAC-SHA-256, as 32 upper-case hex digits.
    ///
    /// The message is the canonical identity: the technology's word in ASCII (`felica`,
    /// `iso14443a`, `iso14443b`), a zero byte, for FeliCa the polled system code (two bytes, high
    /// byte first), then the identifier in the order the card sends it. The word tells whether
    /// there is a system code, so no two identities give the same message.
    pub(super) fn number(&self, card: &CardIdentity) -> CardNumber {
        // HMAC fills a short key up to a block with zeros; done here, it cannot be refused.
        let mut block = Zeroizing::new([0; BLOCK]);
        block.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(card.technology().as_str().as_bytes());
        mac.update(&[0]);
        if let Some(system) = card.system() {
            mac.update(&system.0.to_be_bytes());
        }
        mac.update(card.id().as_bytes());
        let code = mac.finalize().into_bytes();
        CardNumber(code.iter().take(Self::DIGITS / 2).map(|byte| format!("{byte:02X}")).collect())
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberKey(..)")
    }
}
