use std::{collections::VecDeque, future::pending};

use kazasu_wire::atr::Atr;

use super::*;

const FIRST: [u8; 8] = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 1];
const OTHER: [u8; 8] = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, 2];

/// What comes of one question.
enum Answer {
    Is([u8; 8]),
    /// A type A card that makes its identifier up.
    Random([u8; 4]),
    /// Nothing, for ever.
    Hangs,
    Fails(FaultKind, Again),
    /// An earlier question holds the reader for so long; then the next answer.
    Held(Duration),
}

use Answer::{Fails, Hangs, Held, Is, Random};

/// A card that answers so, question after question; the last answer stays.
struct Script {
    answers: VecDeque<Answer>,
    /// Whether each question asked for a reset, and for power anew.
    asked: mpsc::UnboundedSender<(bool, bool)>,
}

impl Cards for Script {
    async fn ready(&mut self) {
        if let Some(Held(time)) = self.answers.front() {
            let until = Instant::now() + *time;
            // Whoever gives up waiting asks for less the next time.
            self.answers[0] = Held(Duration::from_secs(1));
            tokio::time::sleep_until(until).await;
            self.answers.pop_front();
        }
    }

    async fn ask(&mut self, job: Job) -> Result<Reading, Failure> {
        self.asked.send((job.reset, job.cold)).unwrap();
        let answer = match self.answers.len() {
            1 => None,
            _ => self.answers.pop_front(),
        };
        match answer.as_ref().or(self.answers.front()) {
            Some(Random(id)) => Ok(Reading { id: id.to_vec(), pmm: None }),
            Some(Is(id)) => Ok(Reading { id: id.to_vec(), pmm: None }),
            Some(Fails(kind, again)) => {
                Err(Failure { fault: Fault::new(*kind, crate::cause::let_go()), again: *again })
            }
            Some(Hangs | Held(_)) | None => pending().await,
        }
    }
}

struct Bench {
    slots: watch::Sender<Slot>,
    reports: mpsc::Receiver<Report>,
    asked: mpsc::UnboundedReceiver<(bool, bool)>,
}

fn card(count: u32) -> Slot {
    Slot::Card { count, atr: Atr::felica().encode() }
}

fn start(answers: impl IntoIterator<Item = Answer>) -> Bench {
    let (slots, shown) = watch::channel(card(1));
    let (sender, reports) = mpsc::channel(16);
    let (asks, asked) = mpsc::unbounded_channel();
    let cards = Script { answers: answers.into_iter().collect(), asked: asks };
    let name = "A Reader 00 00".to_owned();
    let follower = Follower { name, slots: shown, reports: sender, cards };
    tokio::spawn(follower.run());
    Bench { slots, reports, asked }
}

impl Bench {
    /// The next report in short, and when it came.
    async fn next(&mut self) -> String {
        match timeout(Duration::from_secs(60), self.reports.recv()).await.expect("a report") {
            Some(Report::Field(cards)) => {
                let ids = cards.iter().map(|card| card.identity.id().to_hex());
                format!("field {}", ids.collect::<Vec<_>>().join(" "))
            }
            Some(Report::Fault(fault)) => format!("fault {}", fault.kind),
            None => "end".to_owned(),
        }
    }

    async fn silent(&mut self, time: Duration) {
        assert!(timeout(time, self.reports.recv()).await.is_err(), "nothing is reported");
    }
}

const PRESENT: &str = "field 012E4C0000000001";

#[tokio::test(start_paused = true)]
async fn a_card_is_confirmed_by_the_same_identifier_after_a_reset() {
    let mut bench = start([Is(FIRST)]);
    assert_eq!(bench.next().await, PRESENT);
    assert_eq!(bench.next().await, PRESENT);
    bench.silent(Duration::from_secs(30)).await;
    assert_eq!(bench.asked.recv().await, Some((false, false)));
    assert_eq!(bench.asked.recv().await, Some((true, false)));
    assert!(bench.asked.is_empty(), "a card at rest is not asked again");
    bench.slots.send_replace(Slot::Empty);
    assert_eq!(bench.next().await, "field ");
}

/// Another identifier after the reset confirms nothing, and is told.
#[tokio::test(start_paused = true)]
async fn another_identifier_after_the_reset_is_not_confirmed() {
    let mut bench = start([Is(FIRST), Is(OTHER)]);
    assert_eq!(bench.next().await, PRESENT);
    assert_eq!(bench.next().await, "fault card");
    bench.silent(Duration::from_secs(30)).await;
    bench.slots.send_replace(Slot::Empty);
    assert_eq!(bench.next().await, "field ");
}

/// Holding a card there again cannot help that gives another identifier each time: nothing is told,
/// and nothing confirmed.
#[tokio::test(start_paused = true)]
async fn a_card_that_is_honestly_random_is_no_fault() {
    let mut bench = start([Random([8, 1, 2, 3]), Random([8, 4, 5, 6])]);
    bench.slots.send_replace(Slot::Card { count: 1, atr: Atr::type_a_storage(0x08).encode() });
    assert_eq!(bench.next().await, "field 08010203");
    bench.silent(Duration::from_secs(30)).await;
    bench.slots.send_replace(Slot::Empty);
    assert_eq!(bench.next().await, "field ");
}

/// A card that comes back from the reset and cannot be read is another presentation in the end.
#[tokio::test(start_paused = true)]
async fn a_card_that_comes_back_is_not_waited_for_without_an_end() {
    let fails = || Fails(FaultKind::Card, Again::Soon);
    let mut bench = start([Is(FIRST), Hangs].into_iter().chain((0..100).map(|_| fails())));
    assert_eq!(bench.next().await, PRESENT);
    assert_eq!(bench.next().await, "fault timeout");
    bench.slots.send_replace(Slot::Empty);
    bench.slots.send_replace(card(3));
    let told = [bench.next().await, bench.next().await, bench.next().await];
    assert_eq!(told, ["fault card", "field ", "fault card"]);
}

/// With some readers the field drops at the reset, and pcscd tells that the card left and came.
#[tokio::test(start_paused = true)]
async fn a_card_that_comes_back_from_the_reset_is_the_same_presentation() {
    for (back, expected) in [(FIRST, PRESENT), (OTHER, "field ")] {
        let mut bench = start([Is(FIRST), Hangs, Is(back)]);
        assert_eq!(bench.next().await, PRESENT);
        assert_eq!(bench.next().await, "fault timeout");
        bench.slots.send_replace(Slot::Empty);
        bench.slots.send_replace(card(3));
        assert_eq!(bench.next().await, expected, "{back:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_card_that_hangs_is_told_and_asked_again() {
    // Longer than any patience; as often as it likes.
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.extend([Hangs, Held(Duration::from_secs(20))]);
    }
    let mut bench = start(answers.into_iter().chain([Is(FIRST)]));
    let began = Instant::now();
    assert_eq!(bench.next().await, "fault timeout");
    assert!(began.elapsed() < Duration::from_secs(5), "told after {:?}", began.elapsed());
    assert_eq!(bench.next().await, PRESENT, "told once, and read in the end");
}

/// A card that is taken away while the reader hangs, and the next one after that.
#[tokio::test(start_paused = true)]
async fn a_reader_that_hung_is_used_again() {
    let mut bench = start([Hangs, Held(Duration::from_secs(15)), Is(FIRST)]);
    assert_eq!(bench.next().await, "fault timeout");
    bench.slots.send_replace(Slot::Empty);
    bench.silent(Duration::from_secs(1)).await;
    bench.slots.send_replace(card(3));
    assert_eq!(bench.next().await, "fault timeout", "this one is told, too");
    assert_eq!(bench.next().await, PRESENT);
}

#[tokio::test(start_paused = true)]
async fn a_card_that_others_held_is_read_when_it_is_free() {
    let busy = || Fails(FaultKind::Busy, Again::Soon);
    // Half a second is not worth a word; half a minute is, once.
    let mut bench = start([busy(), busy(), busy(), Is(FIRST)]);
    assert_eq!(bench.next().await, PRESENT);
    let mut bench = start((0..30).map(|_| busy()).chain([Is(FIRST)]));
    let began = Instant::now();
    assert_eq!(bench.next().await, "fault busy");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(bench.next().await, PRESENT);
    assert!(began.elapsed() > Duration::from_secs(20), "it is asked slowly");
}

#[tokio::test(start_paused = true)]
async fn a_card_that_cannot_be_read_is_asked_once() {
    let mut bench = start([Fails(FaultKind::Unsupported, Again::Never)]);
    assert_eq!(bench.next().await, "fault unsupported");
    bench.silent(Duration::from_secs(30)).await;
    assert_eq!(bench.asked.recv().await, Some((false, false)));
    assert!(bench.asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_card_that_says_nothing_gets_power_anew() {
    let quiet = || Fails(FaultKind::Card, Again::Soon);
    let mut bench = start([quiet(), quiet(), Is(FIRST)]);
    assert_eq!(bench.next().await, PRESENT);
    assert_eq!(bench.next().await, PRESENT);
    let asked: Vec<_> = std::iter::from_fn(|| bench.asked.try_recv().ok()).collect();
    // Not at once: under another program's feet, power is taken only where nothing else helps.
    assert_eq!(asked, [(false, false), (false, false), (false, true), (true, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_mute_card_is_told_when_it_stays_so() {
    let mut bench = start([Is(FIRST)]);
    bench.slots.send_replace(Slot::Mute { count: 1 });
    assert_eq!(bench.next().await, "fault card");
    bench.slots.send_replace(card(1));
    assert_eq!(bench.next().await, PRESENT);
    let mut bench = start([Is(FIRST)]);
    bench.slots.send_replace(Slot::Mute { count: 1 });
    bench.silent(Duration::from_secs(1)).await;
    bench.slots.send_replace(card(1));
    assert_eq!(bench.next().await, PRESENT);
}

/// The reader went: nothing more is told, and nobody follows it.
#[tokio::test(start_paused = true)]
async fn a_reader_that_is_gone_is_let_go() {
    let mut bench = start([Is(FIRST)]);
    assert_eq!(bench.next().await, PRESENT);
    assert_eq!(bench.next().await, PRESENT);
    drop(bench.slots);
    assert_eq!(bench.reports.recv().await, None);
}
