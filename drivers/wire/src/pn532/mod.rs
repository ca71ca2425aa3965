//! Commands of an NXP PN532 and its answers (NXP UM0701-02 section 7), inside the frames of
//! [`sof`](crate::sof). Names are those of the manual.
//!
//! A command starts with D4, an answer with D5 and the command's code plus one. An answer cannot
//! be read without its command: the layout of a target depends on what was asked for.

mod answer;
mod command;
mod initiator;
mod status;
mod target;

pub use answer::{Answer, TargetStatus};
pub use command::{BaudRate, Command, RegisterWrite, RfItem, SamConfiguration, SamMode};
pub use initiator::Initiator;
pub use status::{Status, StatusCode};
pub use target::{AutoPollTarget, FelicaTarget, JewelTarget, Target, TypeATarget, TypeBTarget};

/// First byte of a command.
const HOST_TO_CHIP: u8 = 0xD4;
/// First byte of an answer.
const CHIP_TO_HOST: u8 = 0xD5;

/// Command codes.
mod code {
    pub(super) const DIAGNOSE: u8 = 0x00;
    pub(super) const GET_FIRMWARE_VERSION: u8 = 0x02;
    pub(super) const GET_GENERAL_STATUS: u8 = 0x04;
    pub(super) const READ_REGISTER: u8 = 0x06;
    pub(super) const WRITE_REGISTER: u8 = 0x08;
    pub(super) const SET_SERIAL_BAUD_RATE: u8 = 0x10;
    pub(super) const SET_PARAMETERS: u8 = 0x12;
    pub(super) const SAM_CONFIGURATION: u8 = 0x14;
    pub(super) const POWER_DOWN: u8 = 0x16;
    pub(super) const RF_CONFIGURATION: u8 = 0x32;
    pub(super) const IN_DATA_EXCHANGE: u8 = 0x40;
    pub(super) const IN_COMMUNICATE_THRU: u8 = 0x42;
    pub(super) const IN_DESELECT: u8 = 0x44;
    pub(super) const IN_LIST_PASSIVE_TARGET: u8 = 0x4A;
    pub(super) const IN_RELEASE: u8 = 0x52;
    pub(super) const IN_SELECT: u8 = 0x54;
    pub(super) const IN_AUTO_POLL: u8 = 0x60;
}
