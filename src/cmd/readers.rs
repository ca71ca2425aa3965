//! `kazasu readers`: what is attached.

use anyhow::Result;

use super::carry_out;
use crate::cli::Place;
use crate::control::{End, Host, Request};
use crate::lines::ReaderLine;
use crate::out::Out;

pub(crate) async fn run(place: &Place, out: Out) -> Result<End> {
    let alone = async |folder: &_| Host::readers(place, folder);
    carry_out::<ReaderLine>(&place.data, out, Request::Readers, alone).await
}
