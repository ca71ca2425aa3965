//! The runtime over each driver's shell: what becomes of a request, while taps go on.

use std::time::Duration;

use kazasu_hal::{Discoverer, Event, EventKind, FelicaBlock, Operation, Polling, ReaderName};
use kazasu_pn532::StreamDiscoverer;
use kazasu_rcs380::UsbredirDiscoverer;
use kazasu_runtime::{Answer, RequestError, Runtime};
use kazasu_sim::{Pn532, Rcs380, Seed};
use kazasu_sim_serve::{Control, in_process, usbredir};
use tokio::{
    sync::broadcast,
    time::{Instant, timeout},
};

use crate::{
    requests::{card, read},
    shell::PATIENCE,
};

const CARD: &str = "put felica idm=012E4CE1000000A1 sys=FE00 \
     block=0009:00:000102030405060708090A0B0C0D0E0F";
const OTHER: &str = "put felica idm=012E4CE1000000B2 sys=FE00";

/// A runtime with one simulated reader.
struct Bench {
    runtime: Runtime,
    events: broadcast::Receiver<Event>,
    control: Control,
    reader: ReaderName,
}

impl Bench {
    async fn new(discoverer: impl Discoverer, control: Control) -> Self {
        let reader = ReaderName(discoverer.selector().to_owned());
        let runtime = Runtime::default();
        let events = runtime.subscribe();
        runtime.open(vec![Box::new(discoverer)]);
        let mut bench = Self { runtime, events, control, reader };
        bench.told("attached").await;
        bench
    }

    async fn tell(&self, line: &str) {
        let answer = self.control.tell(line).await;
        assert!(answer.starts_with("ok"), "{line}: {answer}");
    }

    /// The next thing told, which has to be this.
    async fn told(&mut self, word: &str) {
        let event = timeout(PATIENCE, self.events.recv()).await.unwrap().unwrap();
        assert_eq!(event.kind.word(), word, "{event:?}");
    }

    async fn ask(&self, operation: Operation, within: Duration) -> Result<Answer, RequestError> {
        self.runtime.request(&self.reader, operation, within).await
    }

    async fn read(&self) -> Result<Vec<[u8; 16]>, RequestError> {
        let answer = self.ask(read(&[(0x0009, 0)]), PATIENCE).await?;
        assert_eq!(answer.card.id(), card(0xA1).id());
        Ok(answer.blocks)
    }
}

/// `gone` may come of a card that has just been taken.
async fn what_becomes_of_requests(mut bench: Bench, gone: &[RequestError]) {
    let counted: [u8; 16] = std::array::from_fn(|n| n as u8);
    assert_eq!(bench.read().await, Err(RequestError::NoCard));
    bench.tell(CARD).await;
    bench.told("presented").await;
    bench.told("confirmed").await;
    // As many as may wait are served, one after the other; nothing else is told of the card.
    for _ in 0..5 {
        let asked = || bench.read();
        let (a, b, c, d, e) = tokio::join!(asked(), asked(), asked(), asked(), asked());
        assert_eq!([a, b, c, d], std::array::from_fn(|_| Ok(vec![counted])));
        assert_eq!(e, Err(RequestError::Busy));
    }
    // Nobody waits for it any more when its turn comes, so nothing is written.
    let place = FelicaBlock { service: 0x0009, block: 0 };
    let write = || Operation::FelicaWrite(vec![(place, [0x5A; 16])]);
    tokio::select! {
        biased;
        answer = bench.ask(write(), PATIENCE) => panic!("{answer:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(bench.read().await, Ok(vec![counted]));
    assert_eq!(bench.ask(write(), PATIENCE).await.map(|answer| answer.blocks), Ok(vec![]));
    assert_eq!(bench.read().await, Ok(vec![[0x5A; 16]]));
    let refused = bench.ask(read(&[(0x1A8B, 0)]), PATIENCE).await;
    assert!(matches!(refused, Err(RequestError::Refused(_))), "{refused:?}");

    bench.tell("take").await;
    let asked = bench.read().await.unwrap_err();
    assert!(gone.contains(&asked), "{asked:?}");
    bench.told("removed").await;
    assert_eq!(bench.read().await, Err(RequestError::NoCard));

    bench.tell(CARD).await;
    bench.told("presented").await;
    bench.tell(OTHER).await;
    let several = async {
        loop {
            let event = bench.events.recv().await.unwrap();
            if matches!(event.kind, EventKind::Multiple(_)) {
                return;
            }
        }
    };
    timeout(PATIENCE, several).await.unwrap();
    assert_eq!(bench.read().await, Err(RequestError::SeveralCards));
    bench.tell("take").await;
    bench.told("removed").await;

    // The reader says nothing any more.
    bench.tell(CARD).await;
    bench.told("presented").await;
    bench.told("confirmed").await;
    bench.tell("fault drop 100000").await;
    let soon = Duration::from_millis(20);
    assert_eq!(bench.ask(read(&[(0x0009, 0)]), soon).await, Err(RequestError::Late));
    assert_eq!(bench.read().await, Err(RequestError::ReaderLost));
    bench.told("removed").await;
    bench.told("detached").await;
    assert_eq!(bench.read().await, Err(RequestError::NoReader));
    bench.runtime.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_requests_on_pn532() {
    let (sim, chip) = in_process(Pn532::new(Seed(1)));
    tokio::spawn(chip);
    let control = sim.control().clone();
    let driver = StreamDiscoverer::new("pn532:sim", move || {
        let sim = sim.clone();
        async move { sim.connect().await }
    });
    let start = Instant::now();
    what_becomes_of_requests(Bench::new(driver, control).await, &[RequestError::CardLost]).await;
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// The clock runs, for sockets have no virtual time: the card may count as removed by then.
#[tokio::test]
async fn what_becomes_of_requests_on_rcs380() {
    let (address, control, reader) =
        usbredir("127.0.0.1:0".parse().unwrap(), Rcs380::new(Seed(1))).await.unwrap();
    tokio::spawn(reader);
    let driver = UsbredirDiscoverer::new(address.to_string(), Polling::Normal);
    let gone = [RequestError::CardLost, RequestError::NoCard];
    what_becomes_of_requests(Bench::new(driver, control).await, &gone).await;
}
