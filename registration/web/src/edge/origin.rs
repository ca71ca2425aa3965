//! Where a request comes from: the names this server answers to, and whose pages may post to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, Method, header};

/// The host names a browser may use for this server.
///
/// A page elsewhere can point its own name at our address (DNS rebinding) and would then count as
/// same-origin; what it cannot do is to make the browser send our name in `Host`.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    names: Vec<String>,
    any_address: bool,
}

impl AllowedHosts {
    /// What a server that listens on `address` is called: its address, the loopback names where it
    /// is loopback, any IP literal where it listens on all addresses (a name that was rebound is
    /// never a literal), and the names the administrator gave. Names are without a port.
    pub fn new(address: SocketAddr, names: impl IntoIterator<Item = String>) -> Self {
        let ip = address.ip();
        let mut names: Vec<String> =
            names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        names.push(literal(ip));
        if ip.is_loopback() || ip.is_unspecified() {
            names.push("localhost".to_owned());
            names.push(literal(IpAddr::V4(Ipv4Addr::LOCALHOST)));
            names.push(literal(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        }
        Self { names, any_address: ip.is_unspecified() }
    }

    /// Whether the request was sent to one of our names.
    pub(crate) fn has(&self, headers: &HeaderMap) -> bool {
        let Some(host) = only(headers, &header::HOST) else { return false };
        let name = without_port(host).to_ascii_lowercase();
        self.names.contains(&name) || (self.any_address && is_literal(&name))
    }
}

fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn is_literal(name: &str) -> bool {
    name.parse::<Ipv4Addr>().is_ok()
        || name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Whether this request may change something: reading always may, anything else must come from a
/// page of ours. Browsers that send `Sec-Fetch-Site` say so themselves; others name the page's
/// origin. A request with neither is refused.
pub(crate) fn may_act(method: &Method, headers: &HeaderMap) -> bool {
    const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if matches!(*method, Method::GET | Method::HEAD) {
        return true;
    }
    if headers.contains_key(SEC_FETCH_SITE) {
        return only(headers, &SEC_FETCH_SITE) == Some("same-origin");
    }
    let (Some(origin), Some(host)) = (only(headers, &header::ORIGIN), only(headers, &header::HOST))
    else {
        return false;
    };
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(rows: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in rows {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_our_names_are_answered() {
        let loopback = "127.0.0.1:8080";
        let everywhere = "0.0.0.0:8080";
        let rows: &[(&str, &[&str], bool)] = &[
            (loopback, &["127.0.0.1:8080"], true),
            (loopback, &["localhost:8080"], true),
            (loopback, &["LOCALHOST"], true),
            (loopback, &["[::1]:8080"], true),
            (loopback, &["kiosk.example:8080"], true),
            (loopback, &["elsewhere.example:8080"], false),
            (loopback, &["127.0.0.1.elsewhere.example"], false),
            (loopback, &["192.0.2.7:8080"], false),
            (loopback, &[""], false),
            (loopback, &[":8080"], false),
            (loopback, &[], false),
            (loopback, &["localhost", "localhost"], false),
            ("[::1]:8080", &["[::1]:8080"], true),
            ("192.0.2.7:8080", &["192.0.2.7:8080"], true),
            ("192.0.2.7:8080", &["localhost:8080"], false),
            ("192.0.2.7:8080", &["192.0.2.8:8080"], false),
            (everywhere, &["192.0.2.7:8080"], true),
            (everywhere, &["[2001:db8::7]:8080"], true),
            (everywhere, &["elsewhere.example"], false),
            (everywhere, &["2001:db8::7"], false),
        ];
        for (address, hosts, expected) in rows {
            let allowed = AllowedHosts::new(address.parse().unwrap(), ["Kiosk.example".to_owned()]);
            let sent: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            assert_eq!(allowed.has(&headers(&sent)), *expected, "{address} {hosts:?}");
        }
    }

    #[test]
    fn only_our_pages_may_post() {
        let host = ("host", "localhost:8080");
        let rows: &[(&[(&'static str, &str)], bool)] = &[
            (&[host, ("origin", "http://localhost:8080")], true),
            (&[host, ("origin", "https://localhost:8080")], true),
            (&[host, ("sec-fetch-site", "same-origin")], true),
            (&[host, ("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[host, ("sec-fetch-site", "same-site"), ("origin", "http://localhost:8080")], false),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "none")], false),
            (&[host, ("origin", "http://localhost:9090")], false),
            (&[host, ("origin", "http://elsewhere.example")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "localhost:8080")], false),
            (&[host], false),
            (&[("origin", "http://")], false),
        ];
        for (sent, expected) in rows {
            assert_eq!(may_act(&Method::POST, &headers(sent)), *expected, "{sent:?}");
        }
        assert!(may_act(&Method::GET, &headers(&[host])));
        assert!(!may_act(&Method::DELETE, &headers(&[host])));
    }
}
