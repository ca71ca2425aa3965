//! What a PN532 and its host see: streams of frames, and answers whose command is known.

use std::iter;

use kazasu_wire::{
    DecodeError, atr,
    pn532::{Answer, Command},
    sof::{Decoder, Frame},
};

use crate::lines::{Line, check};

fn same(name: &str, want: &[u8], is: &[u8]) -> Result<(), String> {
    if want == is { Ok(()) } else { Err(format!("{name}: {want:02x?} became {is:02x?}")) }
}

/// Whether a message became the type that it should, by the name that its `Debug` begins with.
fn is(line: &Line, message: &dyn std::fmt::Debug) -> Result<(), String> {
    let shown = format!("{message:?}");
    let name = shown.split(|c: char| !c.is_alphanumeric()).next();
    let wanted = line.is.as_deref().and_then(|path| path.split('/').next_back());
    if wanted.is_some() && name == wanted {
        Ok(())
    } else {
        Err(format!("became {shown}, not {wanted:?}"))
    }
}

/// PN532 data, D4 or D5 first, through the types and back.
fn pn532_data(line: &Line, data: &[u8]) -> Result<(), String> {
    let text = |error: DecodeError| error.to_string();
    match &line.answers {
        Some(command) => {
            let command = Command::decode(command).map_err(text)?;
            let answer = Answer::decode(&command, data).map_err(text)?;
            is(line, &answer)?;
            if Answer::decode_alone(data).as_ref() != Ok(&answer) {
                return Err("without its command it becomes another".into());
            }
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
    check("pn532", 69, |line| {
        if !line.checked {
            // Not a message: the noise that wakes a sleeping chip.
            same("wake-up", &kazasu_wire::sof::WAKE_UP, &line.bytes)?;
            return same("frames in it", &[], &vec![0; frames(&line.bytes).len()]);
        }
        let [Ok(frame)] = &frames(&line.bytes)[..] else { return Err("not one frame".into()) };
        same("frame", &line.bytes, &frame.encode().map_err(|error| error.to_string())?)?;
        let Frame::Data(data) = frame else { return Ok(()) };
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
fn tunnelled() {
    check("apdu", 22, |line| {
        let whole = &line.bytes[..];
        let data = match line.is.as_deref() {
            Some(path) if path.contains("Pn532Command") => &whole[5..],
            Some(path) if path.contains("Pn532Answer") => &whole[..whole.len() - 2],
            _ => return Ok(()),
        };
        pn532_data(line, data)
    });
}

#[test]
fn technology_of_atrs() {
    use atr::Technology::{Felica, TypeA, TypeB};
    check("atr", 8, |line| {
        let atr = atr::Atr::decode(&line.bytes).map_err(|error| error.to_string())?;
        let expected = match &line.meaning {
            text if text.contains("FeliCa") => Felica,
            text if text.contains("Topaz") || text.contains("Ultralight") => TypeA,
            _ => TypeB,
        };
        if atr.technology() == Some(expected) {
            Ok(())
        } else {
            Err(format!("{:?}", atr.technology()))
        }
    });
}
