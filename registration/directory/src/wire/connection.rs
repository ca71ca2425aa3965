//! One protected connection to one server, that carries one operation at a time.

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration, time::SystemTime};

use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Mod, Scope, SearchEntry,
    SearchOptions, StdStream,
    controls::{Control, MakeCritical, PagedResults, RawControl},
};
use tokio::{
    net::{TcpStream, UnixStream, lookup_host},
    time::timeout,
};
use zeroize::Zeroizing;

use crate::{
    fault::Fault,
    people::entry::Entry,
    wire::{
        guard::{self, Ended},
        result::{PolicyState, ResultCode, Step, policy_state},
        server::{Server, TlsMode},
        tls::{self, Protected, Tls},
    },
};

/// Addresses of one server that are tried.
const ADDRESSES_MAX: usize = 4;

/// References to other servers in one answer. A forest has one for each of its domains; more than
/// these are a server that does not come to an end.
const REFERENCES_MAX: usize = 1000;

/// Asks for no attribute at all (RFC 4511 section 4.5.1.8).
pub(crate) const NONE: &str = "1.1";

/// How connections are made.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) tls: Tls,
    pub(crate) mode: TlsMode,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
}

pub(crate) struct Connection {
    ldap: Ldap,
    ended: Ended,
    answer_timeout: Duration,
    /// Whether the server asked for a certificate: some close over it at the first request.
    asked: bool,
    /// Until when the server's certificate is valid, where that can be read.
    pub(crate) certificate_until: Option<SystemTime>,
}

/// What a bind came to, besides errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bind {
    Right,
    /// The server refused it.
    Refused(ResultCode),
}

/// What to search for.
pub(crate) struct Query<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: Scope,
    pub(crate) filter: &'a str,
    pub(crate) attributes: &'a [String],
    /// More entries than these are an error, or looked at no further.
    pub(crate) max: usize,
}

impl Connection {
    /// Connects and finishes the TLS handshake.
    pub(crate) async fn open(server: &Server, dial: &Dial) -> Result<Self, Fault> {
        let opened = timeout(dial.connect_timeout, Self::dial(server, dial)).await;
        opened.unwrap_or(Err(Fault::TimedOut))
    }

    async fn dial(server: &Server, dial: &Dial) -> Result<Self, Fault> {
        let mut stream = connect(server).await?;
        if dial.mode == TlsMode::StartTls {
            guard::start_tls(&mut stream).await?;
        }
        let Protected { stream, asked } = dial.tls.connect(server, stream).await?;
        let certificate_until = tls::valid_until(&stream);
        // The library takes any stream that is connected. This one leads through the guard.
        let lost = |_| Fault::Lost;
        let (near, far) = UnixStream::pair().map_err(lost)?;
        let ended = Ended::default();
        tokio::spawn(guard::relay(stream, far, Arc::clone(&ended)));
        let near = StdStream::Unix(near.into_std().map_err(lost)?);
        let settings = LdapConnSettings::new().set_std_stream(near);
        let (driver, ldap) =
            LdapConnAsync::with_settings(settings, "ldapi:///").await.map_err(|_| Fault::Lost)?;
        tokio::spawn(async move {
            // Why it ended is in `ended`; what the library has to say could hold answers.
            let _ = driver.drive().await;
        });
        let answer_timeout = dial.answer_timeout;
        Ok(Self { ldap, ended, answer_timeout, asked, certificate_until })
    }

    /// Whether it is known to have ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.ended.get().is_some() || self.ldap.is_closed()
    }

    /// Signs in. An empty password is never sent: servers take it for nobody in particular and
    /// say yes.
    pub(crate) async fn bind(&mut self, name: &str, password: &str) -> Result<Bind, Fault> {
        if password.is_empty() || name.is_empty() {
            return Ok(Bind::Refused(ResultCode::new(49, "")));
        }
        let policy = RawControl { ctype: POLICY_CONTROL.to_owned(), crit: false, val: None };
        self.ldap.with_controls(policy);
        let result = self.ldap.simple_bind(name, password);
        let result = answered(result, self.answer_timeout, &self.ended).await;
        let result = result.map_err(|fault| fault.after_asking(self.asked))?;
        let mut code = ResultCode::new(result.rc, &result.text);
        code.policy = policy_of(&result);
        // With a password that has to be changed a server can say yes and then permit nothing.
        let right = code.is_success() && code.policy != Some(PolicyState::MustChange);
        Ok(if right { Bind::Right } else { Bind::Refused(code) })
    }

    /// Looks up entries.
    pub(crate) async fn search(&mut self, query: Query<'_>) -> Result<Vec<Entry>, Fault> {
        let max = i32::try_from(query.max.saturating_add(1)).unwrap_or(i32::MAX);
        self.ldap.with_search_options(SearchOptions::new().sizelimit(max));
        let mut entries = Vec::new();
        let result = self.stream(&query, query.max.saturating_add(1), |e| entries.push(e)).await?;
        // The limit was one more than may be, so this says the same as an entry too many.
        if entries.len() > query.max {
            return Err(Fault::TooMany);
        }
        match ResultCode::new(result.rc, &result.text) {
            code if code.is_success() => Ok(entries),
            code => Err(Fault::Answered(Step::Search, code)),
        }
    }

    /// Looks at entries page by page, so that servers' limits do not matter. Tells whether that
    /// were all: it ends after `max`.
    pub(crate) async fn each(
        &mut self,
        query: Query<'_>,
        mut see: impl FnMut(Entry),
    ) -> Result<bool, Fault> {
        const PAGE: usize = 500;
        let page = query.max.min(PAGE);
        let size = i32::try_from(page).unwrap_or(1);
        let mut cookie = Vec::new();
        let mut seen = 0;
        loop {
            self.ldap.with_controls(PagedResults { size, cookie }.critical());
            let page = self.stream(&query, page, |entry| {
                seen += 1;
                see(entry);
            });
            let result = page.await?;
            let code = ResultCode::new(result.rc, &result.text);
            if !code.is_success() {
                return Err(Fault::Answered(Step::Search, code));
            }
            cookie = next_page(&result).unwrap_or_default();
            if cookie.is_empty() || seen >= query.max {
                return Ok(cookie.is_empty());
            }
        }
    }

    async fn stream(
        &mut self,
        query: &Query<'_>,
        max: usize,
        mut see: impl FnMut(Entry),
    ) -> Result<LdapResult, Fault> {
        let (time, ended) = (self.answer_timeout, &self.ended);
        let attributes: Vec<&str> = query.attributes.iter().map(String::as_str).collect();
        let stream = self.ldap.streaming_search(query.base, query.scope, query.filter, attributes);
        let mut stream = answered(stream, time, ended).await?;
        let (mut seen, mut references) = (0_usize, 0_usize);
        while let Some(found) = answered(stream.next(), time, ended).await? {
            // References to other servers are not followed: people stand below our base.
            if found.is_ref() || found.is_intermediate() {
                references += 1;
                if references > REFERENCES_MAX {
                    return Err(Fault::TooMany);
                }
                continue;
            }
            seen += 1;
            if seen > max {
                return Err(Fault::TooMany);
            }
            see(SearchEntry::construct(found).into());
        }
        Ok(stream.finish().await)
    }

    /// Reads one entry; `None` where there is none that may be seen.
    pub(crate) async fn read(
        &mut self,
        dn: &str,
        attributes: &[String],
    ) -> Result<Option<Entry>, Fault> {
        self.read_where(dn, "(objectClass=*)", attributes).await
    }

    /// Reads one entry, if it is as the filter says.
    pub(crate) async fn read_where(
        &mut self,
        dn: &str,
        filter: &str,
        attributes: &[String],
    ) -> Result<Option<Entry>, Fault> {
        const NO_SUCH_OBJECT: u32 = 32;
        let query = Query { base: dn, scope: Scope::Base, filter, attributes, max: 1 };
        match self.search(query).await {
            Ok(found) => Ok(found.into_iter().next()),
            Err(Fault::Answered(_, code)) if code.code == NO_SUCH_OBJECT => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Takes values out of an attribute and puts others in, all or nothing.
    pub(crate) async fn exchange(
        &mut self,
        dn: &str,
        attribute: &str,
        out: &[Vec<u8>],
        into: &[Vec<u8>],
    ) -> Result<(), Fault> {
        let changes = [
            (!out.is_empty()).then(|| Mod::Delete(bytes(attribute), set(out))),
            (!into.is_empty()).then(|| Mod::Add(bytes(attribute), set(into))),
        ];
        self.modify(dn, changes.into_iter().flatten().collect()).await
    }

    /// Tries whether an attribute may be written, and leaves it as it is: with these values.
    pub(crate) async fn touch(
        &mut self,
        dn: &str,
        attribute: &str,
        values: &[Vec<u8>],
    ) -> Result<(), Fault> {
        if !values.is_empty() {
            return self.exchange(dn, attribute, values, values).await;
        }
        let passing = [bytes("0")];
        let changes = vec![
            Mod::Add(bytes(attribute), set(&passing)),
            Mod::Delete(bytes(attribute), set(&passing)),
        ];
        self.modify(dn, changes).await
    }

    async fn modify(&mut self, dn: &str, changes: Vec<Mod<Vec<u8>>>) -> Result<(), Fault> {
        let result = self.ldap.modify(dn, changes);
        let result = answered(result, self.answer_timeout, &self.ended).await?;
        match ResultCode::new(result.rc, &result.text) {
            code if code.is_success() => Ok(()),
            code => Err(Fault::Answered(Step::Write, code)),
        }
    }
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn set(values: &[Vec<u8>]) -> HashSet<Vec<u8>> {
    values.iter().cloned().collect()
}

async fn connect(server: &Server) -> Result<TcpStream, Fault> {
    let found = lookup_host((server.host.as_str(), server.port)).await;
    let addresses: Vec<_> = found.map_err(|_| Fault::Unresolved)?.take(ADDRESSES_MAX).collect();
    if addresses.is_empty() {
        return Err(Fault::Unresolved);
    }
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            // Requests are small and waited for.
            let _ = stream.set_nodelay(true);
            return Ok(stream);
        }
    }
    Err(Fault::Refused)
}

/// Waits for the library, at most so long, and tells what became of the connection where it
/// failed.
async fn answered<T>(
    call: impl Future<Output = Result<T, LdapError>>,
    time: Duration,
    ended: &Ended,
) -> Result<T, Fault> {
    match timeout(time, call).await {
        Err(_) => Err(Fault::TimedOut),
        Ok(Ok(answer)) => Ok(answer),
        // The guard writes this before it lets go of the library.
        Ok(Err(_)) => Err(ended.get().copied().unwrap_or(Fault::Lost)),
    }
}

/// The password policy control (draft-behera-ldap-password-policy section 6).
const POLICY_CONTROL: &str = "1.3.6.1.4.1.42.2.27.8.5.1";
/// Paged results (RFC 2696).
const PAGED_CONTROL: &str = "1.2.840.113556.1.4.319";

fn control<'a>(result: &'a LdapResult, name: &str) -> Option<&'a [u8]> {
    let found = result.ctrls.iter().find(|Control(_, raw)| raw.ctype == name);
    found.and_then(|Control(_, raw)| raw.val.as_deref())
}

fn policy_of(result: &LdapResult) -> Option<PolicyState> {
    policy_state(control(result, POLICY_CONTROL)?)
}

/// The cookie of the next page. Read here, since the library's own reader panics on bad ones.
fn next_page(result: &LdapResult) -> Option<Vec<u8>> {
    use crate::wire::ber::{INTEGER, OCTETS, Reader, SEQUENCE};
    let mut value = Reader::new(Reader::new(control(result, PAGED_CONTROL)?).expect(SEQUENCE)?);
    value.expect(INTEGER)?;
    Some(value.expect(OCTETS)?.to_vec())
}

/// A password that is read from its file when it is needed.
pub(crate) fn password_from(path: &std::path::Path) -> Option<Zeroizing<String>> {
    const MAX: usize = 1024;
    let text = Zeroizing::new(std::fs::read_to_string(path).ok()?);
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    (!password.is_empty() && password.len() <= MAX).then(|| Zeroizing::new(password.to_owned()))
}
