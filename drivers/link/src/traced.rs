use std::time::Duration;

use bytes::Bytes;
use kazasu_wire::sof::{Decoder, Family};
use tracing::Level;

use crate::{Control, Way, WayError};

/// A way whose frames are logged as directions, codes and lengths: the bytes may hold card
/// identifiers.
#[derive(Debug)]
pub struct Traced<'a, W> {
    way: W,
    reader: &'a str,
    sent: Decoder,
    received: Decoder,
}

impl<'a, W: Way> Traced<'a, W> {
    /// The way to this reader, which speaks in frames of this family.
    pub fn new(way: W, reader: &'a str, family: Family) -> Self {
        let decoder = || Decoder::for_family(family);
        Self { way, reader, sent: decoder(), received: decoder() }
    }
}

impl<W: Way> Way for Traced<'_, W> {
    async fn send(&mut self, bytes: Bytes) -> Result<(), WayError> {
        log(&mut self.sent, &bytes, self.reader, "sent");
        self.way.send(bytes).await
    }

    async fn receive(&mut self) -> Result<Bytes, WayError> {
        let bytes = self.way.receive().await?;
        log(&mut self.received, &bytes, self.reader, "received");
        Ok(bytes)
    }

    async fn control(&mut self, control: Control) -> Result<(), WayError> {
        tracing::debug!(reader = self.reader, ?control, "control");
        self.way.control(control).await
    }

    fn send_now(&mut self, bytes: Bytes) -> bool {
        log(&mut self.sent, &bytes, self.reader, "sent");
        self.way.send_now(bytes)
    }

    fn receive_now(&mut self, within: Duration) -> Result<Option<Bytes>, WayError> {
        let bytes = self.way.receive_now(within)?;
        log(&mut self.received, bytes.as_deref().unwrap_or_default(), self.reader, "received");
        Ok(bytes)
    }
}

fn log(decoder: &mut Decoder, bytes: &[u8], reader: &str, direction: &str) {
    if !tracing::enabled!(Level::TRACE) {
        return;
    }
    decoder.push(bytes);
    while let Some(frame) = decoder.next_frame() {
        match frame {
            Ok(frame) => tracing::trace!(reader, direction, ?frame),
            Err(error) => tracing::trace!(reader, direction, %error, "not a frame"),
        }
    }
}
