//! `kazasu readers`: what is attached, and which one is which.

use anyhow::Result;
use serde::Serialize;

use super::{carry_out, follow::follow};
use crate::cli::Place;
use crate::control::{End, Host, Request};
use crate::lines::{EventLine, ReaderLine};
use crate::out::{Line, Out};
use crate::speak;

pub(crate) async fn run(place: &Place, identify: bool, own: bool, out: Out) -> Result<End> {
    if identify {
        return follow(place, own, out, |line| Ok(out.line(&Held(line))?)).await;
    }
    let alone = async |folder: &_| Host::readers(place, folder);
    let request = Request::Readers { lang: speak::lang().into() };
    carry_out::<ReaderLine>(&place.data, out, request, alone).await
}

/// An event, told so that equal readers can be told apart: hold a card on one and read its name.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Held(EventLine);

impl Line for Held {
    fn text(&self) -> String {
        let EventLine { event, reader, .. } = &self.0;
        match event.as_str() {
            "presented" => format!("a card is held on {reader}"),
            "removed" => format!("the card left {reader}"),
            "multiple" => format!("several cards are held on {reader}"),
            "confirmed" => format!("the card on {reader} was read twice"),
            "attached" => format!("{reader} is there: hold a card on a reader to see which it is"),
            _ => self.0.text(),
        }
    }
}
