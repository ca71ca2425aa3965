//! What the chip finds, and how long it takes.

use kazasu_wire::{
    felica::{Rate, Slots},
    pn532::{Command, Initiator},
    sof::Frame,
};

use crate::desk::{Desk, MS, TYPE_A, felica, polling};

#[test]
fn cards_are_found_as_they_were_put() {
    #[track_caller]
    fn check(lines: &[&str], max_tg: u8, initiator: Initiator, found: &[&str]) {
        let mut desk = Desk::awake(lines);
        assert_eq!(desk.list(max_tg, initiator).0, found);
    }
    use Rate::{R212, R424};
    use Slots::One;
    let both = "put felica idm=012E4CE100000001 pmm=0120220427674EFF sys=0003,FE00";
    let found = "1 012E4CE100000001 0120220427674EFF 0003";
    check(&[both], 1, felica(R212, One), &[found]);
    check(&[both], 1, felica(R424, One), &[found]);
    let slow = "put felica idm=012E4CE100000001 rate=212 sys=0003";
    check(&[slow], 1, felica(R212, One), &[found]);
    check(&[slow], 1, felica(R424, One), &[]);
    let fast = "put felica idm=012E4CE100000001 rate=424 sys=0003";
    check(&[fast], 1, felica(R212, One), &[]);
    check(&[fast], 1, felica(R424, One), &[found]);
    // System n answers with n in the high nibble of the IDm; FFFF is answered by system 0.
    let system = |system| Initiator::Felica { rate: R212, polling: polling(system, One) };
    check(&[both], 1, system(0xFE00), &["1 112E4CE100000001 0120220427674EFF FE00"]);
    check(&[both], 1, system(0xFEFF), &["1 112E4CE100000001 0120220427674EFF FE00"]);
    check(&[both], 1, system(0x0003), &[found]);
    check(&[both], 1, system(0x88B4), &[]);
    // Two in the only slot destroy each other's answer.
    check(&[both, slow], 2, felica(R212, One), &[]);
    check(&[both, slow], 2, felica(R424, One), &[found]);
    check(&[both], 1, TYPE_A, &[]);
    check(&[], 2, TYPE_A, &[]);

    let four = "put type-a uid=01020304";
    let seven = "put type-a uid=04112233445566";
    check(&[four], 1, TYPE_A, &["1 01020304 0004 08"]);
    check(&[seven], 1, TYPE_A, &["1 04112233445566 0044 00"]);
    check(&["put type-a uid=04112233445566778899"], 1, TYPE_A, &["1 04112233445566778899 0084 00"]);
    check(&[four, seven], 2, TYPE_A, &["1 01020304 0004 08", "2 04112233445566 0044 00"]);
    check(&[four, seven], 1, TYPE_A, &["1 01020304 0004 08"]);
    check(&[four, four], 2, TYPE_A, &["1 01020304 0004 08"]);
    check(&[four, seven, "take 1"], 2, TYPE_A, &["1 04112233445566 0044 00"]);
    check(&[four, seven, "take"], 2, TYPE_A, &[]);
    let uid = kazasu_wire::iso14443a::Uid::new(&[4, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66]);
    check(&[four, seven], 2, Initiator::TypeA { uid }, &["1 04112233445566 0044 00"]);
    check(
        &["put type-a uid=04112233445566 atqa=0344 sak=20 ats=0675778102AA"],
        1,
        TYPE_A,
        &["1 04112233445566 0344 20 0675778102AA"],
    );
    check(&["put type-a uid=01020304 sak=20"], 1, TYPE_A, &["1 01020304 0004 20 0578807002"]);
    check(&[four], 1, Initiator::Jewel, &[]);
    check(&[four], 1, Initiator::TypeB { afi: 0, method: None }, &[]);
}

#[test]
fn cards_in_more_slots_are_told_apart_sooner_or_later() {
    let lines = ["put felica idm=012E4CE100000001", "put felica idm=012E4CE100000002"];
    let mut desk = Desk::awake(&lines);
    let counts: Vec<_> =
        (0..100).map(|_| desk.list(2, felica(Rate::R212, Slots::Four)).0.len()).collect();
    // Two cards meet in one of four slots once in four times.
    let both = counts.iter().filter(|count| **count == 2).count();
    assert!((60..90).contains(&both), "{both} of 100");
    assert_eq!(counts.len() - both, counts.iter().filter(|count| **count == 0).count());
    // With room for one, the one in the earlier slot is reported.
    let one = desk.list(1, felica(Rate::R212, Slots::Sixteen)).0;
    assert_eq!(one.len(), 1);
    // The same seed, the same run.
    let mut again = Desk::awake(&lines);
    let repeated: Vec<_> =
        (0..100).map(|_| again.list(2, felica(Rate::R212, Slots::Four)).0.len()).collect();
    assert_eq!(counts, repeated);
}

#[test]
fn answers_take_as_long_as_the_air_does() {
    #[track_caller]
    fn check(lines: &[&str], retries: u8, initiator: Initiator, us: std::ops::Range<u128>) {
        let mut desk = Desk::awake(lines);
        desk.retries(retries);
        desk.field(true);
        let took = desk.list(1, initiator).1;
        assert!(us.contains(&took), "{took} us, expected {us:?}");
    }
    use Rate::{R212, R424};
    let card = ["put felica idm=012E4CE100000001"];
    check(&card, 0, felica(R212, Slots::One), 4150..4160);
    check(&card, 0, felica(R424, Slots::One), 3280..3290);
    check(&[], 0, felica(R212, Slots::One), 4220..4240);
    check(&[], 0, felica(R212, Slots::Four), 7850..7870);
    check(&[], 0, felica(R212, Slots::Sixteen), 22_300..22_400);
    check(&[], 2, felica(R212, Slots::One), 3 * 4220..3 * 4240);
    check(&["put type-a uid=01020304"], 0, TYPE_A, 5000..5001);
    check(&[], 1, TYPE_A, 10_000..10_001);
    // A field that was off needs time until cards have power.
    let mut desk = Desk::awake(&card);
    let first = desk.list(1, felica(R212, Slots::One)).1;
    let second = desk.list(1, felica(R212, Slots::One)).1;
    assert_eq!(first - second, 5000);
}

#[test]
fn a_search_for_ever_ends_with_a_card_or_an_abort() {
    let search = Command::InListPassiveTarget { max_tg: 1, initiator: TYPE_A };
    let start = || {
        let mut desk = Desk::awake(&[]);
        desk.retries(0xFF);
        desk.send(&search);
        assert_eq!(desk.pass(3_600_000 * MS).len(), 1, "the ACK alone");
        desk
    };
    let mut desk = start();
    desk.control("put type-a uid=01020304");
    assert_eq!(desk.pass(20 * MS).len(), 1);

    let mut desk = start();
    desk.bytes(&Frame::Ack.encode().unwrap());
    desk.control("put type-a uid=01020304");
    assert_eq!(desk.pass(1000 * MS), []);
    assert_eq!(desk.chip.poll_timeout(), None);

    // A new command takes its place.
    let mut desk = start();
    assert!(desk.ask(&Command::GetFirmwareVersion).is_some());
    desk.control("put type-a uid=01020304");
    assert_eq!(desk.pass(1000 * MS), []);
}

#[test]
fn random_uids_change_whenever_the_card_is_put() {
    let mut desk = Desk::awake(&[]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        desk.control("put type-a uid=random");
        let (first, _) = desk.list(1, TYPE_A);
        assert!(first[0].starts_with("1 08") && first[0].ends_with(" 0004 08"), "{first:?}");
        // The same while it rests, whatever else happens.
        desk.field(false);
        assert_eq!(desk.list(1, TYPE_A).0, first);
        desk.control("take");
        seen.insert(first[0].clone());
    }
    assert_eq!(seen.len(), 20);
}
