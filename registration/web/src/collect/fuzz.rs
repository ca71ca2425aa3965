use base64::{Engine, engine::general_purpose::STANDARD};
use encoding_rs::SHIFT_JIS;

use super::credentials::{self, Typed};

/// The form with which a script signs in for the audit log.
///
/// What is understood is understood again when it is sent anew, in either encoding and however the
/// Base64 is written. Also, the first line is taken for a user ID and the rest for a password.
pub fn login(data: &[u8]) {
    if let Some(Typed { user, password }) = credentials::read(data) {
        sent(user.as_bytes(), password.as_bytes(), (&user, &password));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (user, password) = text.split_once('\n').unwrap_or((text, ""));
    sent(user.as_bytes(), password.as_bytes(), (user, password));
    let (password, _, lost) = SHIFT_JIS.encode(password);
    // Bytes that happen to be UTF-8 are taken for that.
    if !lost && std::str::from_utf8(&password).is_err() {
        let (text, _) = SHIFT_JIS.decode_without_bom_handling(&password);
        sent(b"x", &password, ("x", &text));
    }
}

fn sent(user: &[u8], password: &[u8], expected: (&str, &str)) {
    let [user, password] = [user, password].map(|bytes| STANDARD.encode(bytes));
    let plain = format!("NAME={user}&PSW={password}");
    let escaped = plain.replace('+', "%2B").replace('/', "%2F");
    let spaced = plain.replace('+', " ");
    let ended = format!("{plain}\r\n");
    for body in [plain, escaped, spaced, ended] {
        let read = credentials::read(body.as_bytes());
        let read = read.as_ref().map(|typed| (typed.user.as_str(), typed.password.as_str()));
        assert_eq!(read, Some(expected), "{body}");
    }
}
