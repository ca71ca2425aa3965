//! `kazasu watch`: tap events, as they happen.

use anyhow::Result;

use super::carry_out;
use crate::cli::Place;
use crate::control::{End, Host, Request};
use crate::lines::EventLine;
use crate::out::Out;

pub(crate) async fn run(place: &Place, out: Out) -> Result<End> {
    let alone = async |folder: &_| Host::readers(place, folder);
    carry_out::<EventLine>(&place.data, out, Request::Watch, alone).await
}
