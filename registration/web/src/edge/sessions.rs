use std::{
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderValue};
use kazasu_hal::Mono;
use kazasu_service::Standing;
use subtle::ConstantTimeEq;

use crate::edge::headers::cookies;

const COOKIE: &str = "kazasu-audit";
/// What a client is told to keep after it signed out.
pub(crate) const ENDED: &str = "kazasu-audit=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
/// How long a session lasts without a sign-out (S40-2-16 recommends six minutes).
const LASTS: Duration = Duration::from_secs(6 * 60);
/// How many there are at once; the oldest goes first.
const SESSIONS_MAX: usize = 16;

/// Who is signed in to download the log.
pub(crate) struct Sessions<W = Standing>(Mutex<Vec<Session<W>>>);

struct Session<W> {
    secret: String,
    /// Who it was that signed in: the session is theirs as long as they are it.
    who: W,
    until: Mono,
}

impl<W> Default for Sessions<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<W: Clone> Sessions<W> {
    /// Begins a session; its cookie. `None` where the system gives no random numbers.
    pub(crate) fn begin(&self, who: W, now: Mono) -> Option<HeaderValue> {
        let mut raw = [0; 16];
        if let Err(error) = getrandom::fill(&mut raw) {
            tracing::error!(%error, "no random numbers for a session");
            return None;
        }
        let secret = raw.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let cookie = format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/");
        let mut value = HeaderValue::try_from(cookie).ok()?;
        value.set_sensitive(true);
        let mut sessions = self.living(now);
        if sessions.len() >= SESSIONS_MAX {
            sessions.remove(0);
        }
        sessions.push(Session { secret, who, until: now.after(LASTS) });
        Some(value)
    }

    /// Who sends this cookie.
    pub(crate) fn who(&self, headers: &HeaderMap, now: Mono) -> Option<W> {
        let sessions = self.living(now);
        sessions.iter().find(|session| session.is_in(headers)).map(|session| session.who.clone())
    }

    /// Ends the session of this cookie.
    pub(crate) fn end(&self, headers: &HeaderMap) {
        self.lock().retain(|session| !session.is_in(headers));
    }

    fn living(&self, now: Mono) -> MutexGuard<'_, Vec<Session<W>>> {
        let mut sessions = self.lock();
        sessions.retain(|session| session.until > now);
        sessions
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Session<W>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> Session<W> {
    fn is_in(&self, headers: &HeaderMap) -> bool {
        cookies(headers).any(|(name, value)| {
            name == COOKIE && self.secret.as_bytes().ct_eq(value.as_bytes()).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    fn with(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(header::COOKIE, format!("a=b; {pair}").parse().unwrap())])
    }

    #[test]
    fn sessions_end_by_themselves_and_are_few() {
        let at = |seconds| Mono(Duration::from_secs(seconds));
        let operator = || "operator";
        let sessions = Sessions::default();
        let first = sessions.begin(operator(), at(0)).unwrap();
        let rows = [(0, true), (359, true), (360, false), (0, false)];
        for (second, there) in rows {
            assert_eq!(sessions.who(&with(&first), at(second)).is_some(), there, "{second}");
        }
        let cookies: Vec<_> =
            (0..=SESSIONS_MAX).map(|_| sessions.begin(operator(), at(0)).unwrap()).collect();
        let there = cookies.iter().filter(|c| sessions.who(&with(c), at(1)).is_some()).count();
        assert_eq!((there, sessions.who(&with(&cookies[0]), at(1))), (SESSIONS_MAX, None));
        sessions.end(&with(&cookies[5]));
        assert_eq!(sessions.who(&with(&cookies[5]), at(1)), None);
        assert!(sessions.who(&with(&cookies[6]), at(1)).is_some());
        let forged = HeaderValue::from_static("kazasu-audit=0123456789abcdef0123456789abcdef");
        assert_eq!(sessions.who(&with(&forged), at(1)), None);
    }
}
