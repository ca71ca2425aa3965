use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use encoding_rs::SHIFT_JIS;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

/// What a script sends to sign in.
pub(super) struct Typed {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// Reads `NAME=...&PSW=...`. The values are Base64 that was not made fit for a form: `/` and `=`
/// come as they are, and so does `+`, which some clients send as a space. The text in it is in the
/// code page of the client: UTF-8, or else CP932.
pub(super) fn read(body: &[u8]) -> Option<Typed> {
    let user = field(body, b"NAME=")?;
    let password = field(body, b"PSW=")?;
    Some(Typed { user: String::clone(&user), password })
}

fn field(body: &[u8], name: &[u8]) -> Option<Zeroizing<String>> {
    let line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let length = body.iter().rposition(|byte| !line_end(byte)).map_or(0, |last| last + 1);
    // A space at the end is a `+`, and stays.
    let body = body.get(..length)?;
    let mut values = body.split(|byte| *byte == b'&').filter_map(|pair| pair.strip_prefix(name));
    let (value, None) = (values.next()?, values.next()) else { return None };
    let mut base64 = Zeroizing::new(percent_decode(value).collect::<Vec<u8>>());
    for byte in base64.iter_mut().filter(|byte| **byte == b' ') {
        *byte = b'+';
    }
    let bytes = Zeroizing::new(STANDARD.decode(&*base64).ok()?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Some(Zeroizing::new(text.to_owned())),
        // The Encoding Standard's Shift_JIS is CP932.
        Err(_) => {
            let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes)?;
            Some(Zeroizing::new(text.into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Option<(&str, &str)>) {
        let read = read(body.as_bytes());
        let shown = read.as_ref().map(|typed| (typed.user.as_str(), typed.password.as_str()));
        assert_eq!(shown, expected, "{body}");
    }

    #[test]
    fn fields_come_as_the_script_sends_them() {
        let both = Some(("12345", "passcode"));
        check("NAME=MTIzNDU=&PSW=cGFzc2NvZGU=", both);
        check("PSW=cGFzc2NvZGU=&NAME=MTIzNDU=", both);
        check("NAME=MTIzNDU=&PSW=cGFzc2NvZGU=\r\n", both);
        check("NAME=MTIzNDU%3D&PSW=cGFzc2NvZGU%3D", both);
        check("OTHER=1&NAME=MTIzNDU=&PSW=cGFzc2NvZGU=&MORE", both);
        // "~~>" and "???" have + and / in Base64; + may come as a space.
        check("NAME=fn4+&PSW=Pz8/", Some(("~~>", "???")));
        check("NAME=fn4 &PSW=Pz8/", Some(("~~>", "???")));
        check("NAME=fn4%2B&PSW=Pz8%2F", Some(("~~>", "???")));
        check("NAME=&PSW=", Some(("", "")));
    }

    #[test]
    fn text_is_utf_8_or_cp932() {
        // Katakana "te su" in both.
        check("NAME=44OG44K5&PSW=g2WDWA==", Some(("\u{30C6}\u{30B9}", "\u{30C6}\u{30B9}")));
        // A circled one, which CP932 has and JIS X 0208 does not.
        check("NAME=YQ==&PSW=h0A=", Some(("a", "\u{2460}")));
        // No text in either.
        check("NAME=YQ==&PSW=//8=", None);
    }

    #[test]
    fn anything_else_is_refused() {
        for body in [
            "",
            "NAME=YQ==",
            "PSW=YQ==",
            "NAME=YQ==&PSW=!",
            "NAME=YQ==&PSW=YQ",
            "NAME=YQ==&NAME=YQ==&PSW=YQ==",
            "name=YQ==&psw=YQ==",
        ] {
            check(body, None);
        }
        let typed = read(b"NAME=MTIzNDU=&PSW=cGFzc2NvZGU=");
        assert!(!format!("{typed:?}").contains("passcode"));
    }
}
