use std::time::Duration;

use kazasu_hal::{Card, CardIdentity, FaultKind, FelicaBlock, Operation, SystemCode};
use kazasu_harness::Pair;

use crate::{Reader, attached, put, sees};

on_each_reader!(
    blocks_are_read_of_the_card_that_is_meant,
    what_is_written_is_what_is_read,
    a_second_request_is_refused_while_one_waits,
    a_card_that_is_taken_meanwhile_is_missed,
);

const CARD: &str = "felica idm=012E4CE1000000A1 sys=FE00 \
     block=1A8B:00:30303132333435360000000000000000 block=1A8B:01:4B415A4153550000000000000000BEEF \
     block=0009:00:000102030405060708090A0B0C0D0E0F";
const FIRST: [u8; 16] = *b"00123456\0\0\0\0\0\0\0\0";
const SECOND: [u8; 16] = *b"KAZASU\0\0\0\0\0\0\0\0\xBE\xEF";

pub(crate) fn card(last: u8) -> CardIdentity {
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, last];
    Card::felica(&idm, SystemCode::ANY, None, None).unwrap().identity
}

pub(crate) fn read(blocks: &[(u16, u16)]) -> Operation {
    let block = |(service, block): &(u16, u16)| FelicaBlock { service: *service, block: *block };
    Operation::FelicaRead(blocks.iter().map(block).collect())
}

/// The blocks, or who is at fault.
type Outcome = Result<Vec<[u8; 16]>, FaultKind>;

/// Asks, and gives the outcome; the rounds go on behind it.
fn ask<L: Reader>(pair: &mut Pair<L>, card: &CardIdentity, operation: &Operation) -> Outcome {
    let before = pair.replies.len();
    pair.request(card, operation);
    let end = pair.now().after(Duration::from_secs(1));
    assert!(pair.run_until(end, |pair| pair.replies.len() > before), "{:?}", pair.faults);
    let (start, outcome) = (pair.now(), pair.replies.last().unwrap().clone());
    pair.run_for(L::A_MOMENT);
    let rounds = pair.rounds_since(start).len();
    assert!(rounds >= L::ROUNDS_IN_A_MOMENT, "{rounds} rounds, {:?}", pair.faults);
    assert_eq!(pair.replies.len(), before + 1);
    outcome.map_err(|fault| fault.kind)
}

fn blocks_are_read_of_the_card_that_is_meant<L: Reader>() {
    let other =
        "felica idm=012E4CE1000000B2 sys=FE00 block=1A8B:00:FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
    let fast = format!("{CARD} rate=424");
    let rows: [(&str, &[&str], u8, Operation, Outcome); 11] = [
        ("one block", &[CARD], 0xA1, read(&[(0x1A8B, 0)]), Ok(vec![FIRST])),
        ("at 424 kbit/s", &[&fast], 0xA1, read(&[(0x1A8B, 0)]), Ok(vec![FIRST])),
        ("two", &[CARD], 0xA1, read(&[(0x1A8B, 1), (0x1A8B, 0)]), Ok(vec![SECOND, FIRST])),
        (
            "of two services",
            &[CARD],
            0xA1,
            read(&[(0x1A8B, 0), (0x0009, 0)]),
            Ok(vec![FIRST, std::array::from_fn(|n| n as u8)]),
        ),
        ("beside another card", &[other, CARD], 0xA1, read(&[(0x1A8B, 0)]), Ok(vec![FIRST])),
        ("no such block", &[CARD], 0xA1, read(&[(0x1A8B, 9)]), Err(FaultKind::Card)),
        ("no such service", &[CARD], 0xA1, read(&[(0x1A4B, 0)]), Err(FaultKind::Card)),
        ("no card", &[], 0xA1, read(&[(0x1A8B, 0)]), Err(FaultKind::CardGone)),
        ("only another card", &[other], 0xA1, read(&[(0x1A8B, 0)]), Err(FaultKind::CardGone)),
        ("no block", &[CARD], 0xA1, read(&[]), Err(FaultKind::Unsupported)),
        ("too many", &[CARD], 0xA1, read(&[(0x1A8B, 0); 16]), Err(FaultKind::Unsupported)),
    ];
    for (name, cards, last, operation, expected) in rows {
        let mut pair = attached::<L>(3);
        for card in cards {
            put(&mut pair, card);
        }
        pair.run_for(L::A_MOMENT);
        assert_eq!(ask(&mut pair, &card(last), &operation), expected, "{name}");
    }
    let mut pair = attached::<L>(3);
    let type_a = Card::iso14443a(&[0x5A, 0xC1, 0xC2, 0xC3], None, None).unwrap().identity;
    let outcome = ask(&mut pair, &type_a, &read(&[(0x1A8B, 0)]));
    assert_eq!(outcome, Err(FaultKind::Unsupported));
}

fn what_is_written_is_what_is_read<L: Reader>() {
    let mut pair = attached::<L>(3);
    put(&mut pair, CARD);
    pair.run_for(L::A_MOMENT);
    let place = FelicaBlock { service: 0x0009, block: 0 };
    let write =
        |service, data| Operation::FelicaWrite(vec![(FelicaBlock { service, ..place }, data)]);
    assert_eq!(ask(&mut pair, &card(0xA1), &write(0x0009, SECOND)), Ok(vec![]));
    assert_eq!(ask(&mut pair, &card(0xA1), &read(&[(0x0009, 0)])), Ok(vec![SECOND]));
    // A service that is for reading only.
    assert_eq!(ask(&mut pair, &card(0xA1), &write(0x1A8B, SECOND)), Err(FaultKind::Card));
    assert_eq!(ask(&mut pair, &card(0xA1), &read(&[(0x1A8B, 0)])), Ok(vec![FIRST]));
    assert!(sees(&pair, &["felica 012E4CE1000000A1"]), "{:?}", pair.field());
}

fn a_second_request_is_refused_while_one_waits<L: Reader>() {
    let mut pair = attached::<L>(3);
    put(&mut pair, CARD);
    pair.run_for(L::A_MOMENT);
    for _ in 0..3 {
        pair.request(&card(0xA1), &read(&[(0x1A8B, 0)]));
    }
    pair.run_for(L::A_MOMENT);
    let outcomes: Vec<_> =
        pair.replies.iter().map(|outcome| outcome.as_ref().map_err(|fault| fault.kind)).collect();
    assert_eq!(outcomes, [Err(FaultKind::Busy), Err(FaultKind::Busy), Ok(&vec![FIRST])]);
}

/// However far the request has come: one reply, and the rounds go on.
fn a_card_that_is_taken_meanwhile_is_missed<L: Reader>() {
    let mut outcomes = Vec::new();
    for ms in (0..80).step_by(4) {
        let mut pair = attached::<L>(3);
        put(&mut pair, CARD);
        pair.run_for(L::A_MOMENT);
        pair.request(&card(0xA1), &read(&[(0x1A8B, 0)]));
        pair.run_for(Duration::from_millis(ms));
        pair.link.field().take(None).unwrap();
        let end = pair.now().after(Duration::from_secs(1));
        assert!(pair.run_until(end, |pair| !pair.replies.is_empty()), "{ms} ms");
        let start = pair.now();
        pair.run_for(L::A_MOMENT);
        assert!(pair.rounds_since(start).len() >= L::ROUNDS_IN_A_MOMENT, "{ms} ms");
        assert_eq!((pair.replies.len(), &pair.faults[..]), (1, &[][..]), "{ms} ms");
        outcomes.push(pair.replies.remove(0).map_err(|fault| fault.kind));
    }
    // Taken at once it is not there, taken late it was read; between them it may fall silent.
    assert_eq!(outcomes.first(), Some(&Err(FaultKind::CardGone)));
    assert_eq!(outcomes.last(), Some(&Ok(vec![FIRST])));
    let other = [Err(FaultKind::Card), Err(FaultKind::CardGone), Ok(vec![FIRST])];
    assert!(outcomes.iter().all(|outcome| other.contains(outcome)), "{outcomes:?}");
}
