//! Reads block 0 of service 000B of each FeliCa card that is held over an RC-S380, as a FeliCa Lite-S
//! has it, while taps go on: `blocks`, or `blocks ADDRESS` for a reader behind usbredir.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::time::Duration;

use kazasu_hal::{Discoverer, EventKind, FelicaBlock, Operation, Polling};
use kazasu_rcs380::{UsbDiscoverer, UsbredirDiscoverer};
use kazasu_runtime::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let way: Box<dyn Discoverer> = match std::env::args().nth(1) {
        Some(address) => Box::new(UsbredirDiscoverer::new(address, Polling::Normal)),
        None => Box::new(UsbDiscoverer::new(None, Polling::Normal)),
    };
    let runtime = Runtime::default();
    let mut events = runtime.subscribe();
    runtime.open(vec![way]);
    while let Ok(event) = events.recv().await {
        match event.kind {
            EventKind::Presented(_) => {
                let block = FelicaBlock { service: 0x000B, block: 0 };
                let read = Operation::FelicaRead(vec![block]);
                match runtime.request(&event.reader, read, Duration::from_secs(1)).await {
                    Ok(answer) => println!("{:02X?}", answer.blocks),
                    Err(error) => println!("{}: {}", event.reader, error.cause()),
                }
            }
            EventKind::Fault(fault) => println!("{fault}"),
            _ => {}
        }
    }
}
