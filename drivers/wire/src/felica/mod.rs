//! FeliCa (JIS X 6319-4): commands of a reader and answers of a card, as readers hand them over: a
//! message begins with its length byte, which counts itself; [`frame`] adds what else is on the air.
//!
//! Codes of services and areas are little-endian on the air, system codes big-endian. Cards do not
//! answer a command that they do not know, that has another length, or that names another IDm.

mod answer;
mod blocks;
mod command;
pub mod frame;
pub mod mac;
mod polling;
mod rate;

use core::fmt;

pub use crate::slots::Slots;
pub use answer::{Answer, Flagged, Found, StatusFlags};
pub use blocks::{BlockError, BlockRequest};
pub use command::{Block, BlockElement, Command, Reserved};
pub use polling::{Polling, PollingAnswer, Request};
pub use rate::Rate;

use crate::raw::masked;

/// Command codes; an answer has the code of its command plus one.
mod code {
    pub(super) const POLLING: u8 = 0x00;
    pub(super) const REQUEST_SERVICE: u8 = 0x02;
    pub(super) const REQUEST_RESPONSE: u8 = 0x04;
    pub(super) const READ_WITHOUT_ENCRYPTION: u8 = 0x06;
    pub(super) const WRITE_WITHOUT_ENCRYPTION: u8 = 0x08;
    pub(super) const SEARCH_SERVICE_CODE: u8 = 0x0A;
    pub(super) const REQUEST_SYSTEM_CODE: u8 = 0x0C;
    pub(super) const REQUEST_SERVICE_V2: u8 = 0x32;
    pub(super) const GET_SYSTEM_STATUS: u8 = 0x38;
    pub(super) const REQUEST_PRODUCT_INFORMATION: u8 = 0x3A;
    pub(super) const REQUEST_SPECIFICATION_VERSION: u8 = 0x3C;
    pub(super) const RESET_MODE: u8 = 0x3E;
    /// First byte of an echo; the second is 00, in both directions.
    pub(super) const ECHO: u8 = 0xF0;
}

/// The system code that every card answers, as its system 0.
pub const SYSTEM_ANY: u16 = 0xFFFF;

/// Manufacture ID. Its high nibble is the number of the system on the card. `Debug` masks it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Idm(#[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] pub [u8; 8]);

impl fmt::Debug for Idm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked(f, "Idm", &self.0)
    }
}

/// Manufacture parameters: byte 1 is the IC type, bytes 2 to 7 are maximum response times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pmm(#[cfg_attr(feature = "serde", serde(with = "crate::hex::bytes"))] pub [u8; 8]);
