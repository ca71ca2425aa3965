use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kazasu_registration::{AuditFilter, DateFormat, NameKey, Shown, json_line, manual};
use nix::ifaddrs::getifaddrs;

use super::{Done, Office, Refused, another_version};
use crate::control::host::{Lines, say, send};
use crate::control::{AuditFormat, AuditWanted, End};
use crate::lines::{AuditText, Message};

/// What no look at the files can find.
const NOT_FOUND_HERE: &str = "What this cannot find: that database, audit.key and audit.end were \
    all put back together to an earlier state. Only a copy of the records elsewhere shows that \
    ([syslog] in kazasu.toml sends one).";

/// The audit log.
impl Office {
    pub(super) async fn export_audit(&self, wanted: AuditWanted, lines: &Lines) -> Done {
        let dates = DateFormat::from_word(&wanted.dates);
        let dates = dates.ok_or_else(|| Refused::End(another_version()))?;
        let filter = AuditFilter {
            since: wanted.since.map(Into::into),
            until: wanted.until.map(Into::into),
            event: wanted.event,
            user: wanted.user.as_deref().map(NameKey::of),
        };
        let entries = self.wishes().export_audit().await?;
        let taken = entries.iter().filter(|entry| filter.takes(entry));
        let text = match wanted.format {
            AuditFormat::Json => taken.map(|entry| json_line(entry) + "\n").collect(),
            AuditFormat::Manual => {
                let zone = TimeZone::system();
                let now = Timestamp::now().into();
                manual(taken, &Shown { address: address(), zone, now, dates })
            }
        };
        send(lines, &AuditText { text }).await;
        Ok(())
    }

    pub(super) async fn verify_audit(&self, lines: &Lines) -> Done {
        match self.wishes().verify_audit().await? {
            Ok(whole) => {
                let text = format!(
                    "the audit log is whole: {} records, the last one is number {}, its hash {}",
                    whole.records, whole.end.id, whole.end.link
                );
                say(lines, &text).await;
                if whole.folded > 0 {
                    let text = format!(
                        "{} more gave way to newer ones of their kind, as the records \
                         audit-folded say",
                        whole.folded
                    );
                    say(lines, &text).await;
                }
                say(lines, NOT_FOUND_HERE).await;
                Ok(())
            }
            Err(broken) => {
                for found in &broken {
                    if !send(lines, &Message { message: found.to_string() }).await {
                        break;
                    }
                }
                Err(Refused::End(End::No(format!(
                    "the audit log is not what was written ({} findings). {NOT_FOUND_HERE}",
                    broken.len()
                ))))
            }
        }
    }
}

/// The device's address: the first one that others can reach, else the loopback one.
fn address() -> IpAddr {
    let of = |address: nix::sys::socket::SockaddrStorage| {
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    let local = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local(),
    };
    let found = getifaddrs()
        .ok()
        .and_then(|all| all.filter_map(|interface| of(interface.address?)).find(|ip| !local(ip)));
    found.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
