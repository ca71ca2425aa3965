//! Rows: rounds at given milliseconds in, taps out.

use kazasu_hal::{Card, SystemCode};

use super::*;

const PLASTIC: [u8; 8] = [0x01, 0x20, 0, 0, 0, 0, 0, 0];
const MOBILE: [u8; 8] = [0x01, 0x18, 0, 0, 0, 0, 0, 0];

fn felica(n: u8, pmm: [u8; 8]) -> Card {
    let idm = [0x01, 0x2E, 0x4C, 0, 0, 0, 0, n];
    Card::felica(&idm, SystemCode::ANY, Some(pmm), None).unwrap()
}

/// `a`, `b`: plastic FeliCa; `p`: a phone; `t`: type A; `r`: type A with a random UID.
fn card(letter: char) -> Card {
    match letter {
        'a' => felica(1, PLASTIC),
        'b' => felica(2, PLASTIC),
        'p' => felica(3, MOBILE),
        't' => Card::iso14443a(&[4, 0xC0, 0xFF, 0xEE, 0, 0, 1], Some(0x44), Some(0)).unwrap(),
        'r' => Card::iso14443a(&[8, 1, 2, 3], Some(4), Some(0x20)).unwrap(),
        other => panic!("no card {other}"),
    }
}

/// `script`: `ms:cards` for each round, `-` for an empty one. `expected`: `ms+a` presented,
/// `ms=a` confirmed, `ms-a` removed, `ms!` several.
fn check(presence: Presence, script: &str, expected: &str) {
    check_with(TapSettings::default(), presence, script, expected);
}

fn check_with(settings: TapSettings, presence: Presence, script: &str, expected: &str) {
    let mut taps = Taps::new(presence, settings);
    let mut got = Vec::new();
    for step in script.split_whitespace() {
        let (ms, letters) = step.split_once(':').unwrap();
        let now = Mono(Duration::from_millis(ms.parse().unwrap()));
        let cards = letters.chars().filter(|c| *c != '-').map(card).collect();
        let name = |c: &Card| "abptr".chars().find(|l| card(*l) == *c).unwrap();
        for tap in taps.round(now, cards) {
            got.push(match tap {
                EventKind::Presented(c) => format!("{ms}+{}", name(&c)),
                EventKind::Confirmed(c) => format!("{ms}={}", name(&c)),
                EventKind::Removed(c) => format!("{ms}-{}", name(&c)),
                EventKind::Multiple(_) => format!("{ms}!"),
                other => panic!("{other:?}"),
            });
        }
    }
    assert_eq!(got.join(" "), expected, "{script}");
}

#[test]
fn polled_readers() {
    let rows = [
        // once for each presentation, however long it rests; both speeds are one card
        ("0:aa 25:aa 50:aa 9000:a", "0+a 25=a"),
        // gone after two missed rounds and 150 ms from the first of them
        ("0:a 25:a 50:- 75:- 199:- 200:- 225:-", "0+a 25=a 200-a"),
        // slow rounds: time alone is not enough, the second missed round decides
        ("0:a 300:- 600:- 900:-", "0+a 600-a"),
        // one missed round, or a flicker within 150 ms, is the same tap
        ("0:a 25:- 50:a 75:- 100:- 125:- 150:a 500:a", "0+a 50=a"),
        // a second tap from 150 ms on
        ("0:a 25:- 50:- 175:- 200:a", "0+a 175-a 200+a"),
        // a card that rested for a second: gaps up to 400 ms are the same tap, again and again
        ("0:a 25:a 1000:- 1025:- 1299:- 1300:a 3000:- 3300:a", "0+a 25=a"),
        ("0:a 25:a 1000:- 1025:- 1399:- 1400:- 1425:a", "0+a 25=a 1400-a 1425+a"),
        ("0:a 25:a 999:- 1024:- 1148:- 1149:- 1174:a", "0+a 25=a 1149-a 1174+a"),
        ("0:a 25:a 1000:- 1025:- 1200:a 1225:- 1250:- 1624:- 1625:-", "0+a 25=a 1625-a"),
        // a phone pauses up to 750 ms
        ("0:p 25:- 50:- 700:- 774:p 800:- 825:- 1549:- 1550:-", "0+p 774=p 1550-p"),
        // another card instead: after two missed rounds, without the wait
        ("0:a 25:b 50:b 75:b", "0+a 50-a 50+b 75=b"),
        // several at once: told once, none presented, until one has been alone for 500 ms
        ("0:ab 25:ab 50:a 524:a", "0!"),
        ("0:ab 25:ab 50:a 525:a 550:a", "0! 525+a 550=a"),
        ("0:ab 25:- 50:- 175:- 200:a", "0! 200+a"),
        // one more while one rests: the tap goes on when the other leaves
        ("0:a 25:ab 50:a 600:a 625:- 650:- 800:-", "0+a 25! 800-a"),
        ("0:a 25:a 50:ab 75:b 600:b", "0+a 25=a 50! 600-a 600+b"),
        ("0:a 25:ab 50:- 75:- 200:-", "0+a 25! 200-a"),
        // a misread is no tap, two different ones are none, and equal ones count only in a row
        ("0:a 25:b 50:a 75:b 100:a 125:b 150:a", "0+a"),
        ("0:a 25:b 50:a 75:a", "0+a 75=a"),
        ("0:a 25:b 50:t 75:b 100:t 125:a 150:a", "0+a 150=a"),
        ("0:a 25:a 50:b 75:b 100:a 125:b 150:b 175:b", "0+a 25=a 175-a 175+b"),
        ("0:b 25:a 50:- 75:a", "0+b 75-b 75+a"),
        ("0:a 25:- 50:b 75:a 100:- 125:a", "0+a 125=a"),
        // beside several, a card that answers now and then is there: rounds are missed in a row only
        ("0:a 25:ab 50:- 75:- 100:a 125:- 200:- 240:a 265:- 300:-", "0+a 25!"),
        ("0:a 25:ab 50:- 75:- 100:a 125:- 200:- 274:- 275:-", "0+a 25! 275-a"),
        ("0:at", "0!"),
        // a phone's made-up UID beside its FeliCa answer is the same phone; beside plastic it is not
        ("0:pr 25:pr 50:p", "0+p 25=p"),
        ("0:pr 25:pr 50:r 75:r 100:r 125:p", "0+p 25=p"),
        ("0:pr 25:pr 50:r 75:r 799:r 800:r 825:r", "0+p 25=p 800-p 825+r"),
        ("0:pt", "0!"),
        ("0:ar", "0!"),
        ("0:r 25:r", "0+r 25=r"),
    ];
    for (script, expected) in rows {
        check(Presence::Polled, script, expected);
    }
}

/// A site may ask for more missed rounds, where its readers miss many.
#[test]
fn the_missed_rounds_are_counted() {
    let settings = TapSettings { missed_polls: 4, ..TapSettings::default() };
    for (script, expected) in [
        ("0:a 25:- 200:- 225:- 250:a 275:- 450:- 475:- 500:-", "0+a 250=a 500-a"),
        ("0:a 25:b 50:b 75:b 100:b", "0+a 100-a 100+b"),
    ] {
        check_with(settings, Presence::Polled, script, expected);
    }
}

#[test]
fn readers_that_poll_themselves_have_the_last_word() {
    let rows = [
        ("0:a 0:a 1:- 2:a 2:a", "0+a 0=a 1-a 2+a 2=a"),
        ("0:a 1:b", "0+a 1-a 1+b"),
        ("0:p 1:-", "0+p 1-p"),
    ];
    for (script, expected) in rows {
        check(Presence::Reported, script, expected);
    }
}

/// S60-1-01: which chip of a card counts is the station's matter, and nobody's by default.
#[test]
fn a_card_with_two_chips_is_one_where_its_station_has_an_order() {
    use Technology::{Felica, Iso14443a, Iso14443b};
    let rows: [(&str, &[Technology], Option<char>); 9] = [
        ("at", &[], None),
        ("at", &[Felica, Iso14443a], Some('a')),
        ("at", &[Iso14443a, Felica], Some('t')),
        ("at", &[Iso14443a], Some('t')),
        ("at", &[Iso14443b, Felica], Some('a')),
        ("at", &[Iso14443b], None),
        // two of one kind are two cards
        ("abt", &[Felica, Iso14443a], None),
        ("abt", &[Iso14443a, Felica], None),
        ("t", &[Felica], Some('t')),
    ];
    for (letters, order, expected) in rows {
        let mut taps = Taps::new(Presence::Polled, TapSettings::default()).ordered(order);
        let told = taps.round(Mono::default(), letters.chars().map(card).collect());
        match expected {
            Some(letter) => {
                assert_eq!(told, [EventKind::Presented(card(letter))], "{letters} {order:?}")
            }
            None => assert!(matches!(told[..], [EventKind::Multiple(_)]), "{letters} {order:?}"),
        }
    }
}

#[test]
fn several_cards_name_their_technologies() {
    use Technology::{Felica, Iso14443a};
    let rows = [("ab", vec![Felica, Felica]), ("at", vec![Felica, Iso14443a])];
    for (letters, expected) in rows {
        let mut taps = Taps::new(Presence::Polled, TapSettings::default());
        let told = taps.round(Mono::default(), letters.chars().map(card).collect());
        assert_eq!(told, [EventKind::Multiple(expected)], "{letters}");
    }
}

/// Numbers without a pattern, the same at each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

#[test]
fn a_thousand_taps_with_a_tenth_of_the_reads_wrong_confirm_no_wrong_card() {
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let mut taps = Taps::new(Presence::Polled, TapSettings::default());
    let (mut now, mut confirmed, mut wrong_reads, mut wrong_taps) = (0, 0, 0, 0);
    for tap in 0..1000_u16 {
        let [high, low] = tap.to_be_bytes();
        let right = [0x04, 0xC0, 0xFF, 0xEE, 1, high, low];
        for round in 0..32 {
            now += 25;
            let mut uid = right;
            if numbers.next(10) == 0 {
                wrong_reads += 1;
                uid[usize::try_from(1 + numbers.next(6)).unwrap()] ^= 1 << numbers.next(8);
            }
            // The last twelve rounds are the pause behind the tap.
            let cards: Vec<_> =
                Card::iso14443a(&uid, None, None).ok().filter(|_| round < 20).into_iter().collect();
            for tap in taps.round(Mono(Duration::from_millis(now)), cards) {
                match tap {
                    EventKind::Confirmed(card) => {
                        assert_eq!(card.identity.id().as_bytes(), right);
                        confirmed += 1;
                    }
                    EventKind::Presented(card) => {
                        wrong_taps += u32::from(card.identity.id().as_bytes() != right);
                    }
                    EventKind::Removed(_) | EventKind::Multiple(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert_eq!(confirmed, 1000, "each tap once");
    assert!((3000..3400).contains(&wrong_reads), "{wrong_reads}");
    // Unconfirmed taps are what a reader said first.
    assert!((80..120).contains(&wrong_taps), "{wrong_taps}");
}

#[test]
fn a_reader_that_goes_takes_its_card_along_once() {
    let mut taps = Taps::new(Presence::Polled, TapSettings::default());
    taps.round(Mono::default(), vec![card('a')]);
    assert_eq!(taps.gone(), Some(EventKind::Removed(card('a'))));
    assert_eq!(taps.gone(), None);
    taps.round(Mono::default(), vec![card('a')]);
    taps.round(Mono::default(), vec![card('a'), card('b')]);
    assert_eq!(taps.gone(), Some(EventKind::Removed(card('a'))), "the one that was presented");
    taps.round(Mono::default(), vec![card('a'), card('b')]);
    assert_eq!(taps.gone(), None, "none was");
}
