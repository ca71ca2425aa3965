//! Cards that fall silent until the field goes off, and phones, which pause: what the runtime makes of
//! them.

use std::time::Duration;

use kazasu_hal::{EventKind, Presence, Report};
use kazasu_harness::Pair;
use kazasu_runtime::{TapSettings, Taps};

use crate::{Reader, attached, put};

on_each_reader!(
    a_card_that_falls_silent_is_there_all_the_while,
    a_card_that_is_taken_is_gone_as_soon_as_ever,
    a_phone_that_pauses_is_one_tap,
);

/// What the runtime tells of everything that the pair reported.
fn taps<L: Reader>(pair: &Pair<L>) -> Vec<&'static str> {
    let mut taps = Taps::new(Presence::Polled, TapSettings::default());
    let mut told = Vec::new();
    for (now, report) in &pair.reports {
        let Report::Field(cards) = report else { panic!("{report:?}") };
        told.extend(taps.round(*now, cards.clone()).iter().map(EventKind::word));
    }
    told
}

const LASTING: [&str; 5] = [
    "felica idm=012E4CE1000000A1",
    "felica idm=012E4CE1000000A1 rate=424",
    "type-a uid=04C0FFEE000001",
    "type-a uid=5AC1C2C3",
    "type-a uid=04C0FFEE000002 ats=0578807002",
];

fn a_card_that_falls_silent_is_there_all_the_while<L: Reader>() {
    for card in LASTING {
        let mut pair = attached::<L>(11);
        put(&mut pair, card);
        for ms in [1000, 1013, 37, 400, 51, 3000] {
            pair.run_for(Duration::from_millis(ms));
            pair.link.field().hush();
        }
        pair.run_for(Duration::from_secs(1));
        assert_eq!(taps(&pair), ["presented", "confirmed"], "{card}");
        assert_eq!(pair.faults, [], "{card}");
    }
    // Two chips on one card are one card to whoever gives an order.
    let mut pair = attached::<L>(11);
    put(&mut pair, LASTING[0]);
    put(&mut pair, LASTING[2]);
    pair.run_for(Duration::from_secs(1));
    pair.link.field().hush();
    let from = pair.now();
    pair.run_for(Duration::from_secs(1));
    let empty = pair.rounds_since(from).iter().filter(|cards| cards.is_empty()).count();
    assert!(empty <= 2, "{empty} rounds saw nothing");
}

fn a_card_that_is_taken_is_gone_as_soon_as_ever<L: Reader>() {
    for card in LASTING {
        let mut pair = attached::<L>(12);
        put(&mut pair, card);
        pair.run_for(Duration::from_millis(500));
        pair.link.field().take(None).unwrap();
        let from = pair.now();
        pair.run_for(Duration::from_secs(2));
        assert_eq!(taps(&pair), ["presented", "confirmed", "removed"], "{card}");
        let rounds = pair.rounds_since(from);
        // Power goes three times, and no more.
        let seconds = 2.0 / L::A_MOMENT.as_secs_f64();
        let least = (L::EMPTY_ROUNDS as f64 * seconds).floor();
        assert!(rounds.len() as f64 >= least, "{card}: {} rounds of {least}", rounds.len());
    }
}

fn a_phone_that_pauses_is_one_tap<L: Reader>() {
    let phones = [
        &["felica idm=012E4CE1000000A1 pmm=0118000000000000", "type-a uid=anew ats=0578807002"][..],
        &["felica idm=012E4CE1000000A1 pmm=0118000000000000"],
        &["type-a uid=anew ats=0578807002"],
    ];
    for phone in phones {
        let mut pair = attached::<L>(13);
        for chip in phone {
            put(&mut pair, chip);
        }
        pair.run_for(Duration::from_secs(1));
        for _ in 0..20 {
            // One round is missed.
            let seen = pair.reports.len();
            pair.link.field().pause(true);
            let end = pair.now().after(Duration::from_secs(1));
            assert!(pair.run_until(end, |pair| pair.reports.len() > seen));
            pair.link.field().pause(false);
            pair.run_for(Duration::from_millis(400));
        }
        assert_eq!(taps(&pair), ["presented", "confirmed"], "{phone:?}");
    }
}
