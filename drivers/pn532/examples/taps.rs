//! Tells who is held over a PN532 on a serial port: `taps /dev/ttyUSB0`.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use kazasu_hal::{EventKind, Polling};
use kazasu_pn532::UartDiscoverer;
use kazasu_runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = std::env::args().nth(1).unwrap_or_else(|| "/dev/ttyUSB0".to_owned());
    let runtime = Runtime::default();
    let mut events = runtime.subscribe();
    runtime.open(vec![Box::new(UartDiscoverer::new(port, None, Polling::Normal))]);
    while let Ok(event) = events.recv().await {
        match event.kind {
            EventKind::Attached(info) => println!("{}: {}", info.name, info.model),
            EventKind::Presented(card) => println!("{}: a card", card.identity.id().to_hex()),
            EventKind::Confirmed(card) => println!("{}: for sure", card.identity.id().to_hex()),
            EventKind::Removed(_) => println!("gone"),
            EventKind::Fault(fault) => println!("{fault}"),
            _ => {}
        }
    }
}
