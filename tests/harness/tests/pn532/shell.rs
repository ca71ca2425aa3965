use std::{fs, os::unix::fs::symlink, time::Duration};

use kazasu_hal::{Card, Discoverer, Fault, FaultKind, Reader, Report};
use kazasu_pn532::{BAUD_DEFAULT, StreamDiscoverer, UartDiscoverer};
use kazasu_sim::{Pn532, Seed};
use kazasu_sim_serve::{InProcess, in_process, pty};
use tokio::{sync::mpsc, time::timeout};

use crate::ids;

const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a discoverer once, in the background.
fn run(
    mut discoverer: impl Discoverer,
) -> (mpsc::Receiver<Reader>, tokio::task::JoinHandle<(Fault, String)>) {
    let (sender, found) = mpsc::channel(1);
    let running = tokio::spawn(async move {
        let fault = discoverer.run(sender).await;
        (fault, discoverer.selector().to_owned())
    });
    (found, running)
}

async fn next_cards(reader: &mut Reader, expected: &[&str]) -> Vec<Card> {
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

fn over(sim: &InProcess) -> impl Discoverer + use<> {
    let sim = sim.clone();
    StreamDiscoverer::new("pn532:sim", move || {
        let sim = sim.clone();
        async move { sim.connect().await }
    })
}

#[tokio::test(start_paused = true)]
async fn a_simulated_reader_in_this_process_is_found_read_and_lost() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let (mut found, running) = run(over(&sim));
    let mut reader = timeout(PATIENCE, found.recv()).await.unwrap().unwrap();
    assert_eq!(reader.info.name.0, "pn532:sim");
    assert_eq!((reader.info.driver, &*reader.info.model), ("pn532", "PN532 firmware 1.6"));

    next_cards(&mut reader, &[]).await;
    sim.control().tell("put felica idm=012E4CE1000000A1").await;
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;

    sim.control().tell("fault unplug").await;
    while timeout(PATIENCE, reader.reports.recv()).await.unwrap().is_some() {}
    let (fault, selector) = timeout(PATIENCE, running).await.unwrap().unwrap();
    assert_eq!(fault.kind, FaultKind::Link, "{fault}");
    assert!(fault.message.contains("pn532:sim"), "{fault}");
    assert_eq!(selector, "pn532:sim");

    // Still away, then back: what the runtime does, by hand.
    let (_found, running) = run(over(&sim));
    assert_eq!(timeout(PATIENCE, running).await.unwrap().unwrap().0.kind, FaultKind::Link);
    sim.control().tell("plug").await;
    let (mut found, _running) = run(over(&sim));
    let mut reader = timeout(PATIENCE, found.recv()).await.unwrap().unwrap();
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_let_go_is_closed() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let (mut found, running) = run(over(&sim));
    drop(timeout(PATIENCE, found.recv()).await.unwrap().unwrap());
    let (fault, _) = timeout(PATIENCE, running).await.unwrap().unwrap();
    assert!(fault.message.contains("let go"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_slow_makes_the_reader_wait_and_loses_nothing() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let (mut found, running) = run(over(&sim));
    let mut reader = timeout(PATIENCE, found.recv()).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(reader.reports.len() <= kazasu_hal::REPORTS_MAX);
    sim.control().tell("put type-a uid=5AC1C2C3").await;
    next_cards(&mut reader, &["iso14443a 5AC1C2C3"]).await;
    assert!(!running.is_finished());
}

/// A port that cannot be opened is a fault of the right kind that names the port.
#[tokio::test]
async fn ports_that_cannot_be_opened_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "no serial port").unwrap();
    let dangling = dir.path().join("dangling");
    symlink(dir.path().join("nothing"), &dangling).unwrap();
    let rows = [
        (dir.path().join("absent"), FaultKind::NotFound),
        (dangling, FaultKind::NotFound),
        (file, FaultKind::Link),
        ("/dev/null".into(), FaultKind::Link),
    ];
    for (path, expected) in rows {
        let (_found, running) = run(UartDiscoverer::new(&path, BAUD_DEFAULT));
        let (fault, selector) = timeout(PATIENCE, running).await.unwrap().unwrap();
        assert_eq!(fault.kind, expected, "{fault}");
        assert!(fault.message.contains(path.to_str().unwrap()), "{fault}");
        assert_eq!(selector, format!("pn532:uart:{}", path.display()));
    }
}

/// The clock runs: a terminal has no virtual time.
#[tokio::test]
async fn a_terminal_behind_a_link_is_opened_and_held() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("reader");
    let (control, chip) = pty(&link, Pn532::new(Seed(1))).unwrap();
    tokio::spawn(chip);
    control.tell("put felica idm=012E4CE1000000A1").await;

    let (mut found, running) = run(UartDiscoverer::new(&link, BAUD_DEFAULT));
    let mut reader = timeout(PATIENCE, found.recv()).await.unwrap().unwrap();
    assert_eq!(reader.info.name.0, format!("pn532:uart:{}", link.display()));
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;

    let (_found, second) = run(UartDiscoverer::new(&link, BAUD_DEFAULT));
    let (fault, _) = timeout(PATIENCE, second).await.unwrap().unwrap();
    assert_eq!(fault.kind, FaultKind::Busy, "{fault}");

    control.tell("fault unplug").await;
    let (fault, _) = timeout(PATIENCE, running).await.unwrap().unwrap();
    assert_eq!(fault.kind, FaultKind::Link, "{fault}");
    control.tell("plug").await;
    let (mut found, _running) = run(UartDiscoverer::new(&link, BAUD_DEFAULT));
    let mut reader = timeout(PATIENCE, found.recv()).await.unwrap().unwrap();
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;
}
