use alloc::vec::Vec;
use core::{fmt, ops::Deref};

/// Bytes that may hold a card identifier: `Debug` shows how many there are, not what they are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Raw(pub Vec<u8>);

impl Deref for Raw {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Raw {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Raw {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

/// Writes an identifier for `Debug`: its name and last byte.
pub(crate) fn masked(f: &mut fmt::Formatter<'_>, name: &str, id: &[u8]) -> fmt::Result {
    match id.last() {
        Some(last) => write!(f, "{name}(..{last:02X})"),
        None => write!(f, "{name}()"),
    }
}
