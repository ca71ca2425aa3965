//! Any bytes: nothing panics, what decodes is encoded to the same bytes again, and what is encoded
//! decodes to the same value.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use kazasu_wire::{
    apdu, atr,
    felica::{Idm, Pmm, Polling, PollingAnswer, Rate},
    iso14443a::{Atqa, Ats, Sak, Uid, crc_a, decode_level, strip_crc_a},
    pn532::{Answer, Command, FelicaTarget, Initiator, Target, TypeATarget},
    sof::{BUFFER_MAX, DATA_MAX, Decoder, Frame},
};
use proptest::{collection::vec, prelude::*};

fn polling() -> impl Strategy<Value = Vec<u8>> {
    (any::<[u8; 3]>(), 0..6_u8).prop_map(|([high, low, request], slots)| {
        [0, high, low, request, (1_u8 << slots).wrapping_sub(1)].to_vec()
    })
}

/// Command data that are mostly well formed: random bytes alone hardly ever pass a length check.
fn command_data() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![(0..0x31_u8).prop_map(|half| half * 2), any::<u8>()];
    let plain = (code, vec(any::<u8>(), 0..12))
        .prop_map(|(code, rest)| [&[0xD4, code], &rest[..]].concat());
    let initiator = prop_oneof![
        Just(vec![0]),
        (any::<bool>(), polling())
            .prop_map(|(fast, polling)| { [&[1 + u8::from(fast)], &polling[..]].concat() }),
        vec(any::<u8>(), 1..14),
    ];
    let list = (0..4_u8, initiator)
        .prop_map(|(max_tg, initiator)| [&[0xD4, 0x4A, max_tg], &initiator[..]].concat());
    prop_oneof![plain, list]
}

fn target(felica: bool, tg: u8) -> BoxedStrategy<Target> {
    if felica {
        (any::<[u8; 8]>(), any::<[u8; 8]>(), any::<Option<[u8; 2]>>())
            .prop_map(move |(idm, pmm, request_data)| {
                Target::Felica(FelicaTarget { tg, idm: Idm(idm), pmm: Pmm(pmm), request_data })
            })
            .boxed()
    } else {
        let uid = (any::<[u8; 10]>(), prop_oneof![Just(4), Just(7), Just(10)]);
        (uid, any::<u16>(), any::<u8>(), vec(any::<u8>(), 0..20), any::<bool>())
            .prop_map(move |((uid, len), atqa, sak, ats, with_ats)| {
                let tl = u8::try_from(ats.len()).unwrap() + 1;
                let ats = (with_ats && sak & 0x20 != 0).then(|| [&[tl], &ats[..]].concat().into());
                Target::TypeA(TypeATarget {
                    tg,
                    sens_res: Atqa(atqa),
                    sel_res: Sak(sak),
                    nfcid: Uid::new(&uid[..len]).unwrap(),
                    ats,
                })
            })
            .boxed()
    }
}

fn targets() -> impl Strategy<Value = (Command, Vec<Target>)> {
    (any::<bool>(), 0..3_usize).prop_flat_map(|(felica, count)| {
        let initiator = if felica {
            let polling = Polling::decode_bare(&[0, 0xFF, 0xFF, 1, 3]).unwrap();
            Initiator::Felica { rate: Rate::R212, polling }
        } else {
            Initiator::TypeA { uid: None }
        };
        let list = (1..=2_u8).take(count).map(|tg| target(felica, tg)).collect::<Vec<_>>();
        (Just(Command::InListPassiveTarget { max_tg: 2, initiator }), list)
    })
}

fn frames_of(chunks: &[&[u8]]) -> Vec<Result<Frame, String>> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        // A frame or an error uses up two bytes at least.
        for _ in 0..=BUFFER_MAX / 2 {
            match decoder.next_frame() {
                Some(frame) => frames.push(frame.map_err(|error| error.to_string())),
                None => break,
            }
        }
        assert!(decoder.next_frame().is_none());
    }
    frames
}

/// Line noise with many start codes in it.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(0x00), 3 => Just(0xFF), 1 => Just(0x01), 2 => any::<u8>()];
    vec(byte, 0..400)
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_how_bytes_arrive(bytes in noise(), size in 1..40_usize) {
        let whole = frames_of(&[&bytes]);
        let pieces = frames_of(&bytes.chunks(size).collect::<Vec<_>>());
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn frames_survive_noise_between_them(
        data in vec(vec(any::<u8>(), 1..DATA_MAX + 1), 1..4),
        noise in vec(0..0xFF_u8, 0..300),
    ) {
        // Without FF there is no start code in the noise, so no frame may be lost.
        let frames: Vec<_> = data
            .into_iter()
            .map(|data| if data == [0x7F] { Frame::Error } else { Frame::Data(data) })
            .flat_map(|frame| [Frame::Ack, frame, Frame::Nack])
            .collect();
        let mut bytes = Vec::new();
        for frame in &frames {
            bytes.extend_from_slice(&noise);
            bytes.extend(frame.encode().unwrap());
        }
        let found = frames_of(&bytes.chunks(1000).collect::<Vec<_>>());
        let frames: Vec<_> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(found, frames);
    }

    #[test]
    fn commands(data in command_data()) {
        if let Ok(command) = Command::decode(&data) {
            prop_assert_eq!(command.encode(), data);
        }
    }

    #[test]
    fn answers(command in command_data(), noise in vec(any::<u8>(), 0..40), count in 0..3_u8) {
        let Ok(command) = Command::decode(&command) else { return Ok(()) };
        let data = [&[0xD5, command.code().wrapping_add(1), count], &noise[..]].concat();
        if let Ok(answer) = Answer::decode(&command, &data) {
            prop_assert_eq!(answer.encode(), data);
        }
        let _ = Answer::decode(&command, &noise);
    }

    #[test]
    fn targets_come_back((command, targets) in targets()) {
        let answer = Answer::InListPassiveTarget(targets);
        let data = answer.encode();
        let decoded = Answer::decode(&command, &data).map_err(|e| e.to_string());
        // A missing ATS can make two readings possible; the bytes are the same in any case.
        prop_assert_eq!(decoded.map(|answer| answer.encode()), Ok(data));
    }

    #[test]
    fn small_messages(bytes in vec(any::<u8>(), 0..40)) {
        if let Ok(polling) = Polling::decode(&bytes) {
            prop_assert_eq!(&polling.encode()[..], &bytes[..]);
        }
        if let Ok(answer) = PollingAnswer::decode(&bytes) {
            prop_assert_eq!(answer.encode(), bytes.clone());
        }
        if let Ok(command) = apdu::Command::decode(&bytes) {
            prop_assert_eq!(command.encode(), Some(bytes.clone()));
        }
        if let Ok(response) = apdu::Response::decode(&bytes) {
            prop_assert_eq!(response.encode(), bytes.clone());
        }
        let _ = decode_level(&bytes);
        let _ = strip_crc_a(&bytes);
    }

    #[test]
    fn ats(body in vec(any::<u8>(), 0..40)) {
        let bytes = [&[u8::try_from(body.len()).unwrap() + 1], &body[..]].concat();
        if let Ok(ats) = Ats::decode(&bytes) {
            prop_assert_eq!(ats.encode(), Some(bytes));
        }
        let _ = Ats::decode(&body);
    }

    #[test]
    fn atrs(historical in vec(any::<u8>(), 0..16), noise in vec(any::<u8>(), 0..24)) {
        let atr = atr::Atr::iso_dep_a(&historical);
        let bytes = atr.encode();
        let decoded = atr::Atr::decode(&bytes);
        prop_assert_eq!(decoded.as_ref().ok(), Some(&atr));
        prop_assert!(bytes.len() <= 33);
        let _ = (atr.technology(), atr.sak(), atr.storage_card());
        if let Ok(atr) = atr::Atr::decode(&noise) {
            prop_assert_eq!(atr.encode(), noise);
        }
    }

    #[test]
    fn uids(bytes in any::<[u8; 10]>(), len in prop_oneof![Just(4_usize), Just(7), Just(10)]) {
        let uid = Uid::new(&bytes[..len]).unwrap();
        prop_assert_eq!(Uid::from_levels(&uid.levels()).ok(), Some(uid));
        prop_assert_eq!(uid.levels().len(), len / 3);
    }

    #[test]
    fn crc_a_is_checked(body in vec(any::<u8>(), 0..30), bit in any::<prop::sample::Index>()) {
        let mut frame = [&body[..], &crc_a(&body)].concat();
        prop_assert_eq!(strip_crc_a(&frame).ok(), Some(&body[..]));
        let bit = bit.index(frame.len() * 8);
        frame[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(strip_crc_a(&frame).is_err());
    }
}
