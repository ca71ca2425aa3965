//! Puts a simulated device where a host can find it.
//!
//! ```text
//! control lines -> Control -> pump <-> pty (a link to it)      <- any serial driver, libnfc
//!                             pump <-> stream in this process  <- the same driver, in `serve --sim`
//!                             usbredir (TCP, or in process)    <- our driver, QEMU
//!                             vpcd (TCP)                       <- pcscd's virtual reader
//! ```
//! The devices themselves are in `kazasu-sim`; here are clock, lines and sockets only.

mod alarm;
mod control;
mod frame_log;
mod in_process;
mod pty;
mod pump;
mod run;
mod script;
mod usbredir;
mod vpcd;

use std::{io, net::SocketAddr, path::PathBuf};

pub use control::Control;
pub use in_process::{InProcess, in_process};
pub use pty::pty;
pub use run::{run_pcsc, run_pn532, run_rcs380};
pub use script::{Script, Step};
pub use usbredir::{usbredir, usbredir_in_process};
pub use vpcd::vpcd;

/// Why a simulator cannot run. Each is for the one who started it to mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that is not a link stands where the link should be.
    #[error("{path} exists and is not a symbolic link; nothing was changed")]
    NotALink {
        /// The path.
        path: PathBuf,
    },
    /// The link cannot be made.
    #[error("cannot make the link {path}: {source}")]
    Link {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system gives no pseudo-terminal, or it broke.
    #[error("pseudo-terminal: {0}")]
    Pty(io::Error),
    /// The file for the frames cannot be made.
    #[error("cannot write the frame log {path}: {source}")]
    FrameLog {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The script cannot be read.
    #[error("cannot read the script {path}: {source}")]
    ReadScript {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of the script is wrong.
    #[error("script {path}, line {number}: {reason}")]
    BadScript {
        /// The path.
        path: PathBuf,
        /// The line, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody can be waited for at this address.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address of vpcd makes no sense.
    #[error("{address} is no address of the form HOST:PORT: {source}")]
    Address {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Standard input, standard output or signals do not work.
    #[error("{0}")]
    Io(#[from] io::Error),
}
