use std::time::Duration;

use bytes::Bytes;
use kazasu_hal::{FaultKind, Mono, Report};
use kazasu_harness::Serial;
use kazasu_link::{Input, Output, Session as _};
use kazasu_pn532::{Session, Settings};
use kazasu_wire::{pn532::Answer, sof::Frame};
use proptest::prelude::*;

use crate::{feed, noise};

/// Bytes that look like frames more often than chance does.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let frame = |code: u8| {
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(move |tail| {
            Frame::Data([&[0xD5, code], &tail[..]].concat()).encode().unwrap()
        })
    };
    noise::bytes(prop_oneof![
        prop_oneof![Just(0x03), Just(0x13), Just(0x15), Just(0x33), Just(0x4B), any::<u8>()]
            .prop_flat_map(frame),
        Just(vec![0x00, 0x00, 0xFF]),
        Just(vec![0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x09, 0xF6]),
    ])
}

proptest! {
    #[test]
    fn a_session_takes_any_bytes(
        noise in proptest::collection::vec((bytes(), 0_u64..400), 1..60)
    ) {
        noise::takes_any_bytes(Session::new(Mono::default(), &Settings::default()), noise, 8)?;
    }

    #[test]
    fn a_card_is_seen_after_noise(
        seed in any::<u64>(),
        noise in proptest::collection::vec((bytes(), 0_u64..80), 1..20),
    ) {
        noise::a_card_is_seen_after::<Serial>(seed, noise)?;
    }
}

/// A chip by hand: acknowledges each command and answers what the row says.
fn check(name: &str, answers: &[Vec<u8>], expected: Result<usize, FaultKind>) {
    let mut now = Mono::default();
    let mut session = Session::new(now, &Settings::default());
    let (mut faults, mut rounds, mut polls) = (0, 0, 0);
    for _ in 0..2000 {
        let mut sent = Vec::new();
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => sent.push(bytes),
                Output::Report(Report::Fault(_)) => faults += 1,
                Output::Report(Report::Field(_)) => rounds += 1,
                Output::Attached(_) | Output::SetRate(_) | Output::Replied(_) => {}
            }
        }
        let mut reply = Vec::new();
        for bytes in &sent {
            // Behind wake-up, preamble, start code, length and its check.
            let Some(at) = bytes.windows(2).position(|pair| pair == [0xD4, pair[1]]) else {
                continue;
            };
            let code = bytes[at + 1];
            let answer = match code {
                0x02 => {
                    answers.iter().find(|answer| answer[1] == 0x03).cloned().unwrap_or_else(|| {
                        let (ic, version, revision, support) = (0x32, 1, 6, 7);
                        Answer::GetFirmwareVersion { ic, version, revision, support }.encode()
                    })
                }
                0x4A => {
                    polls += 1;
                    let rows: Vec<_> = answers.iter().filter(|a| a[1] == 0x4B).collect();
                    match rows.as_slice() {
                        [] => vec![0xD5, 0x4B, 0],
                        rows => rows[polls % rows.len()].clone(),
                    }
                }
                code => vec![0xD5, code + 1],
            };
            reply.extend(Frame::Ack.encode().unwrap());
            reply.extend(Frame::Data(answer).encode().unwrap());
        }
        if let Err(fault) = feed(&mut session, &mut now, &reply) {
            assert_eq!(expected, Err(fault.kind), "{name}: {fault}");
            return;
        }
    }
    assert_eq!(expected, Ok(faults), "{name}");
    // Four searches of two steps each.
    assert!(rounds >= 220, "{name}: {rounds} rounds");
}

#[test]
fn answers_that_are_wrong_are_told_once_and_do_not_stop_the_rounds() {
    let idm_short = [&[0xD5, 0x4B, 1, 1, 0x11, 1], &[1; 15][..]].concat();
    let uid_of_five = vec![0xD5, 0x4B, 1, 1, 0, 4, 8, 5, 1, 2, 3, 4, 5];
    let three_targets = vec![0xD5, 0x4B, 3];
    let firmware = |ic| vec![0xD5, 0x03, ic, 1, 6, 7];
    let rows = [
        ("all is well", vec![], Ok(0)),
        ("a FeliCa answer of another length", vec![idm_short.clone()], Ok(1)),
        ("a UID of five bytes", vec![uid_of_five], Ok(1)),
        ("three targets", vec![three_targets], Ok(1)),
        ("nothing after the code", vec![vec![0xD5, 0x4B]], Ok(1)),
        ("wrong now and then", vec![vec![0xD5, 0x4B, 0], idm_short, vec![0xD5, 0x4B, 0]], Ok(1)),
        ("a PN533", vec![firmware(0x33)], Err(FaultKind::Unsupported)),
        ("no chip we know", vec![firmware(0x07)], Err(FaultKind::Unsupported)),
        (
            "a PN531, whose answer is shorter",
            vec![vec![0xD5, 0x03, 4, 2]],
            Err(FaultKind::Protocol),
        ),
    ];
    for (name, answers, expected) in rows {
        check(name, &answers, expected);
    }
}

/// The bytes that a session wants to send.
fn sent(session: &mut Session) -> Vec<Bytes> {
    std::iter::from_fn(|| session.poll_output())
        .filter_map(|output| match output {
            Output::Send(bytes) => Some(bytes),
            _ => None,
        })
        .collect()
}

fn ends_with_command(bytes: &[u8], command: &[u8]) -> bool {
    bytes.ends_with(&Frame::Data(command.to_vec()).encode().unwrap())
}

#[test]
fn a_board_that_knows_only_one_length_of_sam_configuration_is_opened() {
    let short = [0xD4, 0x14, 0x01];
    let long = [0xD4, 0x14, 0x01, 0x14, 0x01];
    let ack = Frame::Ack.encode().unwrap();
    let refused = [ack.clone(), Frame::Error.encode().unwrap()].concat();
    for (name, reply) in
        [("silent", vec![]), ("acknowledged only", ack.clone()), ("refused", refused)]
    {
        let mut session = Session::new(Mono::default(), &Settings::default());
        let first = sent(&mut session);
        assert!(first.len() == 1 && ends_with_command(&first[0], &short), "{name}: {first:02X?}");
        session.handle(Mono::default(), Input::Bytes(&reply)).unwrap();
        let mut second = sent(&mut session);
        let mut now = Mono::default();
        while second.len() < 2 {
            now = session.poll_timeout().unwrap();
            session.handle(now, Input::Timeout).unwrap();
            second.extend(sent(&mut session));
        }
        assert_eq!(second[0], ack, "{name}");
        assert!(ends_with_command(&second[1], &long), "{name}: {second:02X?}");
        assert!(now.0 <= Duration::from_millis(250), "{name}: {now:?}");
        let done = [ack.clone(), Frame::Data(vec![0xD5, 0x15]).encode().unwrap()].concat();
        session.handle(now, Input::Bytes(&done)).unwrap();
        assert!(ends_with_command(&sent(&mut session)[0], &[0xD4, 0x02]), "{name}");
    }
}

#[test]
fn the_opening_and_the_first_round_are_these_commands() {
    let rows: [(&[u8], &[u8]); 10] = [
        (&[0xD4, 0x14, 0x01], &[0xD5, 0x15]),
        (&[0xD4, 0x02], &[0xD5, 0x03, 0x32, 0x01, 0x06, 0x07]),
        // No automatic RATS.
        (&[0xD4, 0x12, 0x04], &[0xD5, 0x13]),
        // A search ends after one try.
        (&[0xD4, 0x32, 0x05, 0x00, 0x00, 0x00], &[0xD5, 0x33]),
        // Field off and on: cards forget what another host did with them.
        (&[0xD4, 0x32, 0x01, 0x00], &[0xD5, 0x33]),
        (&[0xD4, 0x32, 0x01, 0x01], &[0xD5, 0x33]),
        (&[0xD4, 0x4A, 0x01, 0x03, 0x00], &[0xD5, 0x4B, 0x00]),
        (&[0xD4, 0x4A, 0x02, 0x00], &[0xD5, 0x4B, 0x00]),
        (&[0xD4, 0x4A, 0x02, 0x01, 0x00, 0xFF, 0xFF, 0x01, 0x00], &[0xD5, 0x4B, 0x00]),
        (&[0xD4, 0x4A, 0x02, 0x02, 0x00, 0xFF, 0xFF, 0x01, 0x00], &[0xD5, 0x4B, 0x00]),
    ];
    let mut session = Session::new(Mono::default(), &Settings::default());
    let mut now = Mono::default();
    for (command, answer) in rows {
        let mut sent = sent(&mut session);
        while sent.is_empty() {
            now = session.poll_timeout().unwrap();
            session.handle(now, Input::Timeout).unwrap();
            sent = self::sent(&mut session);
        }
        assert!(sent.len() == 1 && ends_with_command(&sent[0], command), "{command:02X?}");
        let answer = Frame::Data(answer.to_vec()).encode().unwrap();
        let bytes = [Frame::Ack.encode().unwrap(), answer].concat();
        session.handle(now, Input::Bytes(&bytes)).unwrap();
    }
    // All in no time, so the next round has to wait.
    assert_eq!(session.poll_timeout(), Some(now.after(Duration::from_millis(15))));
}
