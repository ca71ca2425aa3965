//! The secret in a surface's link, and the cookie it is exchanged for.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
use subtle::ConstantTimeEq;

const COOKIE: &str = "kazasu-panel";
const MIN: usize = 16;

/// The secret in the panel's link: whoever has the link may use the panel. At least 16 characters
/// of `A-Z a-z 0-9 - _`, drawn at random.
#[derive(Clone)]
pub struct PanelToken(String);

/// A token that is too short to be a secret or does not fit into a link and a cookie.
#[derive(Debug, thiserror::Error)]
#[error("a panel token has at least {MIN} characters of A-Z a-z 0-9 - _")]
pub struct BadToken;

impl PanelToken {
    /// A token made by the caller.
    ///
    /// # Errors
    /// [`BadToken`] where it is too short or has other characters.
    pub fn new(token: impl Into<String>) -> Result<Self, BadToken> {
        let token = token.into();
        let fits = token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if fits && token.len() >= MIN { Ok(Self(token)) } else { Err(BadToken) }
    }

    /// Compares in constant time; only the length can be guessed from how long it takes.
    pub(crate) fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// Whether a cookie of ours carries the token.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE && self.is(value))
    }

    /// The cookie for a browser that came with the right link. It ends with the browser.
    pub(crate) fn cookie(&self) -> Option<HeaderValue> {
        let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/", self.0);
        let mut value = HeaderValue::try_from(cookie).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for PanelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PanelToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_plain() {
        let rows = [
            ("0123456789abcdef", true),
            ("ABC-def_0123456789", true),
            ("0123456789abcde", false),
            ("", false),
            ("0123456789abcdef;", false),
            ("0123456789abcdef\r\n", false),
            ("0123456789abcdéf", false),
        ];
        for (token, expected) in rows {
            assert_eq!(PanelToken::new(token).is_ok(), expected, "{token:?}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let token = PanelToken::new("0123456789abcdef").unwrap();
        let rows = [
            ("kazasu-panel=0123456789abcdef", true),
            ("a=b; kazasu-panel=0123456789abcdef; c=d", true),
            ("kazasu-panel=0123456789abcdeF", false),
            ("kazasu-panel=0123456789abcdef0", false),
            ("kazasu-panel=", false),
            ("other=0123456789abcdef", false),
            ("0123456789abcdef", false),
        ];
        for (cookie, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            assert_eq!(token.is_in(&headers), expected, "{cookie}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }
}
