//! Spec 60 section 2: the same card has the same identity on every driver.

use std::time::Duration;

use kazasu_hal::{Card, CardIdentity, Stability, Technology};
use kazasu_harness::{Link, Pair, Serial, Usb};
use kazasu_sim::{PcscCard, Seed};
use kazasu_wire::apdu::{GetData, Response, StatusWord};

use crate::{card, put};

const SEED: u64 = 5;
/// Longer than the opening and some rounds.
const SOON: Duration = Duration::from_secs(1);

/// The only card of a round.
fn only(round: Option<&[Card]>) -> Vec<CardIdentity> {
    let mut identities: Vec<_> =
        round.unwrap_or_default().iter().map(|card| card.identity.clone()).collect();
    // A FeliCa card answers at each rate.
    identities.dedup();
    identities
}

fn on<L: Link>(line: &str) -> Vec<CardIdentity> {
    let mut pair = Pair::<L>::new(SEED);
    put(&mut pair, line);
    pair.run_for(SOON);
    only(pair.field())
}

/// What the PC/SC driver asks, and what it makes of the answers.
fn over_pcsc(line: &str) -> Vec<CardIdentity> {
    let mut reader = PcscCard::new(Seed(SEED));
    reader.field().put(card(line)).unwrap();
    let ask = |which: GetData| {
        let response =
            Response::decode(&reader.transmit(&which.command().encode().unwrap())).unwrap();
        (response.status == StatusWord::OK).then(|| response.data.to_vec())
    };
    let pmm = ask(GetData::Historical).and_then(|pmm| pmm.try_into().ok());
    let card = kazasu_pcsc::card(&reader.atr().unwrap(), &ask(GetData::Uid).unwrap(), pmm);
    card.map(|card| card.identity).into_iter().collect()
}

#[test]
fn twelve_cards_are_the_same_on_pn532_rcs380_and_pcsc() {
    use {Stability::*, Technology::*};
    // Random UIDs: the seed draws them, so the same card draws the same one on each.
    let rows = [
        ("a plastic card", "felica idm=012E4CE1000000A1", Felica, "012E4CE1000000A1", Stable),
        (
            "one of several systems",
            "felica idm=012E4CE1000000A2 sys=0003,FE00,8008",
            Felica,
            "012E4CE1000000A2",
            Stable,
        ),
        (
            "a phone",
            "felica idm=012E4CE1000000A3 pmm=0316010203040506 sys=0003",
            Felica,
            "012E4CE1000000A3",
            Stable,
        ),
        (
            "a Lite-S card",
            "felica idm=012E4CE1000000A4 pmm=00F1000000014300",
            Felica,
            "012E4CE1000000A4",
            Stable,
        ),
        (
            "a peer with a made-up IDm",
            "felica idm=01FE4CE1000000A5",
            Felica,
            "01FE4CE1000000A5",
            Random,
        ),
        (
            "one that speaks 424 kbit/s alone",
            "felica idm=012E4CE1000000A6 rate=424",
            Felica,
            "012E4CE1000000A6",
            Stable,
        ),
        ("4 bytes", "type-a uid=5AC1C2C3 atqa=0004 sak=08", Iso14443a, "5AC1C2C3", Stable),
        (
            "7 bytes",
            "type-a uid=045A0102030405 atqa=0044 sak=00",
            Iso14443a,
            "045A0102030405",
            Stable,
        ),
        (
            "10 bytes",
            "type-a uid=045A0102030405060708 atqa=0084 sak=00",
            Iso14443a,
            "045A0102030405060708",
            Stable,
        ),
        (
            "7 bytes with an ATS",
            "type-a uid=045A0102030406 atqa=0344 sak=20 ats=067577810280",
            Iso14443a,
            "045A0102030406",
            Stable,
        ),
        ("a made-up UID", "type-a uid=random", Iso14443a, "08", Random),
        ("type B", "type-b pupi=5AB1B2B3", Iso14443b, "5AB1B2B3", Unknown),
    ];
    assert_eq!(rows.len(), 12);
    for (name, line, technology, id, stability) in rows {
        let seen = [on::<Serial>(line), on::<Usb>(line), over_pcsc(line)];
        let [[first], [second], [third]] = seen.each_ref().map(Vec::as_slice) else {
            panic!("{name}: {seen:?}")
        };
        assert_eq!(first, second, "{name}");
        assert_eq!(first, third, "{name}");
        let hex = first.id().to_hex();
        assert!(hex.starts_with(id) && (hex == id || stability == Random), "{name}: {hex}");
        assert_eq!((first.technology(), first.stability()), (technology, stability), "{name}");
    }
}
