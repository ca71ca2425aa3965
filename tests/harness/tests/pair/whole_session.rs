//! One whole session, to damage every byte of it in turn.

use std::time::Duration;

use kazasu_hal::{Mono, Report};
use kazasu_harness::Pair;
use kazasu_link::Session;

use crate::{
    Reader, ids, put,
    requests::{card, read},
    sees,
};

pub(crate) const CARDS: [&str; 3] = [
    "felica idm=012E4CE1000000A1 sys=FE00 block=1A8B:00:30303132333435360000000000000000",
    "type-a uid=045A0102030405 atqa=0044 sak=00",
    "type-b pupi=5AB1B2B3",
];
pub(crate) const IDS: [&str; 3] =
    ["felica 012E4CE1000000A1", "iso14443a 045A0102030405", "iso14443b 5AB1B2B3"];
const BLOCK: [u8; 16] = *b"00123456\0\0\0\0\0\0\0\0";

/// Longer than all attempts at a command, twice, and the pause before the way is opened anew.
const ATTACHED_WITHIN: Duration = Duration::from_millis(3500);
const REPLIED_WITHIN: Duration = Duration::from_millis(3500);
pub(crate) const CLOSED_WITHIN: Duration = Duration::from_secs(1);

pub(crate) fn sees_all<L: Reader>(pair: &Pair<L>) -> bool {
    sees(pair, &IDS)
}

/// Opens, reads the cards, reads a block, reads the cards again, closes. Gives how many bytes `sent`
/// says when the block was there, before the closing, and at the end. Panics where something hangs,
/// or a card or block is a wrong one.
pub(crate) fn whole_session<L: Reader>(
    name: &str,
    pair: &mut Pair<L>,
    is_damaged: bool,
    sent: impl Fn(&mut L) -> u64,
) -> [u64; 3] {
    for line in CARDS {
        put(pair, line);
    }
    assert!(pair.run_until(Mono(ATTACHED_WITHIN), sees_all), "{name}: {:?}", pair.faults);

    let free = |pair: &Pair<L>| pair.session().is_some_and(Session::takes_request);
    let end = pair.now().after(ATTACHED_WITHIN);
    assert!(pair.run_until(end, free), "{name}: {:?}", pair.faults);
    let (cuts, faults) = (pair.cuts, pair.faults.len());
    pair.request(&card(0xA1), &read(&[(0x1A8B, 0)]));
    // A reply, or the way is lost and the reply with it.
    let over =
        |pair: &Pair<L>| !pair.replies.is_empty() || pair.cuts > cuts || pair.faults.len() > faults;
    let end = pair.now().after(REPLIED_WITHIN);
    assert!(pair.run_until(end, over), "{name}: {:?}", pair.faults);
    for blocks in pair.replies.iter().flatten() {
        assert_eq!(*blocks, [BLOCK], "{name}");
    }
    assert!(is_damaged || matches!(&pair.replies[..], [Ok(_)]), "{:?}", pair.replies);
    let replied = sent(&mut pair.link);

    let seen = pair.reports.len();
    let again = |pair: &Pair<L>| pair.reports.len() > seen && sees_all(pair);
    let end = pair.now().after(ATTACHED_WITHIN);
    assert!(pair.run_until(end, again), "{name}: {:?}", pair.faults);

    let closing = sent(&mut pair.link);
    pair.close_session();
    let end = pair.now().after(CLOSED_WITHIN);
    assert!(pair.run_until(end, |pair| pair.session().is_none()), "{name}");
    for (_, report) in &pair.reports {
        if let Report::Field(cards) = report {
            assert!(ids(cards).iter().all(|id| IDS.contains(&id.as_str())), "{name}: {cards:?}");
        }
    }
    assert!(pair.attached.iter().all(|model| model == L::MODEL), "{name}");
    [replied, closing, sent(&mut pair.link)]
}
