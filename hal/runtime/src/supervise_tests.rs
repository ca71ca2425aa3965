//! Supervision in tokio's virtual time, with discoverers that follow a script.

use std::collections::VecDeque;
use std::pin::Pin;

use kazasu_hal::{Card, Cause, FaultKind, Presence, REPORTS_MAX, SystemCode};
use tokio::{sync::broadcast, time::Instant};

use super::*;
use crate::Runtime;

/// One opening: the readers found, each with its reports, and how long it lasts.
type Opening = (Vec<(&'static str, Vec<Report>)>, Duration);

struct Script(VecDeque<Opening>);

impl Discoverer for Script {
    fn selector(&self) -> &'static str {
        "script"
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(async move {
            let Some((readers, lasts)) = self.0.pop_front() else {
                return fault(FaultKind::NotFound);
            };
            let mut open = Vec::new();
            for (name, list) in readers {
                let (tx, reports) = mpsc::channel(REPORTS_MAX);
                let info = ReaderInfo {
                    name: ReaderName(name.to_owned()),
                    driver: "script",
                    model: String::new(),
                    presence: Presence::Reported,
                };
                found.send(Reader { info, reports, requests: mpsc::channel(1).0 }).await.unwrap();
                for report in list {
                    tx.send(report).await.unwrap();
                }
                open.push(tx);
            }
            tokio::time::sleep(lasts).await;
            fault(FaultKind::Link)
        })
    }
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, Cause { word: kind.as_str(), places: Vec::new() })
}

fn card() -> Card {
    Card::felica(&[1, 0x2E, 0x4C, 0, 0, 0, 0, 1], SystemCode::ANY, None, None).unwrap()
}

fn start(script: Script) -> (Runtime, broadcast::Receiver<Event>) {
    let runtime = Runtime::default();
    let listener = runtime.subscribe();
    runtime.open(vec![Box::new(script)]);
    (runtime, listener)
}

async fn words(listener: &mut broadcast::Receiver<Event>, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..count {
        let event = tokio::time::timeout(Duration::from_secs(100_000), listener.recv()).await;
        let event = event.expect("something is told within a day").unwrap();
        let word = match event.kind {
            EventKind::Resumed(_) => "resumed",
            kind => kind.word(),
        };
        words.push(format!("{} {word}", event.reader));
    }
    words
}

#[tokio::test(start_paused = true)]
async fn a_way_that_breaks_is_opened_again_and_its_card_is_removed_once() {
    let tap = || vec![Report::Field(vec![card()]), Report::Field(vec![card()])];
    let opening = || (vec![("script:1", tap())], Duration::from_secs(5));
    let (runtime, mut listener) = start(Script([opening(), opening()].into()));
    let expected = [
        "script:1 attached",
        "script:1 presented",
        "script:1 confirmed",
        "script:1 removed",
        "script:1 detached",
        "script fault",
    ];
    assert_eq!(words(&mut listener, 6).await, expected);
    assert_eq!(runtime.ways().borrow()[0].readers, []);
    let broke = Instant::now();
    // The card has not moved: the reader was away for less than a second.
    let resumed = expected.map(|line| line.replace("presented", "resumed"));
    assert_eq!(words(&mut listener, 6).await, resumed);
    assert!(broke.elapsed() < Duration::from_secs(6), "opened again within a second");
    let back = runtime.ways();
    assert_eq!(back.borrow()[0].fault.as_ref().map(|fault| fault.kind), Some(FaultKind::Link));
    // nothing is there any more: told once, then tried quietly
    assert_eq!(words(&mut listener, 1).await, ["script fault"]);
    let silent = tokio::time::timeout(Duration::from_secs(3600), listener.recv()).await;
    assert!(silent.is_err(), "{silent:?}");
    assert_eq!(runtime.ways().borrow()[0].fault.as_ref().unwrap().kind, FaultKind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_way_whose_reader_is_back_shows_no_old_fault() {
    let opening = |lasts| (vec![("script:1", Vec::new())], Duration::from_secs(lasts));
    let (runtime, mut listener) = start(Script([opening(1), opening(1000)].into()));
    let expected = ["script:1 attached", "script:1 detached", "script fault", "script:1 attached"];
    assert_eq!(words(&mut listener, 3).await, expected[..3]);
    let fault = runtime.ways().borrow()[0].fault.as_ref().map(|fault| fault.kind);
    assert_eq!(fault, Some(FaultKind::Link));
    assert_eq!(words(&mut listener, 1).await, expected[3..]);
    assert_eq!(runtime.ways().borrow()[0].fault, None);
    assert_eq!(runtime.ways().borrow()[0].readers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_card_that_was_there_resumes() {
    let at = |n: u8| {
        let idm = [1, 0x2E, 0x4C, 0, 0, 0, 0, n];
        Report::Field(vec![Card::felica(&idm, SystemCode::ANY, None, None).unwrap()])
    };
    let rows = [
        ("the same card", vec![at(1)], "script:1 resumed"),
        ("another card", vec![at(2)], "script:1 presented"),
        ("another reader", vec![], "script:2 attached"),
    ];
    for (name, then, expected) in rows {
        let second = if then.is_empty() {
            vec![("script:2", vec![at(1)])]
        } else {
            vec![("script:1", then)]
        };
        let first = (vec![("script:1", vec![at(1)])], Duration::from_secs(1));
        let (_runtime, mut listener) =
            start(Script([first, (second, Duration::from_secs(1))].into()));
        let told = words(&mut listener, 7).await;
        let told = if expected.ends_with("attached") { told[5].clone() } else { told[6].clone() };
        assert_eq!(told, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_way_that_was_closed_for_a_day_is_back_within_a_second_of_being_reachable() {
    struct Late(Instant);
    impl Discoverer for Late {
        fn selector(&self) -> &'static str {
            "late"
        }
        fn run<'a>(
            &'a mut self,
            found: mpsc::Sender<Reader>,
        ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
            Box::pin(async move {
                if Instant::now() < self.0 {
                    return fault(FaultKind::ServiceUnavailable);
                }
                let (_tx, reports) = mpsc::channel(1);
                let info = ReaderInfo {
                    name: ReaderName("late:1".to_owned()),
                    driver: "late",
                    model: String::new(),
                    presence: Presence::Polled,
                };
                let _ = found.send(Reader { info, reports, requests: mpsc::channel(1).0 }).await;
                std::future::pending().await
            })
        }
    }
    let reachable = Instant::now() + Duration::from_secs(86_400);
    let runtime = Runtime::default();
    let mut listener = runtime.subscribe();
    runtime.open(vec![Box::new(Late(reachable))]);
    assert_eq!(words(&mut listener, 2).await, ["late fault", "late:1 attached"]);
    assert!(reachable.elapsed() <= PAUSE_MAX);
}
