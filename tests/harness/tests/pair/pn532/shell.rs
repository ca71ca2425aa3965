use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::symlink,
    time::Duration,
};

use kazasu_hal::{Discoverer, FaultKind, FelicaBlock, Operation, Polling, Request};
use kazasu_pn532::{StreamDiscoverer, UartDiscoverer};
use kazasu_sim::{Pn532, Seed};
use kazasu_sim_serve::{InProcess, in_process, pty};
use kazasu_wire::sof::Frame;
use tokio::{sync::oneshot, time::timeout};

use crate::shell::{PATIENCE, ended, found, next_cards, run};

fn over(sim: &InProcess) -> impl Discoverer + use<> {
    let sim = sim.clone();
    StreamDiscoverer::new("pn532:sim", move || {
        let sim = sim.clone();
        async move { sim.connect().await }
    })
}

#[tokio::test]
async fn a_simulated_reader_in_this_process_is_found_read_and_lost() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let (mut reader, running) = found(over(&sim)).await;
    assert_eq!(reader.info.name.0, "pn532:sim");
    assert_eq!((reader.info.driver, &*reader.info.model), ("pn532", "PN532 firmware 1.6"));

    next_cards(&mut reader, &[]).await;
    sim.control().tell("put felica idm=012E4CE1000000A1").await;
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;

    sim.control().tell("fault unplug").await;
    while timeout(PATIENCE, reader.reports.recv()).await.unwrap().is_some() {}
    let (fault, selector) = ended(running).await;
    assert_eq!(fault.kind, FaultKind::Link, "{fault}");
    assert!(fault.to_string().contains("pn532:sim"), "{fault}");
    assert_eq!(selector, "pn532:sim");

    // Still away, then back: what the runtime does, by hand.
    let (_found, running) = run(over(&sim));
    assert_eq!(ended(running).await.0.kind, FaultKind::Link);
    sim.control().tell("plug").await;
    let (mut reader, _running) = found(over(&sim)).await;
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;
}

#[tokio::test]
async fn a_reader_that_is_let_go_is_closed() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let (mut found, running) = run(over(&sim));
    drop(timeout(PATIENCE, found.recv()).await.unwrap().unwrap());
    let (fault, _) = ended(running).await;
    assert!(fault.to_string().contains("let-go"), "{fault}");
}

#[tokio::test]
async fn a_listener_that_is_slow_makes_the_reader_wait_and_loses_nothing() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let (mut reader, running) = found(over(&sim)).await;
    let full = async {
        while reader.reports.len() < kazasu_hal::REPORTS_MAX {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, full).await.unwrap();
    // Two more rounds have nowhere to go.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(reader.reports.len(), kazasu_hal::REPORTS_MAX);
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
        let (_found, running) = run(UartDiscoverer::new(&path, None, Polling::Normal));
        let (fault, selector) = ended(running).await;
        assert_eq!(fault.kind, expected, "{fault}");
        assert!(fault.to_string().contains(path.to_str().unwrap()), "{fault}");
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

    let (mut reader, running) = found(UartDiscoverer::new(&link, None, Polling::Normal)).await;
    assert_eq!(reader.info.name.0, format!("pn532:uart:{}", link.display()));
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;

    let (_found, second) = run(UartDiscoverer::new(&link, None, Polling::Normal));
    let (fault, _) = timeout(PATIENCE, second).await.unwrap().unwrap();
    assert_eq!(fault.kind, FaultKind::Busy, "{fault}");

    control.tell("fault unplug").await;
    let (fault, _) = ended(running).await;
    assert_eq!(fault.kind, FaultKind::Link, "{fault}");
    control.tell("plug").await;
    let (mut reader, _running) = found(UartDiscoverer::new(&link, None, Polling::Normal)).await;
    next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;
}

#[tokio::test]
async fn a_request_reaches_the_card_and_its_outcome_comes_back() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let block = "30303132333435360000000000000000";
    let put = format!("put felica idm=012E4CE1000000A1 block=1A8B:00:{block}");
    assert!(sim.control().tell(&put).await.starts_with("ok"));
    let (mut reader, _running) = found(over(&sim)).await;
    let cards = next_cards(&mut reader, &["felica 012E4CE1000000A1"]).await;
    let card = &cards.first().unwrap().identity;
    let place = FelicaBlock { service: 0x1A8B, block: 0 };
    // More at once than may wait; whoever asks has to wait then, and the rounds go on.
    let asked: Vec<_> = (0..10)
        .map(|_| {
            let (reply, outcome) = oneshot::channel();
            let operation = Operation::FelicaRead(vec![place]);
            let request = Request { card: card.clone(), operation, reply };
            let requests = reader.requests.clone();
            tokio::spawn(async move {
                requests.send(request).await.unwrap();
                outcome.await.unwrap()
            })
        })
        .collect();
    tokio::spawn(async move { while reader.reports.recv().await.is_some() {} });
    for outcome in asked {
        let blocks = timeout(PATIENCE, outcome).await.unwrap().unwrap().unwrap();
        assert_eq!(blocks, [*b"00123456\0\0\0\0\0\0\0\0"]);
    }
}

/// Which antenna drivers are on (register 6304), asked by another host of this terminal.
fn drivers_on(link: &std::path::Path) -> u8 {
    let mut port = fs::OpenOptions::new().read(true).write(true).open(link).unwrap();
    port.write_all(&Frame::Data(vec![0xD4, 0x06, 0x63, 0x04]).encode().unwrap()).unwrap();
    let mut answer = Vec::<u8>::new();
    let mut buffer = [0; 64];
    loop {
        let count = port.read(&mut buffer).unwrap();
        answer.extend(&buffer[..count]);
        if let Some(at) = answer.windows(2).position(|bytes| bytes == [0xD5, 0x07])
            && let Some(value) = answer.get(at + 2)
        {
            return value & 0x03;
        }
    }
}

/// Dropping the future is how a runtime lets go; the chip runs on another thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_is_let_go_is_left_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("reader");
    let (_control, chip) = pty(&link, Pn532::new(Seed(1))).unwrap();
    tokio::spawn(chip);
    for by_reader in [false, true] {
        let (mut reader, running) = found(UartDiscoverer::new(&link, None, Polling::Normal)).await;
        next_cards(&mut reader, &[]).await;
        if by_reader {
            drop(reader);
            let (fault, _) = ended(running).await;
            assert!(fault.to_string().contains("let-go"), "{fault}");
        } else {
            running.abort();
            assert!(timeout(PATIENCE, running).await.unwrap().unwrap_err().is_cancelled());
        }
        let link = link.clone();
        let on = tokio::task::spawn_blocking(move || drivers_on(&link));
        assert_eq!(timeout(PATIENCE, on).await.unwrap().unwrap(), 0, "by reader: {by_reader}");
    }
}
