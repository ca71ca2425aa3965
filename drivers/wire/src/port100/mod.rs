//! Commands of Sony's NFC Port-100 (RC-S380) and its answers, inside the frames of
//! [`sof`](crate::sof) as [`Family::Port100`](crate::sof::Family::Port100). Sony publishes no
//! manual; names are those that drivers in the open agree on.
//!
//! A command starts with D6, an answer with D7 and the command's code plus one. Numbers are
//! little-endian. The code alone says what an answer is.

mod answer;
mod command;
mod setting;

pub use answer::{Answer, CommStatus, Received, Status};
pub use command::{Command, Modulation, TgCommRf};
pub use setting::{Key, Setting};

/// First byte of a command.
const HOST_TO_CHIP: u8 = 0xD6;
/// First byte of an answer.
const CHIP_TO_HOST: u8 = 0xD7;

/// Command codes.
mod code {
    pub(super) const IN_SET_RF: u8 = 0x00;
    pub(super) const IN_SET_PROTOCOL: u8 = 0x02;
    pub(super) const IN_COMM_RF: u8 = 0x04;
    pub(super) const SWITCH_RF: u8 = 0x06;
    pub(super) const RESET_DEVICE: u8 = 0x12;
    pub(super) const GET_FIRMWARE_VERSION: u8 = 0x20;
    pub(super) const GET_PD_DATA_VERSION: u8 = 0x22;
    pub(super) const GET_COMMAND_TYPE: u8 = 0x28;
    pub(super) const SET_COMMAND_TYPE: u8 = 0x2A;
    pub(super) const TG_SET_RF: u8 = 0x40;
    pub(super) const TG_SET_PROTOCOL: u8 = 0x42;
    pub(super) const TG_COMM_RF: u8 = 0x48;
}
