use std::io;

use kazasu_sim::Pn532;
use tokio::io::{DuplexStream, duplex};

use crate::{
    alarm::Alarm,
    control::{Control, answer},
    pump::{Pump, Turn},
};

/// How many bytes wait in each direction.
const BUFFER: usize = 4096;

/// A simulated chip in this process. Clones reach the same one.
#[derive(Clone, Debug)]
pub struct InProcess {
    control: Control,
}

impl InProcess {
    /// Where to tell it control lines.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Opens the line to the chip, as one opens a serial port; whoever had it before loses it.
    ///
    /// # Errors
    /// `NotFound` while it is unplugged or after it ended.
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
                Turn::Unplug(reply) => answer(reply, "error fault unplug: it is unplugged; plug"),
                Turn::Plug(reply) if plugged => {
                    answer(reply, "error plug: it is plugged in; fault unplug");
                }
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
    (InProcess { control }, run)
}
