//! `kazasu encode`: what `decode --json` prints, back to bytes.

use anyhow::{Context, Result};
use kazasu_wire::describe::Decoded;
use serde::Serialize;

use super::input_lines;
use crate::control::End;
use crate::hex::hex;
use crate::out::{Line, Out};

pub(crate) fn run(out: Out) -> Result<End> {
    for (number, text) in input_lines() {
        let text = text.context("standard input")?;
        match bytes(&text) {
            Ok(bytes) => out.line(&bytes)?,
            Err(error) => return Ok(End::Error(format!("line {number}: {error:#}"))),
        }
    }
    Ok(End::Done)
}

fn bytes(json: &str) -> Result<Bytes> {
    let decoded: Decoded = serde_json::from_str(json).context("not what `decode` prints")?;
    Ok(Bytes { hex: hex(&decoded.encode()?) })
}

#[derive(Debug, Serialize)]
struct Bytes {
    hex: String,
}

impl Line for Bytes {
    fn text(&self) -> String {
        self.hex.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_a_person_wrote() {
        let check = |json: &str, hex: Result<&str, &str>| {
            let found = bytes(json).map(|bytes| bytes.hex).map_err(|error| format!("{error:#}"));
            match hex {
                Ok(hex) => assert_eq!(found.as_deref(), Ok(hex)),
                Err(start) => {
                    assert!(found.as_ref().is_err_and(|e| e.starts_with(start)), "{found:?}")
                }
            }
        };
        // Checks are worked out anew, so they may be left out.
        check(
            r#"{"dialect":"felica","dir":"reader","envelope":{"crc":{"sync":true,"type_b":false}},
               "message":{"FelicaCommand":{"RequestResponse":{"idm":"012E4C0000000001"}}}}"#,
            Ok("B24D0A04012E4C00000000016251"),
        );
        check(
            r#"{"dialect":"pn532","dir":"host",
               "envelope":{"frame":{"before":"00","extended":false,"after":"00"}},
               "message":{"Pn532Command":{"InRelease":0}}}"#,
            Ok("0000FF03FDD45200DA00"),
        );
        check(
            r#"{"dialect":"iso14443","dir":"reader","envelope":"bare",
               "message":{"TypeACommand":{"Rats":{"fsdi":16,"cid":0}}}}"#,
            Err("a field does not fit its place"),
        );
        check("{}", Err("not what `decode` prints: missing field `dialect`"));
    }
}
