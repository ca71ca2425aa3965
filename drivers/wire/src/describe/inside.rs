use alloc::{boxed::Box, vec::Vec};

use super::Message;
use crate::{
    apdu::{self, Pseudo, tlv},
    atr, ccid, felica, pn532, port100,
};

/// What the data of a message say in the protocol that they carry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Inside {
    /// It.
    pub message: Message,
    /// And what is inside of that.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub inside: Option<Box<Inside>>,
}

impl Inside {
    /// `None` where the message carries nothing that is known.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let message = carried(message)?;
        // Each step takes an envelope off, so this ends.
        let inside = Self::of(&message).map(Box::new);
        Some(Self { message, inside })
    }
}

fn carried(message: &Message) -> Option<Message> {
    match message {
        Message::Pn532Command(pn532::Command::InDataExchange { data, .. })
        | Message::Pn532Command(pn532::Command::InCommunicateThru(data))
        | Message::Port100Command(port100::Command::InCommRf { data, .. }) => felica_command(data),
        Message::Pn532Answer(pn532::Answer::InDataExchange { data, .. })
        | Message::Pn532Answer(pn532::Answer::InCommunicateThru { data, .. }) => {
            felica_answer(data)
        }
        Message::Port100Answer(port100::Answer::InCommRf { received, .. }) => {
            felica_answer(&received.as_ref()?.data)
        }
        Message::CcidCommand(command) => match command.request {
            ccid::Request::XfrBlock { .. } | ccid::Request::Escape => {
                apdu::Command::decode(&command.data)
                    .or_else(|_| apdu::Command::decode_rcs300(&command.data))
                    .ok()
                    .map(Message::ApduCommand)
            }
            _ => None,
        },
        Message::CcidAnswer(answer) => match answer.response {
            ccid::Response::DataBlock { .. } | ccid::Response::Escape { .. } => {
                let atr = atr::Atr::decode(&answer.data).ok().map(Message::Atr);
                atr.or_else(|| apdu::Response::decode(&answer.data).ok().map(Message::ApduResponse))
            }
            _ => None,
        },
        Message::ApduCommand(command) => command.pseudo().map(Message::Reader),
        Message::Reader(Pseudo::Tunnel(data)) => pn532::Command::decode(data)
            .ok()
            .map(Message::Pn532Command)
            .or_else(|| felica_command(data)),
        Message::Reader(Pseudo::Transparent { objects, .. }) => {
            tlv::Object::decode_all(objects).ok().map(Message::Objects)
        }
        Message::ApduResponse(response) => pn532::Answer::decode_alone(&response.data)
            .ok()
            .map(Message::Pn532Answer)
            .or_else(|| felica_answer(&response.data))
            .or_else(|| objects(&response.data)),
        Message::Objects(objects) => {
            let data = |tag| objects.iter().find(|object| object.tag == tag);
            let sent = data(0x95).and_then(|object| felica_command(&object.value));
            sent.or_else(|| data(0x97).and_then(|object| felica_answer(&object.value)))
        }
        _ => None,
    }
}

fn felica_command(data: &[u8]) -> Option<Message> {
    felica::Command::decode(data).ok().map(Message::FelicaCommand)
}

fn felica_answer(data: &[u8]) -> Option<Message> {
    felica::Answer::decode(data).ok().map(Message::FelicaAnswer)
}

/// Answers of transparent exchange begin with the object that tells how it went.
fn objects(data: &[u8]) -> Option<Message> {
    let objects: Vec<_> = tlv::Object::decode_all(data).ok()?;
    let result = objects.first().is_some_and(|object| object.tag == 0xC0);
    result.then_some(Message::Objects(objects))
}
