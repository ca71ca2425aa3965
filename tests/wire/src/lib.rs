//! What holds for any bytes at all. The fuzz targets of `drivers/wire/fuzz` run these, and a test
//! runs them on what was found before.

use kazasu_wire::{
    apdu::tlv::Object,
    describe::{Decoded, Dialect, EnvelopeKind, Side, decode},
    pn532,
    sof::{Decoder, Family, Frame},
    usbredir,
};

/// A decoder's name and its check.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("apdu", |data| dialect(Dialect::Apdu, data)),
    ("atr", |data| dialect(Dialect::Atr, data)),
    ("ccid", |data| dialect(Dialect::Ccid, data)),
    ("felica", |data| dialect(Dialect::Felica, data)),
    ("iso14443", |data| dialect(Dialect::Iso14443, data)),
    ("pn532", |data| dialect(Dialect::Pn532, data)),
    ("port100", |data| dialect(Dialect::Port100, data)),
    ("answers", answers),
    ("sof", sof),
    ("tlv", tlv),
    ("usbredir", usbredir),
    ("json", json),
];

/// Runs the check of one target.
pub fn run(target: &str, data: &[u8]) {
    for (name, check) in TARGETS {
        if *name == target {
            check(data);
        }
    }
}

/// In each direction and envelope: what decodes comes back byte by byte, and an error names a byte
/// that is there, or the end.
fn each(dialect: Dialect, data: &[u8], ok: impl Fn(&Decoded)) {
    let sides = [None, Some(Side::Host), Some(Side::Reader), Some(Side::Card)];
    for side in sides {
        let kinds = EnvelopeKind::ALL.map(|(_, kind)| Some(kind));
        for kind in kinds.into_iter().chain([None]) {
            match decode(dialect, side, kind, data) {
                Ok(decoded) => {
                    assert_eq!(decoded.encode().as_deref(), Ok(data), "{decoded:?}");
                    ok(&decoded);
                }
                Err(error) => {
                    let place = error.offset().unwrap_or(usize::MAX);
                    assert!(place <= data.len(), "{error}");
                }
            }
        }
    }
}

fn dialect(dialect: Dialect, data: &[u8]) {
    each(dialect, data, |_| {});
}

/// Answers of a PN532 to a command: the first byte says how long that is.
fn answers(data: &[u8]) {
    let Some((len, rest)) = data.split_first() else { return };
    let Some((command, answer)) = rest.split_at_checked((*len).into()) else { return };
    let Ok(command) = pn532::Command::decode(command) else { return };
    if let Ok(decoded) = pn532::Answer::decode(&command, answer) {
        assert_eq!(decoded.encode(), answer, "{decoded:?}");
    }
}

/// Streams of frames: how the bytes are cut up changes nothing, and a frame that is found is found
/// again in its own bytes. The first byte chooses the family and the size of the pieces.
fn sof(data: &[u8]) {
    let Some((choice, stream)) = data.split_first() else { return };
    let family = if choice & 1 == 0 { Family::Pn53x } else { Family::Port100 };
    let size = usize::from(choice >> 1).max(1);
    // More than this at once is an overrun, which depends on the pieces.
    let stream = stream.get(..2048).unwrap_or(stream);
    let whole = frames(family, &[stream]);
    assert_eq!(whole, frames(family, &stream.chunks(size).collect::<Vec<_>>()));
    for frame in whole.into_iter().flatten() {
        let bytes = frame.encode_for(family).unwrap_or_default();
        assert_eq!(frames(family, &[&bytes]), [Ok(frame)]);
    }
}

fn frames(family: Family, pieces: &[&[u8]]) -> Vec<Result<Frame, String>> {
    let mut decoder = Decoder::for_family(family);
    let mut found = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(frame) = decoder.next_frame() {
            found.push(frame.map_err(|error| error.to_string()));
            assert!(found.len() <= 4096, "a frame uses up bytes");
        }
    }
    found
}

/// Streams of packets: how the bytes are cut up changes nothing, and the packets that are found are
/// the stream's own bytes again. The first byte chooses the size of the pieces and, with its highest
/// bit, that a hello with all capabilities came before.
fn usbredir(data: &[u8]) {
    let Some((choice, stream)) = data.split_first() else { return };
    let hello = usbredir::Hello::new("", usbredir::Capabilities::KNOWN);
    let hello = usbredir::Packet { id: 0, message: usbredir::Message::Hello(hello) };
    let hello = hello.encode(usbredir::Capabilities::default()).unwrap_or_default();
    let before = if choice & 0x80 == 0 { &[][..] } else { &hello };
    let size = usize::from(choice & 0x7F).max(1);
    let whole = packets([before, stream]);
    assert_eq!(whole, packets([before].into_iter().chain(stream.chunks(size))));
    let (bytes, end) = whole;
    let all = [before, stream].concat();
    assert_eq!(all.get(..bytes.len()), Some(&bytes[..]), "{end:?}");
}

/// The packets of a stream, written again, and what ended it.
fn packets<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Option<usbredir::PacketError>) {
    let mut decoder = usbredir::Decoder::new(usbredir::Capabilities::KNOWN);
    let mut bytes = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            // As it was when the packet was sent: a hello changes it.
            let agreed = decoder.agreed().unwrap_or_default();
            match decoder.next_packet() {
                None => break,
                Some(Ok(packet)) => bytes.extend(packet.encode(agreed).unwrap_or_default()),
                Some(Err(error)) => {
                    assert_eq!(decoder.next_packet(), None);
                    return (bytes, Some(error));
                }
            }
        }
    }
    (bytes, None)
}

fn tlv(data: &[u8]) {
    if let Ok(objects) = Object::decode_all(data) {
        assert_eq!(Object::encode_all(&objects).as_deref(), Some(data), "{objects:?}");
    }
}

/// The first byte chooses the dialect; what decodes comes back through JSON too. All bytes are also
/// taken for JSON that a person wrote.
fn json(data: &[u8]) {
    if let Ok(written) = serde_json::from_slice::<Decoded>(data) {
        let _ = written.encode();
    }
    let Some((choice, rest)) = data.split_first() else { return };
    let Some((_, dialect)) = Dialect::ALL.get(usize::from(*choice)) else { return };
    each(*dialect, rest, |decoded| {
        let text = serde_json::to_string(decoded).unwrap_or_default();
        let again = serde_json::from_str::<Decoded>(&text);
        assert_eq!(again.map(|again| again.encode()).ok(), Some(Ok(rest.to_vec())), "{text}");
    });
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn found_inputs() {
        let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../drivers/wire");
        for (name, check) in TARGETS {
            let found = wire.join("corpus/found").join(name).with_extension("txt");
            let lines = std::fs::read_to_string(found).unwrap();
            kazasu_replay::found(name, &lines, *check);
        }
    }
}
