//! One server of the list.

use std::fmt;

use rustls::pki_types::ServerName;
use serde::Deserialize;

/// How TLS begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// At once, on port 636.
    #[default]
    Ldaps,
    /// After the StartTLS operation, on port 389.
    StartTls,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Name or address, as its certificate has it; an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Server {
    /// Reads `HOST` or `HOST:PORT`; `None` for anything else.
    pub(crate) fn parse(text: &str, tls: TlsMode) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match (port, tls) {
            (Some(text), _) => text.parse().ok().filter(|port| *port != 0)?,
            (None, TlsMode::Ldaps) => 636,
            (None, TlsMode::StartTls) => 389,
        };
        let server = Self { host: host.to_owned(), port };
        server.tls_name()?;
        Some(server)
    }

    /// The name that the certificate has to carry.
    pub(crate) fn tls_name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.host.clone()).ok()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_servers() {
        let check = |text: &str, expected: Option<&str>| {
            let server = Server::parse(text, TlsMode::Ldaps);
            assert_eq!(server.map(|s| s.to_string()).as_deref(), expected, "{text}");
        };
        check("dc1.example.jp", Some("dc1.example.jp:636"));
        check("dc1.example.jp:1636", Some("dc1.example.jp:1636"));
        check("192.0.2.1", Some("192.0.2.1:636"));
        check("[2001:db8::1]", Some("[2001:db8::1]:636"));
        check("[2001:db8::1]:99", Some("[2001:db8::1]:99"));
        for bad in [
            "",
            "ldap://dc1",
            "dc1:",
            "dc1:0",
            "dc1:65536",
            "dc1:x",
            "[::1",
            "[::1]9",
            "2001:db8::1",
            "a b",
        ] {
            check(bad, None);
        }
        assert_eq!(Server::parse("dc1", TlsMode::StartTls).unwrap().port, 389);
    }
}
