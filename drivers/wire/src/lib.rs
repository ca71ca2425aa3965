//! Bytes to typed messages and back, for hosts and for simulators alike.
//!
//! | module | what crosses it |
//! | --- | --- |
//! | [`sof`] | start-of-frame frames: the envelope of the PN53x family |
//! | [`pn532`] | commands and answers inside that envelope |
//! | [`felica`] | FeliCa polling, as readers hand it over (length byte, no CRC) |
//! | [`iso14443a`] | type A identifiers, cascade levels, ATS, CRC_A |
//! | [`apdu`] | short APDUs and the PC/SC pseudo-APDU `GET DATA` |
//! | [`atr`] | ATRs that PC/SC readers make up for contactless cards |
//!
//! Every message is encoded and decoded here, so a driver and a simulator cannot disagree by
//! having two tables; golden bytes in `corpus/` keep both honest. Nothing here does I/O, and no
//! input bytes make it panic. `Debug` never shows a whole card identifier.

#![no_std]

extern crate alloc;

pub mod apdu;
pub mod atr;
mod cursor;
pub mod felica;
pub mod iso14443a;
pub mod pn532;
mod raw;
pub mod sof;

pub use cursor::DecodeError;
pub use raw::Raw;
