//! What FeliCa cards keep, and what they answer once they were found.

mod lite_s;
mod standard;

pub use lite_s::LiteS;
pub use standard::Standard;

use kazasu_wire::felica::{Answer, Command, StatusFlags};

use crate::card::FelicaCard;

/// A card's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Areas and services.
    Standard(Standard),
    /// The fixed blocks of a FeliCa Lite-S.
    LiteS(Box<LiteS>),
}

/// What a card forgets without power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// The number of the system that the last polling selected.
    pub(crate) system: u8,
    lite_s: lite_s::Session,
}

impl FelicaCard {
    /// Answers a command other than polling; `None` where the card stays silent, as cards do on
    /// whatever they do not know and on what names another IDm.
    pub(crate) fn respond(&mut self, session: &mut Session, command: &Command) -> Option<Answer> {
        if command.idm() != Some(self.idm_of(session.system)) {
            return None;
        }
        match &mut self.memory {
            Memory::Standard(memory) => memory.respond(&self.systems, session.system, command),
            Memory::LiteS(memory) => memory.respond(&mut session.lite_s, command),
        }
    }
}

/// Flag 1 names the first element of the block list that is refused, one bit for each of eight;
/// flag 2 says why.
fn refused(element: usize, why: u8) -> StatusFlags {
    StatusFlags([1_u8.rotate_left(u32::try_from(element % 8).unwrap_or_default()), why])
}

/// An error that belongs to no element.
fn refused_all(why: u8) -> StatusFlags {
    StatusFlags([0xFF, why])
}

/// Flag 2 of refusals.
mod why {
    pub(super) const SERVICE_COUNT: u8 = 0xA1;
    pub(super) const BLOCK_COUNT: u8 = 0xA2;
    pub(super) const SERVICE_PLACE: u8 = 0xA3;
    pub(super) const NOT_A_SERVICE: u8 = 0xA4;
    pub(super) const ACCESS: u8 = 0xA5;
    pub(super) const NO_SERVICE: u8 = 0xA6;
    pub(super) const ACCESS_MODE: u8 = 0xA7;
    pub(super) const BLOCK_NUMBER: u8 = 0xA8;
    pub(super) const CYCLIC_TOO_MANY: u8 = 0xAF;
    pub(super) const MAC: u8 = 0xB1;
    pub(super) const NO_CHALLENGE: u8 = 0xB2;
}
