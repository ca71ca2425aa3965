//! The session alone: what it says at the beginning, and that it takes anything for an answer.

use std::time::Duration;

use kazasu_hal::{FaultKind, Mono, Polling, Report};
use kazasu_link::{Input, Output, Session as _};
use kazasu_rcs380::Session;
use kazasu_wire::{
    port100::{Answer, CommStatus, Command, Status},
    sof::{Family, Frame, locate},
};
use proptest::prelude::*;

use crate::{feed, noise};

/// Frames that nfcpy and a real RC-S380 exchanged, in order, then some of each technology.
const RECORDED: &str = include_str!("../../../../../drivers/wire/corpus/port100.jsonl");

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The recorded frames that a host sent, by source.
fn recorded(source: &str) -> Vec<Vec<u8>> {
    let field = |line: &'static str, name: &str| {
        let (_, rest) = line.split_once(&format!("\"{name}\": \"")).unwrap();
        rest.split_once('"').unwrap().0
    };
    let lines = RECORDED.lines().filter(|line| field(line, "source").starts_with(source));
    let sent = lines.filter(|line| field(line, "dir") == "host->reader");
    sent.map(|line| bytes_of(field(line, "hex"))).collect()
}

/// A chip by hand: what it says to a command.
type Chip<'a> = &'a dyn Fn(&Command) -> Answer;

fn healthy(command: &Command) -> Answer {
    match command {
        Command::SetCommandType(_) => Answer::SetCommandType(Status::OK),
        Command::GetFirmwareVersion { .. } => Answer::GetFirmwareVersion { minor: 0x11, major: 1 },
        Command::GetPdDataVersion => Answer::GetPdDataVersion { minor: 0, major: 1 },
        Command::SwitchRf { .. } => Answer::SwitchRf(Status::OK),
        Command::InSetRf(_) => Answer::InSetRf(Status::OK),
        Command::InSetProtocol(_) => Answer::InSetProtocol(Status::OK),
        Command::InCommRf { .. } => {
            Answer::InCommRf { status: CommStatus::RECEIVE_TIMEOUT, received: None }
        }
        other => panic!("{other:?}"),
    }
}

/// Everything that a session sends while it sees so many rounds, and what it tells besides.
fn sent(chip: Chip<'_>, rounds: usize) -> (Vec<Vec<u8>>, Vec<FaultKind>, Option<FaultKind>) {
    let mut now = Mono::default();
    let mut session = Session::new(now, Polling::Normal);
    let (mut sent, mut faults, mut seen) = (Vec::new(), Vec::new(), 0);
    for _ in 0..20_000 {
        let mut reply = Vec::new();
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => {
                    if let Frame::Data(data) = locate(Family::Port100, &bytes).unwrap().frame {
                        let answer = chip(&Command::decode(&data).unwrap()).encode();
                        reply.push(Frame::Ack);
                        reply.push(Frame::Data(answer));
                    }
                    sent.push(bytes.to_vec());
                }
                Output::Report(Report::Fault(fault)) => faults.push(fault.kind),
                Output::Report(Report::Field(_)) => seen += 1,
                Output::Attached(_) | Output::SetRate(_) | Output::Replied(_) => {}
            }
        }
        if seen >= rounds {
            break;
        }
        let bytes: Vec<u8> =
            reply.iter().flat_map(|frame| frame.encode_for(Family::Port100).unwrap()).collect();
        if let Err(fault) = feed(&mut session, &mut now, &bytes) {
            return (sent, faults, Some(fault.kind));
        }
    }
    assert!(seen >= rounds, "{seen} rounds");
    (sent, faults, None)
}

#[test]
fn the_opening_equals_the_recorded_one() {
    let (sent, _, ended) = sent(&healthy, 1);
    assert_eq!(ended, None);
    // Where ours differs: nfcpy asks for the firmware again behind SwitchRF, for its name of the
    // reader. The answer to the first question serves us for that.
    let abort = Frame::Ack.encode().unwrap();
    let opening = [vec![abort], recorded("nfcpy issue #11")].concat();
    assert_eq!(opening.len(), 5);
    assert_eq!(sent[..5], opening[..]);
}

#[test]
fn a_round_uses_the_recorded_frames() {
    let commands = |frames: &[Vec<u8>]| -> Vec<Command> {
        let frames = frames.iter().map(|bytes| locate(Family::Port100, bytes).unwrap().frame);
        let data = frames.filter_map(|frame| match frame {
            Frame::Data(data) => Some(Command::decode(&data).unwrap()),
            _ => None,
        });
        data.collect()
    };
    let (sent, _, _) = sent(&healthy, 1);
    let (ours, recorded) = (commands(&sent), commands(&recorded("")));
    let said = |wanted: &dyn Fn(&Command) -> bool| {
        let find = |commands: &[Command]| {
            commands.iter().filter(|command| wanted(command)).cloned().collect::<Vec<_>>()
        };
        (find(&ours), find(&recorded))
    };

    // Modulations: byte for byte, but for their order.
    let (mut own, mut theirs) = said(&|command| matches!(command, Command::InSetRf(_)));
    own.sort_by_key(|command| command.encode());
    theirs.sort_by_key(|command| command.encode());
    assert_eq!(own, theirs);

    // Settings: nfcpy writes a table of defaults, then what differs; so does the first and only
    // message here, in one.
    let (own, theirs) = said(&|command| matches!(command, Command::InSetProtocol(_)));
    assert_eq!(own.len(), 4);
    let pairs = |command: &Command| match command {
        Command::InSetProtocol(settings) => {
            settings.iter().map(|setting| (setting.key.byte(), setting.value)).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    let defaults = pairs(&theirs[0]);
    let merged = |difference: &Command| {
        let mut table = defaults.clone();
        for (key, value) in pairs(difference) {
            table.iter_mut().filter(|(own, _)| *own == key).for_each(|own| own.1 = value);
        }
        table
    };
    let type_b = merged(theirs.last().unwrap());
    let type_a = merged(&theirs[1]);
    let expected = [&type_b, &type_a, &defaults, &defaults];
    for (own, expected) in own.iter().zip(expected) {
        assert_eq!(pairs(own), *expected);
    }

    // Calls: the same messages to cards. Time-outs are ours: nfcpy waits 30 ms for cards that
    // answer within one. And where it asks with REQA and REQB (extended ATQB), ours wakes up those
    // at rest with WUPA and WUPB.
    let message = |command: &Command| match command {
        Command::InCommRf { data, .. } => data.to_vec(),
        _ => Vec::new(),
    };
    let (own, theirs) = said(&|command| matches!(command, Command::InCommRf { .. }));
    let polling = theirs.iter().map(message).find(|message| message.len() == 6).unwrap();
    let own: Vec<_> = own.iter().map(message).collect();
    assert_eq!(own, [vec![0x05, 0x00, 0x08], vec![0x52], polling.clone(), polling]);
}

#[test]
fn what_a_reader_does_not_do_is_told_once_and_left_out() {
    let refused = |answer: Answer| match answer {
        Answer::SetCommandType(_) => Answer::SetCommandType(Status::COMMAND_TYPE),
        Answer::InSetRf(_) => Answer::InSetRf(Status::PARAMETER),
        Answer::InSetProtocol(_) => Answer::InSetProtocol(Status::PARAMETER),
        other => other,
    };
    let hot = Answer::InCommRf { status: CommStatus::TEMPERATURE, received: None };
    type Row<'a> = (&'a str, &'a dyn Fn(&Command) -> bool, Vec<FaultKind>, Option<FaultKind>);
    let modulated = |speed: u8| move |command: &Command| matches!(command, Command::InSetRf(m) if m.tx_speed == speed);
    let (type_b, felica) = (modulated(7), modulated(1));
    let rows: [Row<'_>; 6] = [
        ("all there", &|_| false, vec![], None),
        ("old commands", &|c| *c == Command::SetCommandType(1), vec![], None),
        (
            "no commands",
            &|c| matches!(c, Command::SetCommandType(_)),
            vec![],
            Some(FaultKind::Unsupported),
        ),
        ("no type B", &type_b, vec![FaultKind::Unsupported], None),
        ("no FeliCa at 212 kbit/s", &felica, vec![FaultKind::Unsupported], None),
        ("no radio", &|c| matches!(c, Command::InSetRf(_)), vec![], Some(FaultKind::Unsupported)),
    ];
    for (name, refuses, told, ends) in rows {
        let chip = |command: &Command| {
            let answer = healthy(command);
            if refuses(command) { refused(answer) } else { answer }
        };
        let (_, faults, ended) = sent(&chip, 50);
        assert_eq!((faults, ended), (told, ends), "{name}");
    }
    let chip = |command: &Command| match command {
        Command::InCommRf { .. } => hot.clone(),
        command => healthy(command),
    };
    // At most every two seconds; 50 rounds are less.
    let (_, faults, ended) = sent(&chip, 50);
    assert_eq!((faults, ended), (vec![FaultKind::Protocol], None));
    // A command that fails for another reason is tried again, but not for ever.
    let chip = |command: &Command| match command {
        Command::InSetRf(_) => Answer::InSetRf(Status(0x06)),
        command => healthy(command),
    };
    assert_eq!(sent(&chip, 1).2, Some(FaultKind::Protocol));
}

#[test]
fn nobody_there_is_told_in_time() {
    let mut now = Mono::default();
    let mut session = Session::new(now, Polling::Normal);
    let fault = loop {
        while session.poll_output().is_some() {}
        now = session.poll_timeout().unwrap();
        if let Err(fault) = session.handle(now, Input::Timeout) {
            break fault;
        }
    };
    assert_eq!(fault.kind, FaultKind::Timeout);
    assert!(now.0 < Duration::from_millis(1500), "{now:?}");
    assert_eq!(session.poll_timeout(), None);
}

/// Bytes that look like frames more often than chance does.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let frame = |code: u8| {
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(move |tail| {
            let data = [&[0xD7, code], &tail[..]].concat();
            Frame::Data(data).encode_for(Family::Port100).unwrap()
        })
    };
    let code = [0x01, 0x03, 0x05, 0x07, 0x21, 0x23, 0x2B];
    let ok = proptest::sample::select(code.to_vec()).prop_map(|code| {
        let tail: &[u8] = if code == 0x05 { &[0, 0, 0, 0, 8, 0x44, 0] } else { &[0] };
        let tail = if code == 0x21 || code == 0x23 { &[0x11, 0x01] } else { tail };
        let data = [&[0xD7, code], tail].concat();
        let ack = Frame::Ack.encode().unwrap();
        [ack, Frame::Data(data).encode_for(Family::Port100).unwrap()].concat()
    });
    noise::bytes(prop_oneof![
        Just(vec![0x00, 0x00, 0xFF, 0xFF, 0xFF]),
        any::<u8>().prop_flat_map(frame),
        ok,
    ])
}

proptest! {
    #[test]
    fn a_session_takes_any_bytes(
        noise in proptest::collection::vec((bytes(), 0_u64..400), 1..60)
    ) {
        noise::takes_any_bytes(Session::new(Mono::default(), Polling::Normal), noise, 10)?;
    }
}
