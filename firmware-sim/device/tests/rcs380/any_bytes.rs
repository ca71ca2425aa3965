//! Any bytes, any commands: nothing panics, and the reader is well afterwards.

use std::time::Duration;

use kazasu_wire::sof::{Family, Frame};
use proptest::{collection::vec, prelude::*};

use crate::desk::{ACK, Desk};

/// Commands of the codes that there are, with any parameters; and well formed ones.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let codes = [0x00, 0x02, 0x04, 0x06, 0x12, 0x20, 0x22, 0x28, 0x2A, 0x30, 0x40, 0x42, 0x48];
    let code = prop_oneof![3 => (0..codes.len()).prop_map(move |at| codes[at]), 1 => any::<u8>()];
    let odd = (code, vec(any::<u8>(), 0..60))
        .prop_map(|(code, rest)| [&[0xD6, code], &rest[..]].concat());
    let speeds = [[1, 1], [1, 2], [2, 3], [3, 7]];
    let modulation = (0..speeds.len()).prop_map(move |at| {
        let [tx, speed] = speeds[at];
        vec![0xD6, 0x00, tx, speed, 0x0F, speed]
    });
    let settings = vec((0..0x14_u8, 0..9_u8), 1..6).prop_map(|settings| {
        let pairs = settings.into_iter().filter(|(key, _)| *key != 0x0D);
        [0xD6, 0x02].into_iter().chain(pairs.flat_map(|(key, value)| [key, value])).collect()
    });
    let heads =
        [&[0x26][..], &[0x52], &[0x93, 0x20], &[0x93, 0x70], &[5, 0, 0], &[6, 0, 0xFF, 0xFF]];
    let comm = (0..heads.len(), vec(any::<u8>(), 0..20))
        .prop_map(move |(at, rest)| [&[0xD6, 0x04, 0x10, 0x00][..], heads[at], &rest].concat());
    prop_oneof![odd, modulation, settings, comm]
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => data().prop_map(|data| Frame::Data(data).encode_for(Family::Port100).unwrap()),
        1 => Just(ACK.to_vec()),
        1 => vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn the_reader_survives(
        messages in vec((message(), 0..50_u64), 0..30),
        instant in any::<bool>(),
        control in vec((any::<[u8; 2]>(), any::<[u16; 3]>()), 0..10),
    ) {
        let mut desk = Desk::open(&[
            "put felica idm=012E4CE100000001 sys=0003,FE00",
            "put felica idm=012E4CE100000002",
            "put type-a uid=04C0FFEE000001",
            "put type-a uid=05060708 sak=20",
            "put type-b pupi=01A2B3C4",
        ]);
        desk.control(if instant { "pace instant" } else { "pace real" });
        for (message, wait) in messages {
            desk.bytes(&message);
            desk.pass(Duration::from_millis(wait));
        }
        for ([request_type, request], [value, index, length]) in control {
            let setup = kazasu_sim::Setup { request_type, request, value, index, length };
            let answer = desk.reader.control(&setup);
            prop_assert!(answer.is_none_or(|answer| answer.len() <= length.into()));
        }
        desk.reader.power_cycle();
        prop_assert_eq!(desk.ask("20"), "21 11 01");
    }
}
