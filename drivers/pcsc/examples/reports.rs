//! Prints what the PC/SC driver reports, with seconds since the start: `reports [READER NAME]`.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::time::Duration;

use kazasu_hal::{Discoverer, Reader};
use kazasu_pcsc::PcscDiscoverer;
use tokio::{sync::mpsc, time};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut pcsc = PcscDiscoverer::new(std::env::args().nth(1));
    let start = time::Instant::now();
    loop {
        let (sender, mut found) = mpsc::channel::<Reader>(4);
        let printing = tokio::spawn(async move {
            while let Some(mut reader) = found.recv().await {
                tokio::spawn(async move {
                    let name = reader.info.name;
                    println!("{:7.3} {name}: attached", start.elapsed().as_secs_f64());
                    while let Some(report) = reader.reports.recv().await {
                        println!("{:7.3} {name}: {report:?}", start.elapsed().as_secs_f64());
                    }
                    println!("{:7.3} {name}: detached", start.elapsed().as_secs_f64());
                });
            }
        });
        let fault = pcsc.run(sender).await;
        println!("{:7.3} {}: {fault:?}", start.elapsed().as_secs_f64(), pcsc.selector());
        printing.abort();
        time::sleep(Duration::from_secs(1)).await;
    }
}
