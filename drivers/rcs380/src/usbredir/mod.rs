//! A reader behind usbredir: another machine's, or a simulated one.

mod pipe;

use std::{future::Future, pin::Pin};

use kazasu_hal::{Discoverer, Fault, Polling, Reader};
use kazasu_link::Label;
use tokio::sync::mpsc;

use self::pipe::UsbredirPipe;
use crate::drive::drive;

/// An RC-S380 that a usbredir server holds out over TCP.
#[derive(Debug)]
pub struct UsbredirDiscoverer {
    selector: String,
    address: String,
    polling: Polling,
}

impl UsbredirDiscoverer {
    /// The server at `address`, as in `127.0.0.1:4700`. The selector becomes the reader's name.
    #[must_use]
    pub fn new(address: impl Into<String>, polling: Polling) -> Self {
        let address = address.into();
        Self { selector: format!("rcs380:usbredir:{address}"), address, polling }
    }
}

impl Discoverer for UsbredirDiscoverer {
    fn selector(&self) -> &str {
        &self.selector
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(async move {
            match UsbredirPipe::open(&self.address).await {
                Ok((pipe, product)) => {
                    let label = Label::new("rcs380", &self.selector);
                    let label = Label { product: Some(product.name), ..label };
                    drive(&label, pipe, self.polling, &found).await
                }
                Err(fault) => fault,
            }
        })
    }
}
