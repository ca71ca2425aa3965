use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use kazasu_hal::{Discoverer, Fault, FaultKind, Polling, Reader};
use kazasu_link::{Control, Way, WayError};
use tokio::sync::mpsc;
use tokio_serial::{ErrorKind, SerialPort, SerialPortBuilderExt, SerialStream};

use crate::{
    BAUD_DEFAULT, Learned, Settings, cause,
    stream::{Stream, drive},
};

/// Rates of a serial line above 115200 bit/s that a PN532 knows and serial ports know too, the
/// highest first.
const HIGH_RATES: [u32; 3] = [921_600, 460_800, 230_400];
/// How long to wait before looking at the port again, while nothing can be waited for otherwise.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A PN532 at a serial port, a pseudo-terminal or a symbolic link to one.
#[derive(Debug)]
pub struct UartDiscoverer {
    selector: String,
    path: PathBuf,
    /// What is known of the line; above its rate it does not hold, or is not wanted.
    learned: Learned,
    polling: Polling,
}

impl UartDiscoverer {
    /// The port at `path`. The line runs at the highest rate that chip and port hold, but not above
    /// `baud_max` bit/s; below [`BAUD_DEFAULT`] it is the rate itself.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, baud_max: Option<u32>, polling: Polling) -> Self {
        let path = path.into();
        let mut selector = format!("pn532:uart:{}", path.display());
        if let Some(baud) = baud_max {
            selector = format!("{selector}@{baud}");
        }
        let rate_max = baud_max.unwrap_or(u32::MAX);
        let learned = Learned { rate_max, ..Learned::default() };
        Self { selector, path, learned, polling }
    }

    fn settings(&self, port: &mut SerialStream) -> Settings {
        let learned = self.learned;
        let rate = BAUD_DEFAULT.min(learned.rate_max);
        let accepts = |high: &u32| port.set_baud_rate(*high).is_ok();
        let rates = HIGH_RATES.into_iter().filter(accepts).collect();
        Settings { rate, rates, learned, polling: self.polling }
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
            let opened = open(&self.path).and_then(|mut port| {
                let settings = self.settings(&mut port);
                port.set_baud_rate(settings.rate)?;
                Ok((port, settings))
            });
            match opened {
                Ok((port, mut settings)) => {
                    let way = Port(Stream::new(port));
                    let fault = drive(&self.selector, way, &mut settings, found).await;
                    self.learned = settings.learned;
                    fault
                }
                Err(error) => open_fault(&self.path, &error),
            }
        })
    }
}

/// A serial port, which has a rate, and whose other end does not see that it is closed.
struct Port(Stream<SerialStream>);

impl Way for Port {
    async fn send(&mut self, bytes: Bytes) -> Result<(), WayError> {
        self.0.send(bytes).await
    }

    async fn receive(&mut self) -> Result<Bytes, WayError> {
        self.0.receive().await
    }

    async fn control(&mut self, control: Control) -> Result<(), WayError> {
        match control {
            Control::SetRate(rate) => self
                .0
                .stream
                .set_baud_rate(rate)
                .map_err(|error| WayError::closed(error.to_string())),
            Control::ClearHalt(_) => Err(WayError::closed(cause::never_halts())),
        }
    }

    fn send_now(&mut self, bytes: Bytes) -> bool {
        self.0.stream.try_write(&bytes).is_ok_and(|count| count == bytes.len())
    }

    #[expect(clippy::disallowed_methods, reason = "an adapter, where nothing can be awaited")]
    fn receive_now(&mut self, within: Duration) -> Result<Option<Bytes>, WayError> {
        let start = Instant::now();
        let mut buffer = [0; 64];
        loop {
            match self.0.stream.try_read(&mut buffer) {
                Ok(0) => return Err(WayError::closed(cause::closed())),
                Ok(count) => return Ok(buffer.get(..count).map(Bytes::copy_from_slice)),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Err(WayError::closed(error.to_string()));
                }
                Err(_) if start.elapsed() >= within => return Ok(None),
                Err(_) => thread::sleep(LOOK_AGAIN),
            }
        }
    }
}

fn open(path: &Path) -> tokio_serial::Result<SerialStream> {
    // The format is 8N1 unless told otherwise. The port is locked, so that a second program (or a
    // second one of us) is told instead of mixing its frames with ours.
    tokio_serial::new(path.to_string_lossy(), BAUD_DEFAULT).open_native_async()
}

fn open_fault(path: &Path, error: &tokio_serial::Error) -> Fault {
    let port = path.display().to_string();
    match error.kind {
        ErrorKind::Io(io::ErrorKind::NotFound) => {
            Fault::new(FaultKind::NotFound, cause::no_port(port))
        }
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            Fault::new(FaultKind::PermissionDenied, cause::port_forbidden(port))
        }
        // What the serial port library makes of EBUSY and of a lock that is taken.
        ErrorKind::NoDevice => Fault::new(FaultKind::Busy, cause::port_held(port)),
        _ => Fault::new(FaultKind::Link, cause::port_unusable(port, error.to_string())),
    }
}
