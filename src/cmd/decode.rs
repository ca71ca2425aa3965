//! `kazasu decode`: recorded bytes with every field named.

use anyhow::{Context, Result};
use kazasu_wire::describe::{Decoded, EnvelopeKind, decode};
use serde::Serialize;

use super::input_lines;
use crate::cli::Decode;
use crate::control::End;
use crate::out::{Line, Out};

pub(crate) fn run(args: &Decode, out: Out) -> Result<End> {
    if !args.hex.is_empty() {
        return Ok(match read(args, &args.hex.join(" ")) {
            Ok(decoded) => {
                out.line(&Shown(&decoded))?;
                End::Done
            }
            Err(broken) => End::Error(broken.text()),
        });
    }
    let (mut lines, mut bad) = (0_u64, 0_u64);
    for (number, text) in input_lines() {
        let text = text.context("standard input")?;
        lines += 1;
        match read(args, &text) {
            Ok(decoded) => out.line(&Shown(&decoded))?,
            Err(broken) => {
                bad += 1;
                out.line(&Broken { line: Some(number), ..broken })?;
            }
        }
    }
    Ok(if bad == 0 {
        End::Done
    } else {
        End::Error(format!("{bad} of {lines} messages are broken"))
    })
}

fn read(args: &Decode, text: &str) -> Result<Decoded, Broken> {
    let bytes = unhex(text).map_err(|error| Broken { line: None, offset: None, error })?;
    // `auto` is no kind: the bytes tell.
    let kind = EnvelopeKind::ALL.into_iter().find(|(name, _)| *name == args.envelope);
    decode(args.dialect, args.dir, kind.map(|(_, kind)| kind), &bytes).map_err(|error| Broken {
        line: None,
        offset: error.offset(),
        error: error.to_string(),
    })
}

/// Bytes of hex digits; blanks and colons may stand between them.
fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ':')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(c))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|c| format!("{c:?} is no hex digit"))?;
    match digits.as_chunks::<2>() {
        (pairs, []) => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err("half a byte at the end: an odd number of hex digits".to_owned()),
    }
}

/// A message, shown in full: whoever decodes bytes wants to see the numbers in them.
#[derive(Serialize)]
#[serde(transparent)]
struct Shown<'a>(&'a Decoded);

impl Line for Shown<'_> {
    /// The JSON without its punctuation: one field a line, indented.
    fn text(&self) -> String {
        let json = serde_json::to_string_pretty(self.0).unwrap_or_else(|error| error.to_string());
        let fields = json.lines().map(|line| line.trim_end_matches([',', '{', '[', ' ']));
        let fields = fields.filter(|line| !line.trim_matches([' ', '}', ']']).is_empty());
        let fields: Vec<_> =
            fields.map(|line| line.strip_prefix("  ").unwrap_or(line).replace('"', "")).collect();
        fields.join("\n")
    }
}

/// Bytes that are no message.
#[derive(Debug, Serialize)]
struct Broken {
    /// Of standard input, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The byte at fault, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    error: String,
}

impl Line for Broken {
    fn text(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.error),
            None => self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kazasu_wire::describe::{Dialect, Side};

    use super::*;

    fn args(dialect: Dialect, dir: Option<Side>, envelope: &str) -> Decode {
        Decode { dialect, dir, envelope: envelope.to_owned(), hex: Vec::new() }
    }

    #[test]
    fn fields_stand_one_a_line() {
        let check = |args: &Decode, hex: &str, text: &str| {
            assert_eq!(Shown(&read(args, hex).unwrap()).text(), text, "{hex}");
        };
        check(
            &args(Dialect::Felica, None, "auto"),
            "06 00 FE 00 01 03",
            "dialect: felica\ndir: reader\nenvelope: bare\nmessage:\n  FelicaCommand:\n    \
             Polling:\n      system: FE00\n      request: SystemCode\n      slots: Four",
        );
        check(
            &args(Dialect::Pn532, None, "auto"),
            "00:00:FF:02:FE:D4:02:2A:00",
            "dialect: pn532\ndir: host\nenvelope:\n  frame:\n    before: 00\n    extended: false\n    \
             length: 2\n    length_check: 254\n    data_check: 42\n    after: 00\nmessage:\n  \
             Pn532Command: GetFirmwareVersion",
        );
    }

    #[test]
    fn broken_bytes_name_the_place() {
        let check = |args: &Decode, hex: &str, offset: Option<usize>, error: &str| {
            let broken = read(args, hex).unwrap_err();
            assert_eq!((broken.offset, broken.error.as_str()), (offset, error), "{hex}");
        };
        let pn532 = args(Dialect::Pn532, None, "auto");
        let found = "data check 2A expected at byte 7, found 2B";
        check(&pn532, "0000FF02FED4022B00", Some(7), found);
        check(&pn532, "0000FF02FED4", Some(6), "frame ends at byte 6, at least 2 more expected");
        check(&pn532, "D402", Some(2), "start code 00 FF expected before byte 2");
        check(&pn532, "D4 0", None, "half a byte at the end: an odd number of hex digits");
        check(&pn532, "D4 0x", None, "'x' is no hex digit");
        let payload = args(Dialect::Pn532, Some(Side::Host), "payload");
        let found = "PN532 command is complete at byte 2, but 1 more follow";
        check(&payload, "D40200", Some(2), found);
    }
}
