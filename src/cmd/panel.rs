//! `kazasu panel`: the address of the running service's panel.

use anyhow::{Result, bail};

use super::carry_out;
use crate::cli::Data;
use crate::control::{End, Request};
use crate::lines::Message;
use crate::out::Out;

pub(crate) async fn run(data: &Data, out: Out) -> Result<End> {
    carry_out::<Message>(data, out, Request::Panel, async |folder| {
        bail!("no service runs on {}: start it with `kazasu serve`", folder.path().display())
    })
    .await
}
