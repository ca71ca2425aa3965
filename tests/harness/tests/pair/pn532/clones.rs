//! Chips that miss commands, by hand.

use kazasu_hal::{FaultKind, Mono, Report};
use kazasu_link::{Output, Session as _};
use kazasu_pn532::{Session, Settings};
use kazasu_wire::{pn532::Answer, sof::Frame};

use crate::feed;

/// How a chip says that it does not know a command.
#[derive(Clone, Copy, Debug)]
enum Says {
    ErrorFrame,
    /// It acknowledges, and nothing follows.
    Nothing,
}

/// What the chip is asked, from the command's code on; and what it answers, from the code on.
fn answer(command: &[u8]) -> Vec<u8> {
    match command {
        [0x02, ..] => {
            let (ic, version, revision, support) = (0x32, 1, 6, 7);
            Answer::GetFirmwareVersion { ic, version, revision, support }.encode()
        }
        // A type B card: that is where InCommunicateThru is used.
        [0x4A, _, 0x03, ..] => {
            [&[0xD5, 0x4B, 1, 1, 0x50, 0x5A, 0xB1, 0xB2, 0xB3][..], &[0; 7], &[1, 0x01]].concat()
        }
        [0x4A, ..] => vec![0xD5, 0x4B, 0],
        [0x42, ..] => vec![0xD5, 0x43, 1],
        [code, ..] => vec![0xD5, code + 1],
        [] => unreachable!(),
    }
}

/// A chip that does not know commands beginning with `missing`. It is opened and polled, `told` of
/// what it cannot do once, and not asked again; or the session ends with a fault.
fn check(name: &str, missing: &[u8], says: Says, rates: &[u32], told: Result<usize, FaultKind>) {
    let name = format!("{name}, says {says:?}");
    let settings = Settings { rates: rates.to_vec(), ..Settings::default() };
    let mut now = Mono::default();
    let mut session = Session::new(now, &settings);
    let (mut faults, mut rounds, mut asked_late) = (Vec::new(), 0, 0);
    while rounds < 100 {
        let mut reply = Vec::new();
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => {
                    // Behind wake-up, preamble, start code, length and its check.
                    let Some(at) = bytes.windows(3).position(|b| b[0] == 0xD4) else { continue };
                    let command = &bytes[at + 1..bytes.len() - 2];
                    reply.extend(Frame::Ack.encode().unwrap());
                    if !command.starts_with(missing) {
                        reply.extend(Frame::Data(answer(command)).encode().unwrap());
                        continue;
                    }
                    asked_late += usize::from(rounds > 10);
                    if matches!(says, Says::ErrorFrame) {
                        reply.extend(Frame::Error.encode().unwrap());
                    }
                }
                Output::Report(Report::Fault(fault)) => faults.push(fault.kind),
                Output::Report(Report::Field(_)) => rounds += 1,
                Output::Attached(_) | Output::SetRate(_) | Output::Replied(_) => {}
            }
        }
        if let Err(fault) = feed(&mut session, &mut now, &reply) {
            assert_eq!(told, Err(fault.kind), "{name}: {fault}");
            return;
        }
    }
    assert_eq!(told, Ok(faults.len()), "{name}");
    assert!(faults.iter().all(|kind| *kind == FaultKind::Unsupported), "{name}: {faults:?}");
    assert_eq!(asked_late, 0, "{name}");
}

#[test]
fn what_a_chip_does_not_know_is_told_once_and_left_out() {
    let rows: [(&str, &[u8], Result<usize, FaultKind>); 9] = [
        ("all there", &[0xFF], Ok(0)),
        ("no SetParameters", &[0x12], Ok(1)),
        ("no SetSerialBaudRate", &[0x10], Ok(0)),
        ("no type B", &[0x4A, 1, 3], Ok(1)),
        ("no type A", &[0x4A, 2, 0], Ok(1)),
        ("no FeliCa at 424 kbit/s", &[0x4A, 2, 2], Ok(1)),
        ("no FeliCa", &[0x4A, 2, 1], Ok(1)),
        ("no InCommunicateThru", &[0x42], Ok(1)),
        ("no InListPassiveTarget", &[0x4A], Err(FaultKind::Unsupported)),
    ];
    for (name, missing, told) in rows {
        for says in [Says::ErrorFrame, Says::Nothing] {
            check(name, missing, says, &[921_600], told);
            check(name, missing, says, &[], told);
        }
    }
    check("no RFConfiguration", &[0x32], Says::ErrorFrame, &[], Err(FaultKind::Protocol));
    check("no RFConfiguration", &[0x32], Says::Nothing, &[], Err(FaultKind::Timeout));
}
