//! The `kazasu` command: arguments, configuration, wiring; and what commands and the running
//! service say to each other, the words of the settings, certificates and key files. What
//! the device does lives in the crates.

mod claim;
mod cli;
mod cmd;
mod config;
mod control;
#[cfg(test)]
mod fuzz;
mod hex;
mod lines;
mod lock_file;
mod log;
mod out;
mod owner;
mod read_only;
mod selectors;
mod serve;
mod speak;

use std::alloc::System;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use zeroizing_alloc::ZeroAlloc;

use cli::{Cli, Command};
use control::End;
use log::Log;
use out::Out;

/// A typed password passes through buffers that are not ours to wipe: of the HTTP server, of TLS, of
/// forms while they are decoded. So memory is wiped as it is given back, whoever had it.
#[global_allocator]
static HEAP: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (log, end) = match Log::start(cli.verbose) {
        Ok(log) => (Some(log), owner::keep_secrets().and_then(|()| run(cli))),
        Err(error) => (None, Err(error)),
    };
    let end = end.unwrap_or_else(|error| {
        // Whoever reads our output through a pipe has seen enough.
        let closed = |e: &io::Error| e.kind() == ErrorKind::BrokenPipe;
        if error.downcast_ref::<io::Error>().is_some_and(closed) {
            return End::Done;
        }
        End::Error(format!("{error:#}"))
    });
    let (word, text, code) = match end {
        End::Done => return ExitCode::SUCCESS,
        End::No(text) => ("no", text, 1),
        End::Error(text) => ("error", text, 2),
    };
    let text = format!("{word}: {text}");
    match &log {
        Some(log) => log.say(&text),
        // Nothing is left to do where even standard error is closed.
        None => drop(writeln!(io::stderr(), "{text}")),
    }
    ExitCode::from(code)
}

fn run(cli: Cli) -> Result<End> {
    let out = Out::new(cli.json);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let end = runtime.block_on(async {
        log::survive_full_files();
        match cli.command {
            Command::Serve(serve) => serve::run(serve, out).await,
            Command::Watch { confirmed, own, place } => {
                cmd::watch::run(&place, own, confirmed, out).await
            }
            Command::Readers { identify, own, place } => {
                cmd::readers::run(&place, identify, own, out).await
            }
            Command::Sim(sim) => cmd::sim::run(sim, out).await,
            Command::User(user) => cmd::user::run(user, out).await,
            Command::Card(card) => cmd::card::run(card, out).await,
            Command::Audit(audit) => cmd::audit::run(audit, cli.json, out).await,
            Command::Config(config) => cmd::config::run(config, out).await,
            Command::Device(device) => cmd::device::run(device, out).await,
            Command::Directory(directory) => cmd::directory::run(directory, out).await,
            Command::Decode(args) => cmd::decode::run(&args, out),
            Command::Encode => cmd::encode::run(out),
            Command::Panel(panel) => cmd::panel::run(panel, out).await,
            Command::Backup { file, data } => cmd::backup::backup(&file, &data, out).await,
            Command::Restore { file, data } => cmd::backup::restore(&file, &data, out).await,
        }
    });
    // A thread that a library holds (a card that hangs in pcscd) must not keep the process.
    runtime.shutdown_background();
    end
}
