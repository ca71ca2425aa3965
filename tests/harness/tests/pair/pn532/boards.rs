//! Cheap boards and slow bridges: found by talking to them, told as what they are, and remembered.

use std::time::Duration;

use kazasu_hal::{Fault, FaultKind, Mono, Report};
use kazasu_harness::{Link, Pair, Serial};
use kazasu_pn532::Settings;
use kazasu_sim::Board;

use super::rates::settings;
use crate::{put, sees};

const CARD: &str = "felica idm=012E4CE1000000A1";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn on(board: Board, settings: Settings) -> Pair<Serial> {
    let mut pair = Pair::with(5, settings);
    pair.link.chip.set_board(board);
    pair
}

/// All that was told of the reader itself.
fn told(pair: &Pair<Serial>) -> Vec<&Fault> {
    let faults = pair.reports.iter().filter_map(|(_, report)| match report {
        Report::Fault(fault) => Some(fault),
        Report::Field(_) => None,
    });
    faults.chain(&pair.faults).collect()
}

/// Rounds in the next five seconds.
fn pace(pair: &mut Pair<Serial>) -> usize {
    let from = pair.now();
    pair.run_for(Duration::from_secs(5));
    pair.rounds_since(from).len()
}

/// How many of twelve taps of 250 ms are seen.
fn taps(pair: &mut Pair<Serial>) -> usize {
    let seen = |pair: &mut Pair<Serial>| {
        put(pair, CARD);
        let end = pair.now().after(ms(250));
        let seen = pair.run_until(end, |pair| sees(pair, &["felica 012E4CE1000000A1"]));
        pair.run_until(end, |_| false);
        pair.link.field().take(None).unwrap();
        pair.run_for(ms(400));
        seen
    };
    (0..12).filter(|_| seen(pair)).count()
}

#[test]
fn a_board_that_is_deaf_behind_its_answers_gets_a_pause() {
    for rates in [&[][..], &[921_600]] {
        let sound = pace(&mut on(Board::default(), settings(rates, u32::MAX)));
        for (deaf_us, pause_ms) in [(300, 2), (1000, 2), (1900, 2), (2500, 10), (9000, 10)] {
            let board = Board { deaf: Duration::from_micros(deaf_us), ..Board::default() };
            let name = format!("deaf for {deaf_us} us, {rates:?}");
            let mut pair = on(board, settings(rates, u32::MAX));
            let open = |pair: &Pair<Serial>| !pair.attached.is_empty();
            assert!(pair.run_until(Mono(ms(1500)), open), "{name}: {:?}", pair.faults);
            pair.run_for(ms(1500));
            let found = told(&pair);
            let words = format!("pn532-deaf (ms: {pause_ms})");
            assert!(
                found.last().is_some_and(|fault| fault.to_string() == words),
                "{name}: {found:?}"
            );
            assert_eq!(found.len(), if pause_ms == 2 { 1 } else { 2 }, "{name}: {found:?}");
            // Four commands a round, each with its pause and no more.
            let rounds = pace(&mut pair);
            let round = Duration::from_secs(5).as_secs_f64() / sound as f64;
            let longer = round + 4.0 * ms(pause_ms).as_secs_f64();
            let least = 0.95 * 5.0 / longer;
            assert!(rounds as f64 >= least, "{name}: {rounds} rounds of {sound}, {least}");
            assert_eq!(taps(&mut pair), 12, "{name}");
            // The next session on the line knows, and neither loses anything nor tells it again.
            pair.kill();
            let (before, from) = (told(&pair).len(), pair.now().after(ms(1000)));
            let again = |pair: &Pair<Serial>| pair.attached.len() == 2;
            assert!(pair.run_until(from.after(ms(700)), again), "{name}: {:?}", pair.faults);
            assert!(pace(&mut pair) as f64 >= least, "{name}");
            assert_eq!(told(&pair).len(), before, "{name}: {:?}", told(&pair));
            assert_eq!(pair.link.rates().0, rates.first().copied().unwrap_or(115_200), "{name}");
        }
    }
}

#[test]
fn a_loss_now_and_then_is_no_deaf_board() {
    let mut pair = on(Board::default(), Settings::default());
    pair.run_for(ms(1000));
    for _ in 0..50 {
        // One command, and the next one only after others went well.
        pair.link.chip.set_board(Board { deaf: ms(1), ..Board::default() });
        pair.run_for(ms(30));
        pair.link.chip.set_board(Board::default());
        pair.run_for(ms(200));
    }
    assert_eq!(told(&pair), Vec::<&Fault>::new());
    assert_eq!(pair.settings().learned.pause, Duration::ZERO);
}

#[test]
fn what_is_always_late_works_slowly() {
    let delays = [40, 80, 95, 101, 105, 109, 111, 120, 150, 180, 250, 300];
    let late = |ms_: u64| {
        let delay = Board { delay: ms(ms_), ..Board::default() };
        let hold = Board { hold: ms(ms_), ..Board::default() };
        [(format!("all {ms_} ms late"), delay), (format!("looks after {ms_} ms"), hold)]
    };
    for (name, board) in delays.into_iter().flat_map(late) {
        let is_slow = board.delay.max(board.hold) >= ms(100);
        let mut pair = on(board, Settings::default());
        put(&mut pair, CARD);
        let seen = |pair: &Pair<Serial>| sees(pair, &["felica 012E4CE1000000A1"]);
        assert!(pair.run_until(Mono(Duration::from_secs(8)), seen), "{name}: {:?}", told(&pair));
        let from = pair.now();
        pair.run_for(Duration::from_secs(60));
        let rounds = pair.rounds_since(from);
        // Four searches a round, each as late as its acknowledgement, and 20 ms of its own.
        let least = 60_000 / (4 * (board.delay.max(board.hold) + ms(20)).as_millis());
        assert!(rounds.len() as u128 >= least, "{name}: {} rounds of {least}", rounds.len());
        assert!(rounds.iter().all(|cards| !cards.is_empty()), "{name}: the card lies there");
        pair.link.field().take(None).unwrap();
        let gone = |pair: &Pair<Serial>| sees(pair, &[]);
        let end = pair.now().after(Duration::from_secs(4));
        assert!(pair.run_until(end, gone), "{name}: it was taken");
        assert_eq!(pair.attached.len(), 1, "{name}: {:?}", told(&pair));
        let found = told(&pair);
        assert_eq!(found.len(), usize::from(is_slow), "{name}: {found:?}");
        assert!(found.iter().all(|fault| fault.cause.word == "pn532-line-slow"), "{found:?}");
        assert_eq!(pair.settings().learned.is_slow, is_slow, "{name}");
        // With a better cable it is quick again, and a silent chip is given up as soon as ever.
        pair.link.chip.set_board(Board::default());
        pair.run_for(Duration::from_secs(5));
        assert!(!pair.settings().learned.is_slow, "{name}");
        assert_eq!(pair.attached.len(), 1, "{name}: {:?}", told(&pair));
    }
}

#[test]
fn what_is_wrong_on_a_line_is_named() {
    let rows: [(&str, Board, &[u8], FaultKind, &str); 3] = [
        (
            "no postamble",
            Board { cut: true, ..Board::default() },
            &[],
            FaultKind::Protocol,
            "pn532-answers-cut",
        ),
        (
            "nobody",
            Board { hold: Duration::from_secs(9), ..Board::default() },
            &[],
            FaultKind::Timeout,
            "pn532-nothing-answers",
        ),
        (
            "a GPS",
            Board { hold: Duration::from_secs(9), ..Board::default() },
            b"$GPGGA,123519,4807.038,N\r\n",
            FaultKind::Timeout,
            "pn532-something-talks",
        ),
    ];
    for (name, board, noise, kind, word) in rows {
        for rates in [&[][..], &[921_600, 460_800]] {
            let mut pair = on(board, settings(rates, u32::MAX));
            let end = Mono(Duration::from_secs(3));
            while pair.now() < end && pair.faults.is_empty() {
                pair.invent(noise);
                pair.run_for(ms(40));
            }
            let [fault] = &pair.faults[..] else { panic!("{name}: {:?}", pair.faults) };
            assert_eq!(fault.kind, kind, "{name}: {fault}");
            assert_eq!(fault.cause.word, word, "{name}: {fault}");
            assert!(!fault.to_string().contains("GPGGA"), "what talks there may show card numbers");
        }
    }
}
