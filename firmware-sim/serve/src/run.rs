//! Simulators as commands: control lines on standard input or from a script, answers on standard
//! output.

use std::{
    io::{self, BufRead, Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
};

use kazasu_sim::{Line, PcscCard, Pn532, Rcs380, Seed, parse};
use tokio::{
    net::lookup_host,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::Instant,
};

use crate::{
    Control, Error,
    frame_log::FrameLog,
    pty::pty_with_log,
    script::{Script, Step},
    usbredir::usbredir_with_log,
    vpcd::vpcd,
};

/// The same cards in the same order draw the same slots and random UIDs in each run.
const SEED: Seed = Seed(1);
/// Of standard input: longer lines are cut, and then refused.
const LINE_MAX: u64 = 2048;

/// Simulates a PN532 at `link` until `quit` or a signal. The first line on standard output is
/// `ready LINK`; each control line is answered by one line.
///
/// `log` is a file for everything on the line, one piece a line: seconds since the start with six
/// places, `host` or `chip` for who sent it, the bytes in hex. It holds the cards' numbers in full.
///
/// # Errors
/// What keeps it from running.
pub async fn run_pn532(
    link: &Path,
    script: Option<PathBuf>,
    log: Option<&Path>,
) -> Result<(), Error> {
    let script = script.as_deref().map(Script::read).transpose()?;
    let log = log.map(FrameLog::create).transpose()?;
    let (control, run) = pty_with_log(link, Pn532::new(SEED), log)?;
    run_command(&link.display().to_string(), control, script, run).await
}

/// Simulates a card for the virtual reader of pcscd at `address` (HOST:PORT) until `quit` or a
/// signal. The first line on standard output is `ready ADDRESS`; each control line is answered by
/// one line.
///
/// # Errors
/// What keeps it from running. A reader that is not there is waited for.
pub async fn run_pcsc(address: &str, script: Option<PathBuf>) -> Result<(), Error> {
    let script = script.as_deref().map(Script::read).transpose()?;
    let bad = |source| Error::Address { address: address.to_owned(), source };
    let found = lookup_host(address).await.map_err(bad)?.next();
    let found = found.ok_or_else(|| bad(io::ErrorKind::NotFound.into()))?;
    let (control, run) = vpcd(found, PcscCard::new(SEED));
    run_command(address, control, script, run).await
}

/// Simulates an RC-S380 for usbredir peers at `address` until `quit` or a signal; port 0 takes a free
/// one. The first line on standard output is `ready ADDRESS`; each control line is answered by one
/// line. `serial` is its serial number, `log` as for [`run_pn532`], a piece being a bulk transfer.
///
/// # Errors
/// What keeps it from running.
pub async fn run_rcs380(
    address: SocketAddr,
    serial: &str,
    script: Option<PathBuf>,
    log: Option<&Path>,
) -> Result<(), Error> {
    let script = script.as_deref().map(Script::read).transpose()?;
    let log = log.map(FrameLog::create).transpose()?;
    let device = Rcs380::new(SEED).with_serial(serial);
    let (address, control, run) = usbredir_with_log(address, device, log).await?;
    run_command(&address.to_string(), control, script, run).await
}

async fn run_command(
    place: &str,
    control: Control,
    script: Option<Script>,
    run: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    say(&format!("ready {place}"))?;
    let talk = async {
        match script {
            Some(script) => script.play(&control, |answer| drop(say(&answer))).await,
            None => converse(&control).await?,
        }
        Ok(())
    };
    // The end of the lines is not the end of the simulator.
    let both = async { tokio::try_join!(run, talk).map(|_| ()) };
    tokio::select! {
        result = both => result,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

/// Tells the lines of standard input until it ends or one of them says `quit`.
async fn converse(control: &Control) -> Result<(), Error> {
    let start = Instant::now();
    let (sender, mut lines) = mpsc::channel(1);
    // Reading standard input cannot be interrupted; a thread of its own dies with the process.
    thread::Builder::new().name("stdin".into()).spawn(move || read_lines(&sender))?;
    while let Some(line) = lines.recv().await {
        let answer = match Step::parse(&line) {
            Ok(None) => continue,
            Ok(Some(step)) => {
                let answer = step.tell(control, start).await;
                if parse(&step.line) == Ok(Line::Quit) {
                    say(&answer)?;
                    return Ok(());
                }
                answer
            }
            Err(reason) => format!("error {reason}"),
        };
        say(&answer)?;
    }
    Ok(())
}

fn read_lines(lines: &mpsc::Sender<String>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
            Err(_) | Ok(0) => return,
            Ok(_) if line.len() as u64 == LINE_MAX && !line.ends_with(b"\n") => {
                let _ = input.skip_until(b'\n');
            }
            Ok(_) => {}
        }
        if lines.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
    }
}

/// Whoever closes our standard output does not want to hear more.
fn say(line: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
