//! A pseudo-terminal in place of a serial port.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::{fd::OwnedFd, unix::fs::symlink},
    path::{Path, PathBuf},
    process,
};

use kazasu_sim::Pn532;
use nix::{
    fcntl::{FcntlArg, FdFlag, OFlag, fcntl},
    pty::openpty,
    sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
    unistd::ttyname,
};
use tokio::{
    io::{Join, join},
    net::unix::pipe,
};

use crate::{
    Error,
    alarm::Alarm,
    control::{ALREADY_PLUGGED, ALREADY_UNPLUGGED, Control, answer},
    frame_log::FrameLog,
    pump::{Pump, Turn},
};

/// Puts a chip on a new pseudo-terminal and makes `link` point to it; the link is there when this
/// returns. An older link is replaced, anything else is left alone.
///
/// The future runs the chip until `quit` and removes the link at its end, or when dropped. `fault
/// unplug` closes the terminal and removes the link; `plug` makes new ones.
///
/// # Errors
/// No pseudo-terminal, or no link. Needs a tokio runtime.
pub fn pty(
    link: &Path,
    device: Pn532,
) -> Result<(Control, impl Future<Output = Result<(), Error>> + Send + use<>), Error> {
    pty_with_log(link, device, None)
}

/// The same, with all bytes written down.
pub(crate) fn pty_with_log(
    link: &Path,
    device: Pn532,
    log: Option<FrameLog>,
) -> Result<(Control, impl Future<Output = Result<(), Error>> + Send + use<>), Error> {
    let (control, requests) = Control::channel();
    let mut pump = Pump::new(device, requests, Alarm::precise());
    if let Some(log) = log {
        pump.log_to(log);
    }
    let path = link.to_owned();
    let mut link = Some(plug(&path, &mut pump)?);
    let run = async move {
        loop {
            match pump.turn().await {
                Turn::Unplug(reply) if link.is_some() => {
                    pump.unplug();
                    link = None;
                    answer(reply, "ok unplugged");
                }
                Turn::Unplugged => link = None,
                Turn::Unplug(reply) => answer(reply, ALREADY_UNPLUGGED),
                Turn::Plug(reply) if link.is_some() => answer(reply, ALREADY_PLUGGED),
                Turn::Plug(reply) => match plug(&path, &mut pump) {
                    Ok(made) => {
                        link = Some(made);
                        answer(reply, "ok plugged");
                    }
                    Err(error) => answer(reply, format!("error plug: {error}")),
                },
                Turn::Quit(reply) => {
                    drop(link.take());
                    answer(reply, "ok quit");
                    return Ok(());
                }
                Turn::Connect(reply) => {
                    let _ = reply.send(Err(io::ErrorKind::Unsupported.into()));
                }
                Turn::Closed(error) => return Err(Error::Pty(error)),
                Turn::Abandoned => return Ok(()),
            }
        }
    };
    Ok((control, run))
}

fn plug(path: &Path, pump: &mut Pump<Terminal>) -> Result<Link, Error> {
    let (terminal, host_end, target) = open_terminal().map_err(Error::Pty)?;
    let link = Link::make(path, target, host_end)?;
    pump.connect(terminal);
    tracing::debug!(link = %path.display(), terminal = %link.target.display(), "plugged");
    Ok(link)
}

/// The chip's end of a pseudo-terminal: two handles of one file.
type Terminal = Join<pipe::Receiver, pipe::Sender>;

/// Opens a pseudo-terminal that passes bytes on as they are. Gives the chip's end, and the host's
/// end with its path.
fn open_terminal() -> io::Result<(Terminal, OwnedFd, PathBuf)> {
    let pair = openpty(None, None)?;
    // No echo, no line discipline.
    let mut settings = tcgetattr(&pair.slave)?;
    cfmakeraw(&mut settings);
    tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
    let path = ttyname(&pair.slave)?;
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))?;
    let master = File::from(pair.master);
    // Any file that can be polled will do; a terminal needs nothing that a pipe has not.
    let read = pipe::Receiver::from_file_unchecked(master.try_clone()?)?;
    let write = pipe::Sender::from_file_unchecked(master)?;
    Ok((join(read, write), pair.slave, path))
}

/// The link, as long as it lives.
struct Link {
    path: PathBuf,
    target: PathBuf,
    /// The host's end, kept open so that a host which closes it does not end the terminal.
    _host_end: OwnedFd,
}

impl Link {
    fn make(path: &Path, target: PathBuf, host_end: OwnedFd) -> Result<Self, Error> {
        let failed = |source| Error::Link { path: path.to_owned(), source };
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_symlink() => {
                return Err(Error::NotALink { path: path.to_owned() });
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        // Made beside and moved over it: at no time is there a wrong link, or none.
        let Some(name) = path.file_name() else {
            return Err(failed(io::ErrorKind::InvalidFilename.into()));
        };
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}", process::id()));
        let beside = path.with_file_name(beside);
        let made = symlink(&target, &beside).and_then(|()| fs::rename(&beside, path));
        if let Err(error) = made {
            let _ = fs::remove_file(&beside);
            return Err(failed(error));
        }
        Ok(Self { path: path.to_owned(), target, _host_end: host_end })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Another simulator may have taken the link over.
        if fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
