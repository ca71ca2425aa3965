//! The cookies of paired browsers. Cookies do not know ports, so the port is in the name: two
//! services under one name do not replace each other's. One station, one cookie.

use axum::http::{HeaderMap, HeaderValue};
use kazasu_hal::StationName;

use super::book::hash;
use crate::edge::headers::cookies;

/// As long as browsers keep any (400 days); each renewal starts anew.
const LASTS_S: u32 = 400 * 24 * 60 * 60;
/// How many of ours are looked at in one request.
const SHOWN_MAX: usize = 16;
/// How much of a station's hash tells stations apart, in hex digits.
const STATION_DIGITS: usize = 12;

/// How the cookies of one listener are called.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    prefix: String,
}

impl Cookies {
    pub(crate) fn new(port: u16, over_tls: bool) -> Self {
        // With that prefix a browser takes the cookie from this very host alone, and over TLS.
        let host_only = if over_tls { "__Host-" } else { "" };
        Self { prefix: format!("{host_only}kazasu-panel-{port}-") }
    }

    /// Numbers and secrets of the pairings that a request shows; they are not checked.
    pub(super) fn shown<'a>(&self, headers: &'a HeaderMap) -> Vec<(u32, &'a str)> {
        cookies(headers)
            .filter(|(name, _)| name.starts_with(&self.prefix))
            .filter_map(|(_, value)| value.split_once('.'))
            .filter_map(|(number, secret)| Some((number.parse().ok()?, secret)))
            .take(SHOWN_MAX)
            .collect()
    }

    /// The cookie that a browser shall keep. Over TLS `Secure` is put to it, as to any.
    pub(super) fn set(
        &self,
        station: &StationName,
        number: u32,
        secret: &str,
    ) -> Option<HeaderValue> {
        let station: String = hash(&station.0).chars().take(STATION_DIGITS).collect();
        let cookie = format!(
            "{}{station}={number}.{secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={LASTS_S}",
            self.prefix
        );
        let mut value = HeaderValue::try_from(cookie).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_own_listener_alone() {
        let plain = Cookies::new(8580, false);
        let tls = Cookies::new(8580, true);
        let station = StationName("desk 二".into());
        for (cookies, name) in [(&plain, "kazasu-panel-8580-"), (&tls, "__Host-kazasu-panel-8580-")]
        {
            let set = cookies.set(&station, 7, "abc").unwrap();
            let set = set.to_str().unwrap();
            assert!(set.starts_with(name), "{set}");
            assert!(set.ends_with("=7.abc; HttpOnly; SameSite=Strict; Path=/; Max-Age=34560000"));
            let pair = set.split(';').next().unwrap();
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, "a=b; kazasu-panel=7.x; c".parse().unwrap());
            headers.append(header::COOKIE, format!("d=e;{pair};f=g").parse().unwrap());
            assert_eq!(cookies.shown(&headers), [(7, "abc")]);
            for other in [&plain, &tls, &Cookies::new(8581, false), &Cookies::new(80, true)] {
                let ours = other.prefix == cookies.prefix;
                assert_eq!(other.shown(&headers).len(), usize::from(ours), "{}", other.prefix);
            }
        }
    }

    #[test]
    fn what_is_no_cookie_of_ours_is_nobody() {
        let cookies = Cookies::new(1, false);
        let rows = ["kazasu-panel-1-a=", "kazasu-panel-1-a=1", "kazasu-panel-1-a=x.y", "=1.2", ""];
        for row in rows {
            let headers = HeaderMap::from_iter([(header::COOKIE, row.parse().unwrap())]);
            assert!(cookies.shown(&headers).is_empty(), "{row}");
        }
        let many = "kazasu-panel-1-a=1.b;".repeat(100);
        let headers = HeaderMap::from_iter([(header::COOKIE, many.parse().unwrap())]);
        assert_eq!(cookies.shown(&headers).len(), SHOWN_MAX);
    }
}
