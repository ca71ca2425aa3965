//! `kazasu panel`: the address of the running service's panel, and the browsers paired with it.

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;

use super::carry_out;
use crate::cli::{Data, Panel, PanelCommand};
use crate::control::{End, Request};
use crate::lines::{Message, PanelLine, PanelLink};
use crate::out::{Line, Out};

pub(crate) async fn run(panel: Panel, out: Out) -> Result<End> {
    match panel.command {
        None => ask::<Message>(&panel.data, out, Request::Panel).await,
        Some(PanelCommand::Pair { station, label, data }) => {
            ask::<PanelLink>(&data, out, Request::PanelPair { station, label }).await
        }
        Some(PanelCommand::List { data }) => ask::<PanelLine>(&data, out, Request::PanelList).await,
        Some(PanelCommand::Revoke { which, data }) => {
            ask::<Message>(&data, out, Request::PanelRevoke { number: which.number }).await
        }
    }
}

async fn ask<L: Line + DeserializeOwned>(data: &Data, out: Out, request: Request) -> Result<End> {
    carry_out::<L>(data, out, request, async |folder| {
        bail!("no service runs on {}: start it with `kazasu serve`", folder.path().display())
    })
    .await
}
