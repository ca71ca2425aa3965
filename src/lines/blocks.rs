use kazasu_hal::{CardIdentity, FelicaBlock, ReaderName};
use serde::{Deserialize, Serialize};

use crate::hex::{hex, unhex};
use crate::out::Line;

/// A block of a card's memory. Whoever asked for it sees it, and no log.
#[derive(Serialize, Deserialize)]
pub(crate) struct BlockLine {
    reader: String,
    technology: String,
    id: String,
    /// Service code, 4 hex digits.
    service: String,
    block: u16,
    /// 16 bytes in hex.
    data: String,
}

impl BlockLine {
    pub(crate) fn new(
        reader: &ReaderName,
        card: &CardIdentity,
        place: FelicaBlock,
        data: &[u8; 16],
    ) -> Self {
        Self {
            reader: reader.to_string(),
            technology: card.technology().to_string(),
            id: card.id().to_hex(),
            service: format!("{:04X}", place.service),
            block: place.block,
            data: hex(data),
        }
    }
}

impl Line for BlockLine {
    fn text(&self) -> String {
        let Self { id, service, block, data, .. } = self;
        let letter = |byte: u8| if byte == b' ' || byte.is_ascii_graphic() { byte } else { b'.' };
        let letters = unhex(data).unwrap_or_default().into_iter().map(letter);
        let letters: String = letters.map(char::from).collect();
        format!("{id}  {service}  {block:3}  {data}  |{letters}|")
    }
}
