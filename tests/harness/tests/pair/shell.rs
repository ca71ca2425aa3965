//! Discoverers at work, for the tests of their shells.

use std::time::Duration;

use kazasu_hal::{Card, Discoverer, Fault, Reader, Report};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::ids;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A discoverer in the background: why it ended, and its selector.
pub(crate) type Running = JoinHandle<(Fault, String)>;

/// Runs a discoverer once, in the background.
pub(crate) fn run(mut discoverer: impl Discoverer) -> (mpsc::Receiver<Reader>, Running) {
    let (sender, found) = mpsc::channel(1);
    let running = tokio::spawn(async move {
        let fault = discoverer.run(sender).await;
        (fault, discoverer.selector().to_owned())
    });
    (found, running)
}

/// Runs a discoverer until it has found its reader.
pub(crate) async fn found(discoverer: impl Discoverer) -> (Reader, Running) {
    let (mut found, running) = run(discoverer);
    (timeout(PATIENCE, found.recv()).await.unwrap().unwrap(), running)
}

/// The next round that sees just these.
pub(crate) async fn next_cards(reader: &mut Reader, expected: &[&str]) -> Vec<Card> {
    timeout(PATIENCE, async {
        loop {
            match reader.reports.recv().await.unwrap() {
                Report::Field(cards) if ids(&cards) == expected => return cards,
                _ => {}
            }
        }
    })
    .await
    .unwrap()
}

/// Why it ended, and its selector.
pub(crate) async fn ended(running: Running) -> (Fault, String) {
    timeout(PATIENCE, running).await.unwrap().unwrap()
}
