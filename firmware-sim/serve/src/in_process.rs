use std::io;

use kazasu_sim::Pn532;
use tokio::io::{DuplexStream, duplex};

use crate::{
    alarm::Alarm,
    control::{ALREADY_PLUGGED, ALREADY_UNPLUGGED, Control, answer},
    pump::{Pump, Turn},
};

/// How many bytes wait in each direction.
const BUFFER: usize = 4096;

/// A simulated reader in this process. Clones reach the same one.
#[derive(Clone, Debug)]
pub struct InProcess {
    control: Control,
}

impl InProcess {
    pub(crate) fn new(control: Control) -> Self {
        Self { control }
    }

    /// Where to tell it control lines.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Opens the line to the reader: of a chip at a serial port, whose line whoever had it before
    /// loses; of a reader on USB, to speak usbredir on.
    ///
    /// # Errors
    /// `NotFound` while a serial port is unplugged, or after the simulator ended. `ResourceBusy`
    /// while another one has the reader on USB.
    pub async fn connect(&self) -> io::Result<DuplexStream> {
        self.control.connect().await
    }
}

/// A chip without a terminal, for a host in this process. Spawn the future: it runs the chip until
/// `quit`, or until nobody is left who could tell it anything.
pub fn in_process(device: Pn532) -> (InProcess, impl Future<Output = ()> + Send + use<>) {
    let (control, requests) = Control::channel();
    let mut pump = Pump::new(device, requests, Alarm::of_runtime());
    let mut plugged = true;
    let run = async move {
        loop {
            match pump.turn().await {
                Turn::Connect(reply) if plugged => {
                    let (host, chip) = duplex(BUFFER);
                    pump.connect(chip);
                    let _ = reply.send(Ok(host));
                }
                Turn::Connect(reply) => {
                    let unplugged = "the simulated reader is unplugged";
                    let _ = reply.send(Err(io::Error::new(io::ErrorKind::NotFound, unplugged)));
                }
                Turn::Unplug(reply) if plugged => {
                    pump.unplug();
                    plugged = false;
                    answer(reply, "ok unplugged");
                }
                Turn::Unplugged => plugged = false,
                Turn::Unplug(reply) => answer(reply, ALREADY_UNPLUGGED),
                Turn::Plug(reply) if plugged => answer(reply, ALREADY_PLUGGED),
                Turn::Plug(reply) => {
                    plugged = true;
                    answer(reply, "ok plugged");
                }
                Turn::Quit(reply) => {
                    answer(reply, "ok quit");
                    return;
                }
                // The host closed its end; it may come back.
                Turn::Closed(_) => {}
                Turn::Abandoned => return,
            }
        }
    };
    (InProcess::new(control), run)
}
