//! Golden bytes of others: every line decodes, encodes to the same bytes again, and is refused with
//! any single bit of its checked part flipped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use std::{iter, path::Path};

use kazasu_wire::{
    apdu, atr,
    felica::{Polling, PollingAnswer},
    iso14443a,
    pn532::{Answer, Command},
    sof::{Decoder, Frame},
};

/// One line of a corpus file.
struct Line {
    file: String,
    meaning: String,
    to_host: bool,
    envelope: String,
    bytes: Vec<u8>,
    answers: Option<Vec<u8>>,
    is: Option<String>,
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    assert!(digits.len() % 2 == 0, "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn lines(name: &str) -> Vec<Line> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let text = std::fs::read_to_string(&file).unwrap();
    let parse = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |key: &str| value[key].as_str().map(str::to_owned);
        for provenance in ["source", "device", "kind"] {
            assert!(field(provenance).is_some_and(|text| !text.is_empty()), "{line}");
        }
        Line {
            file: name.to_owned(),
            meaning: field("meaning").unwrap(),
            to_host: field("dir").unwrap() == "reader->host",
            envelope: field("envelope").unwrap(),
            bytes: unhex(&field("hex").unwrap()),
            answers: field("answers").map(|hex| unhex(&hex)),
            is: field("is"),
        }
    };
    text.lines().map(parse).collect()
}

/// Runs `row` on each line and wants exactly `count` of them, so that a lost line is noticed.
fn check(name: &str, count: usize, row: impl Fn(&Line) -> Result<(), String>) {
    let lines = lines(name);
    assert_eq!(lines.len(), count, "{name}");
    for line in lines {
        if let Err(reason) = row(&line) {
            panic!("{}: {}: {reason}", line.file, line.meaning);
        }
    }
}

fn same(name: &str, want: &[u8], is: &[u8]) -> Result<(), String> {
    if want == is { Ok(()) } else { Err(format!("{name}: {want:02x?} became {is:02x?}")) }
}

/// Whether a message became the type that it should, by the name that its `Debug` begins with.
fn is(line: &Line, message: &dyn std::fmt::Debug) -> Result<(), String> {
    let shown = format!("{message:?}");
    let name = shown.split(|c: char| !c.is_alphanumeric()).next();
    if line.is.is_some() && name == line.is.as_deref() {
        Ok(())
    } else {
        Err(format!("became {shown}, not {:?}", line.is))
    }
}

/// PN532 data, D4 or D5 first, through the types and back.
fn pn532_data(line: &Line, data: &[u8]) -> Result<(), String> {
    let text = |error: kazasu_wire::DecodeError| error.to_string();
    match &line.answers {
        Some(command) => {
            let command = Command::decode(command).map_err(text)?;
            let answer = Answer::decode(&command, data).map_err(text)?;
            is(line, &answer)?;
            same("answer", data, &answer.encode())
        }
        None => {
            let command = Command::decode(data).map_err(text)?;
            is(line, &command)?;
            same("command", data, &command.encode())
        }
    }
}

fn frames(bytes: &[u8]) -> Vec<Result<Frame, kazasu_wire::sof::FrameError>> {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    iter::from_fn(|| decoder.next_frame()).collect()
}

#[test]
fn pn532() {
    check("pn532.jsonl", 69, |line| {
        if line.envelope == "payload" {
            // Not a message: the noise that wakes a sleeping chip.
            same("wake-up", &kazasu_wire::sof::WAKE_UP, &line.bytes)?;
            return same("frames in it", &[], &vec![0; frames(&line.bytes).len()]);
        }
        let [Ok(frame)] = &frames(&line.bytes)[..] else { return Err("not one frame".into()) };
        same("frame", &line.bytes, &frame.encode().map_err(|error| error.to_string())?)?;
        let Frame::Data(data) = frame else { return is(line, frame) };
        pn532_data(line, data)?;

        // From LEN to DCS each bit is covered by a check; and what follows is found again, after
        // damage to the data at once.
        let header = line.bytes.len() - data.len() - 2;
        for bit in 3 * 8..(line.bytes.len() - 1) * 8 {
            let mut broken = line.bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = Decoder::new();
            decoder.push(&broken);
            let mut found: Vec<_> = iter::from_fn(|| decoder.next_frame()).collect();
            if bit / 8 < header {
                decoder.clear();
            }
            decoder.push(&line.bytes);
            found.extend(iter::from_fn(|| decoder.next_frame()));
            let whole: Vec<_> =
                found.iter().filter(|one| matches!(one, Ok(Frame::Data(_)))).collect();
            if found[0].is_ok() || whole != [&Ok(frame.clone())] {
                return Err(format!("bit {bit} flipped: {found:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn felica() {
    check("felica.jsonl", 11, |line| {
        let mut bytes = &line.bytes[..];
        if line.envelope == "crc" {
            // Readers add and strip sync bytes and CRC; what crosses to a host begins with LEN.
            bytes = bytes.strip_prefix(&[0xB2, 0x4D]).unwrap_or(bytes);
            bytes = &bytes[..bytes.len() - 2];
        }
        if bytes[1] == 0 {
            let polling = Polling::decode(bytes).map_err(|error| error.to_string())?;
            same("bare", &bytes[1..], &polling.encode_bare())?;
            same("polling", bytes, &polling.encode())
        } else {
            let answer = PollingAnswer::decode(bytes).map_err(|error| error.to_string())?;
            same("polling answer", bytes, &answer.encode())
        }
    });
}

#[test]
fn apdu() {
    check("apdu.jsonl", 22, |line| {
        if !line.to_host {
            let command = apdu::Command::decode(&line.bytes).map_err(|error| error.to_string())?;
            same("command", &line.bytes, &command.encode().ok_or("too long")?)?;
            if command.get_data().is_some() != line.bytes.starts_with(&[0xFF, 0xCA]) {
                return Err("GET DATA not recognised".into());
            }
            // FF 00 00 00 carries commands of the reader's own PN532.
            let inner = command.data.first() == Some(&0xD4);
            return if inner { pn532_data(line, &command.data) } else { Ok(()) };
        }
        let response = apdu::Response::decode(&line.bytes).map_err(|error| error.to_string())?;
        same("response", &line.bytes, &response.encode())?;
        if response.status != apdu::StatusWord::OK {
            return Err(format!("{}", response.status));
        }
        if line.answers.is_some() { pn532_data(line, &response.data) } else { Ok(()) }
    });
}

#[test]
fn atr() {
    use atr::Technology::{Felica, TypeA, TypeB};
    check("atr.jsonl", 8, |line| {
        let atr = atr::Atr::decode(&line.bytes).map_err(|error| error.to_string())?;
        same("ATR", &line.bytes, &atr.encode())?;
        let expected = match &line.meaning {
            text if text.contains("FeliCa") => Felica,
            text if text.contains("Topaz") || text.contains("Ultralight") => TypeA,
            _ => TypeB,
        };
        if atr.technology() != Some(expected) {
            return Err(format!("{:?}", atr.technology()));
        }
        for bit in 0..line.bytes.len() * 8 {
            let mut broken = line.bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            if let Ok(atr) = atr::Atr::decode(&broken) {
                return Err(format!("bit {bit} flipped: {atr:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn iso14443a() {
    check("iso14443a.jsonl", 4, |line| {
        let refused_when_flipped = |decode: &dyn Fn(&[u8]) -> bool| {
            for bit in 0..line.bytes.len() * 8 {
                let mut broken = line.bytes.clone();
                broken[bit / 8] ^= 1 << (bit % 8);
                if decode(&broken) {
                    return Err(format!("bit {bit} flipped"));
                }
            }
            Ok(())
        };
        match line.envelope.as_str() {
            "bcc" => {
                let level =
                    iso14443a::decode_level(&line.bytes).map_err(|error| error.to_string())?;
                same("BCC", &line.bytes[4..], &[iso14443a::bcc(level)])?;
                let uid = iso14443a::Uid::from_levels(&[level]).map_err(|e| e.to_string())?;
                same("UID", &line.bytes[..4], uid.as_bytes())?;
                refused_when_flipped(&|bytes| iso14443a::decode_level(bytes).is_ok())
            }
            "crc" => {
                let body =
                    iso14443a::strip_crc_a(&line.bytes).map_err(|error| error.to_string())?;
                same("CRC_A", &line.bytes[body.len()..], &iso14443a::crc_a(body))?;
                let ats = iso14443a::Ats::decode(body).map_err(|error| error.to_string())?;
                same("ATS", body, &ats.encode().ok_or("no ATS")?)?;
                refused_when_flipped(&|bytes| iso14443a::strip_crc_a(bytes).is_ok())
            }
            // REQA has 7 bits and ATQA is a bare number: nothing to decode.
            "bare" => Ok(()),
            other => Err(format!("envelope {other}")),
        }
    });
}
