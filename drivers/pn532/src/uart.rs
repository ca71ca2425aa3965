use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
};

use kazasu_hal::{Discoverer, Fault, FaultKind, Reader};
use tokio::sync::mpsc;
use tokio_serial::{ErrorKind, SerialPortBuilderExt, SerialStream};

use crate::stream::pump;

/// The rate of a PN532 after a reset, in bit/s; 8 data bits, no parity, 1 stop bit.
pub const BAUD_DEFAULT: u32 = 115_200;

/// A PN532 at a serial port, a pseudo-terminal or a symbolic link to one.
#[derive(Debug)]
pub struct UartDiscoverer {
    selector: String,
    path: PathBuf,
    baud: u32,
}

impl UartDiscoverer {
    /// The port at `path`, at `baud` bit/s (usually [`BAUD_DEFAULT`]).
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, baud: u32) -> Self {
        let path = path.into();
        let mut selector = format!("pn532:uart:{}", path.display());
        if baud != BAUD_DEFAULT {
            selector = format!("{selector}@{baud}");
        }
        Self { selector, path, baud }
    }
}

impl Discoverer for UartDiscoverer {
    fn selector(&self) -> &str {
        &self.selector
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(async move {
            match open(&self.path, self.baud) {
                Ok(port) => pump(&self.selector, port, &found).await,
                Err(error) => open_fault(&self.path, &error),
            }
        })
    }
}

fn open(path: &Path, baud: u32) -> tokio_serial::Result<SerialStream> {
    // The format is 8N1 unless told otherwise. The port is locked, so that a second program (or a
    // second one of us) is told instead of mixing its frames with ours.
    tokio_serial::new(path.to_string_lossy(), baud).open_native_async()
}

fn open_fault(path: &Path, error: &tokio_serial::Error) -> Fault {
    let port = path.display();
    match error.kind {
        ErrorKind::Io(io::ErrorKind::NotFound) => Fault::new(
            FaultKind::NotFound,
            format!("there is no serial port {port}: plug the reader in or correct the path"),
        ),
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => Fault::new(
            FaultKind::PermissionDenied,
            format!(
                "this account may not open {port}: add it to the group that owns the port \
                 (`ls -l {port}` shows which)"
            ),
        ),
        // What the serial port library makes of EBUSY and of a lock that is taken.
        ErrorKind::NoDevice => Fault::new(
            FaultKind::Busy,
            format!("another program holds {port}: `fuser {port}` shows which; close it"),
        ),
        _ => Fault::new(FaultKind::Link, format!("cannot open {port} as a serial port: {error}")),
    }
}
