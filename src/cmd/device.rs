//! `kazasu device`: what the device around a reader does, told to the running service.

use anyhow::{Result, bail};
use kazasu_registration::DeviceEvent;

use super::carry_out;
use crate::cli::Data;
use crate::control::{End, Request};
use crate::lines::Message;
use crate::out::Out;

pub(crate) async fn run(
    event: DeviceEvent,
    station: Option<String>,
    data: &Data,
    out: Out,
) -> Result<End> {
    let request = Request::Device { station, event: event.as_str().to_owned() };
    carry_out::<Message>(data, out, request, async |folder| {
        bail!("no service runs on {}: start it with `kazasu serve`", folder.path().display())
    })
    .await
}
