//! `kazasu sim`: simulated readers.

use anyhow::{Result, bail};

use super::carry_out;
use crate::cli::Sim;
use crate::control::{End, Request};
use crate::lines::Message;
use crate::out::Out;

pub(crate) async fn run(command: Sim, out: Out) -> Result<End> {
    match command {
        Sim::Pn532 { link, script, log } => {
            kazasu_sim_serve::run_pn532(&link, script, log.as_deref()).await?;
        }
        Sim::Pcsc { vpcd, script } => kazasu_sim_serve::run_pcsc(&vpcd, script).await?,
        Sim::Tell { data, line } => {
            let request = Request::Sim { line: line.join(" ") };
            return carry_out::<Message>(&data, out, request, async |folder| {
                bail!(
                    "no service runs on {}: start it with `kazasu serve --sim FILE`",
                    folder.path().display()
                )
            })
            .await;
        }
    }
    Ok(End::Done)
}
