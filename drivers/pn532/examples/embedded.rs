//! A session without a runtime: over any stream of embedded-io that tells whether bytes wait, and a
//! clock. [`drive`] is as it stands on a microcontroller; the rest lends it a serial port of this machine.
//!
//! ```sh
//! cargo run -p kazasu-pn532 --example embedded -- /dev/ttyUSB0
//! ```
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example says what it does")]

use std::{
    env, io,
    time::{Duration, Instant},
};

use embedded_io::{Error, ErrorType, Read, ReadReady, Write};
use kazasu_hal::{Cause, Fault, FaultKind, Mono, Report};
use kazasu_link::{Input, Output, Session as _};
use kazasu_pn532::{Session, Settings};
use serialport::SerialPort;

/// Hands over what each round saw, until the reader is lost; why it was.
fn drive<S: Read + ReadReady + Write>(
    stream: &mut S,
    clock: impl Fn() -> Duration,
    mut seen: impl FnMut(Report),
) -> Fault {
    let lost = |error: S::Error| {
        let places = vec![("why", format!("{:?}", error.kind()).into())];
        Fault::new(FaultKind::Link, Cause { word: "stream-broke", places })
    };
    let mut session = Session::new(Mono(clock()), &Settings::default());
    let mut buffer = [0; 64];
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => {
                    if let Err(error) = stream.write_all(&bytes) {
                        return lost(error);
                    }
                }
                Output::Report(report) => seen(report),
                // Nobody asked, and the settings name no other rate.
                Output::Attached(_) | Output::SetRate(_) | Output::Replied(_) => {}
            }
        }
        let read = match stream.read_ready() {
            Ok(true) => stream.read(&mut buffer),
            Ok(false) => Ok(0),
            Err(error) => return lost(error),
        };
        let handled = match read {
            Ok(count @ 1..) => {
                session.handle(Mono(clock()), Input::Bytes(buffer.get(..count).unwrap_or_default()))
            }
            // Looks at the time itself, and does nothing before it has come.
            Ok(0) => session.handle(Mono(clock()), Input::Timeout),
            Err(error) => return lost(error),
        };
        if let Err(fault) = handled {
            return fault;
        }
    }
}

/// A serial port of this machine, as a microcontroller has one.
struct Port(Box<dyn SerialPort>);

impl ErrorType for Port {
    type Error = io::Error;
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> io::Result<bool> {
        Ok(self.0.bytes_to_read()? > 0)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn main() -> io::Result<()> {
    let path = env::args().nth(1).unwrap_or_else(|| "/dev/ttyUSB0".to_owned());
    let mut port = Port(serialport::new(path, kazasu_pn532::BAUD_DEFAULT).open()?);
    let start = Instant::now();
    let fault = drive(&mut port, || start.elapsed(), |report| println!("{report:?}"));
    println!("{fault}");
    Ok(())
}
