//! A reader whose other ends the test holds, in tokio's virtual time.

use std::{future::Future, pin::Pin, time::Duration};

use kazasu_hal::{
    Card, Discoverer, Event, FelicaBlock, Presence, REPORTS_MAX, REQUESTS_MAX, Reader, ReaderInfo,
    Report, SystemCode,
};
use tokio::{sync::broadcast, time::Instant};

use super::*;
use crate::Runtime;

const WITHIN: Duration = Duration::from_secs(1);
const BLOCK: [u8; 16] = *b"00123456\0\0\0\0\0\0\0\0";

/// The driver's ends of a reader.
struct Ends {
    reports: mpsc::Sender<Report>,
    requests: mpsc::Receiver<Request>,
}

/// Finds one reader, of which the test gets the ends.
struct Handed {
    takes: bool,
    ends: mpsc::Sender<Ends>,
}

impl Discoverer for Handed {
    fn selector(&self) -> &'static str {
        "handed"
    }

    fn run<'a>(
        &'a mut self,
        found: mpsc::Sender<Reader>,
    ) -> Pin<Box<dyn Future<Output = Fault> + Send + 'a>> {
        Box::pin(async move {
            let (sender, reports) = mpsc::channel(REPORTS_MAX);
            let (requests, mut receiver) = mpsc::channel(REQUESTS_MAX);
            if !self.takes {
                receiver.close();
            }
            let info = ReaderInfo {
                name: name(),
                driver: "handed",
                model: String::new(),
                presence: Presence::Reported,
            };
            found.send(Reader { info, reports, requests }).await.unwrap();
            self.ends.send(Ends { reports: sender, requests: receiver }).await.unwrap();
            std::future::pending().await
        })
    }
}

fn name() -> ReaderName {
    ReaderName("handed:1".to_owned())
}

fn card(last: u8) -> Card {
    Card::felica(&[1, 0x2E, 0x4C, 0, 0, 0, 0, last], SystemCode::ANY, None, None).unwrap()
}

fn read() -> Operation {
    Operation::FelicaRead(vec![FelicaBlock { service: 0x000B, block: 0 }])
}

struct Bench {
    runtime: Runtime,
    events: broadcast::Receiver<Event>,
    ends: Ends,
}

impl Bench {
    async fn new(takes: bool) -> Self {
        let runtime = Runtime::default();
        let mut events = runtime.subscribe();
        let (sender, mut ends) = mpsc::channel(1);
        runtime.open(vec![Box::new(Handed { takes, ends: sender })]);
        let ends = ends.recv().await.unwrap();
        assert_eq!(events.recv().await.unwrap().kind.word(), "attached");
        Self { runtime, events, ends }
    }

    /// A round that sees cards of these numbers, and what is told of it.
    async fn round(&mut self, cards: &[u8], told: &str) {
        let cards = cards.iter().copied().map(card).collect();
        self.ends.reports.send(Report::Field(cards)).await.unwrap();
        assert_eq!(self.events.recv().await.unwrap().kind.word(), told);
    }

    async fn ask(&self) -> Result<Answer, RequestError> {
        self.runtime.request(&name(), read(), WITHIN).await
    }

    /// Asks, while the driver does this with the request.
    async fn ask_while(&mut self, serve: impl FnOnce(Request)) -> Result<Answer, RequestError> {
        let name = name();
        let asked = self.runtime.request(&name, read(), WITHIN);
        let served = async { serve(self.ends.requests.recv().await.unwrap()) };
        tokio::join!(asked, served).0
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_back_with_the_card_that_lies_there() {
    let mut bench = Bench::new(true).await;
    bench.round(&[1], "presented").await;
    bench.round(&[1], "confirmed").await;
    let answer = bench
        .ask_while(|request| {
            assert_eq!((&request.card, &request.operation), (&card(1).identity, &read()));
            request.reply.send(Ok(vec![BLOCK])).unwrap();
        })
        .await
        .unwrap();
    assert_eq!((&answer.card, &answer.blocks), (&card(1).identity, &vec![BLOCK]));
    // Whoever logs it logs no person's number.
    let shown = format!("{answer:?}");
    assert!(!shown.contains("49") && !shown.contains("123456"), "{shown}");
    // Taps go on, and the next card is the one that is meant from then on.
    bench.round(&[2], "removed").await;
    assert_eq!(bench.events.recv().await.unwrap().kind.word(), "presented");
    let answer = bench.ask_while(|request| request.reply.send(Ok(Vec::new())).unwrap()).await;
    assert_eq!(answer.map(|answer| answer.card), Ok(card(2).identity));
}

#[tokio::test(start_paused = true)]
async fn what_the_driver_says_no_to() {
    let fault = |kind| Fault::new(kind, Cause { word: "no", places: Vec::new() });
    let rows = [
        (FaultKind::CardGone, RequestError::CardLost),
        (FaultKind::Card, RequestError::Refused(fault(FaultKind::Card))),
        (FaultKind::Unsupported, RequestError::Refused(fault(FaultKind::Unsupported))),
    ];
    let mut bench = Bench::new(true).await;
    bench.round(&[1], "presented").await;
    for (kind, expected) in rows {
        let got = bench.ask_while(|request| request.reply.send(Err(fault(kind))).unwrap()).await;
        assert_eq!(got, Err(expected), "{kind}");
    }
    assert_eq!(bench.ask_while(drop).await, Err(RequestError::ReaderLost));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_asked() {
    let other = ReaderName("handed:2".to_owned());
    let mut bench = Bench::new(true).await;
    let asked = bench.runtime.request(&other, read(), WITHIN).await;
    assert_eq!(asked, Err(RequestError::NoReader));
    assert_eq!(bench.ask().await, Err(RequestError::NoCard));
    bench.round(&[1], "presented").await;
    bench.round(&[1, 2], "multiple").await;
    assert_eq!(bench.ask().await, Err(RequestError::SeveralCards));
    bench.round(&[], "removed").await;
    assert_eq!(bench.ask().await, Err(RequestError::NoCard));
    assert!(bench.ends.requests.try_recv().is_err(), "nothing of it reached the driver");

    let mut bench = Bench::new(false).await;
    assert_eq!(bench.ask().await, Err(RequestError::NoCard));
    bench.round(&[1], "presented").await;
    assert_eq!(bench.ask().await, Err(RequestError::NoRequests));
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_until_its_time_is_over_and_no_longer() {
    let (name, moment) = (name(), Duration::from_millis(1));
    for (takes, late) in [(WITHIN - moment, false), (WITHIN + moment, true)] {
        let mut bench = Bench::new(true).await;
        bench.round(&[1], "presented").await;
        let start = Instant::now();
        let asked = async {
            let got = bench.runtime.request(&name, read(), WITHIN).await;
            (got.err(), start.elapsed())
        };
        let served = async {
            let request = bench.ends.requests.recv().await.unwrap();
            tokio::time::sleep(takes).await;
            request.reply.send(Ok(Vec::new()))
        };
        let ((error, took), sent) = tokio::join!(asked, served);
        assert_eq!((error, took), (late.then_some(RequestError::Late), takes.min(WITHIN)));
        assert_eq!(sent.is_err(), late);
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_wait_as_there_is_room_for() {
    let mut bench = Bench::new(true).await;
    bench.round(&[1], "presented").await;
    let waiting = || async { bench.ask().await };
    let all = async { tokio::join!(waiting(), waiting(), waiting(), waiting(), waiting()) };
    let (first, second, third, fourth, fifth) = all.await;
    for late in [first, second, third, fourth] {
        assert_eq!(late, Err(RequestError::Late));
    }
    assert_eq!(fifth, Err(RequestError::Busy));
    // What nobody waits for any more can be told from the rest.
    for _ in 0..REQUESTS_MAX {
        assert!(bench.ends.requests.recv().await.unwrap().reply.is_closed());
    }
    assert!(bench.ask_while(|request| request.reply.send(Ok(Vec::new())).unwrap()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_goes_takes_its_requests_along() {
    let mut bench = Bench::new(true).await;
    bench.round(&[1], "presented").await;
    let Bench { runtime, mut events, ends } = bench;
    let name = name();
    let asked = runtime.request(&name, read(), WITHIN);
    let (got, ()) = tokio::join!(asked, async { drop(ends) });
    assert_eq!(got, Err(RequestError::ReaderLost));
    for word in ["removed", "detached"] {
        assert_eq!(events.recv().await.unwrap().kind.word(), word);
    }
    let asked = runtime.request(&name, read(), WITHIN).await;
    assert_eq!(asked, Err(RequestError::NoReader));
}

/// A reader that came back before its old pump ended keeps its own desk.
#[test]
fn a_desk_is_closed_by_whoever_opened_it() {
    let (desks, name) = (Desks::default(), name());
    let channel = || mpsc::channel(1);
    let ((old, _old), (new, mut requests)) = (channel(), channel());
    let first = desks.open(&name, old);
    let second = desks.open(&name, new);
    second.lies(Lying::One(card(1).identity));
    first.lies(Lying::Several);
    drop(first);
    assert!(desks.hand_in(&name, read()).is_ok());
    assert!(requests.try_recv().is_ok());
    drop(second);
    assert_eq!(desks.hand_in(&name, read()).err(), Some(RequestError::NoReader));
}
