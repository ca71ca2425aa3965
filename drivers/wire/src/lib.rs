//! Bytes to typed messages and back, for hosts and for simulators alike.
//!
//! | module | what crosses it |
//! | --- | --- |
//! | [`sof`] | start-of-frame frames: the envelope of the PN53x family |
//! | [`pn532`] | commands and answers inside that envelope |
//! | [`felica`] | FeliCa commands and answers, CRC_F, MAC of Lite-S |
//! | [`iso14443a`] | type A activation: commands, identifiers, ATS, CRC_A |
//! | [`iso14443b`] | type B activation: commands, answers, CRC_B |
//! | [`apdu`] | short APDUs, commands to the reader itself, data objects of transparent exchange |
//! | [`port100`] | commands and answers of Sony's Port-100 |
//! | [`ccid`] | bulk messages of USB CCID readers |
//! | [`usbredir`] | a USB device at the other end of a byte stream |
//! | [`atr`] | ATRs that PC/SC readers make up for contactless cards |
//! | [`describe`] | any of these as a value with every field named, and back |
//!
//! Every message is encoded and decoded here, so a driver and a simulator cannot disagree by
//! having two tables; golden bytes in `corpus/` keep both honest. Nothing here does I/O, and no
//! input bytes make it panic. `Debug` never shows a whole card identifier.

#![no_std]

extern crate alloc;

pub mod apdu;
pub mod atr;
pub mod ccid;
mod cursor;
pub mod describe;
pub mod felica;
#[cfg(feature = "serde")]
mod hex;
pub mod iso14443a;
pub mod iso14443b;
pub mod pn532;
pub mod port100;
mod raw;
mod slots;
pub mod sof;
pub mod usbredir;

pub use cursor::DecodeError;
pub use raw::Raw;
