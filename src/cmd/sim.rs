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
        Sim::Rcs380 { usbredir, insecure_usbredir, serial, script, log } => {
            if !usbredir.ip().is_loopback() && !insecure_usbredir {
                bail!(
                    "{usbredir} is not a loopback address, and whoever reaches it could use the \
                     reader: listen at 127.0.0.1, or add --insecure-usbredir"
                );
            }
            kazasu_sim_serve::run_rcs380(usbredir, &serial, script, log.as_deref()).await?;
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
