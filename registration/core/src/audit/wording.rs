//! The sentence that a record's fields make, for whoever reads a log and for the formats that have one
//! field for all of it.

use super::{Details, RefusalKind};

/// What else there is to say of an event of this word.
pub(super) fn wording(word: &str, details: &Details) -> Option<String> {
    let text = |name| details.text(name).map(str::to_owned);
    let count = |name| details.count(name).unwrap_or_default();
    let all = |name| details.texts(name).collect::<Vec<_>>().join(" ");
    match word {
        "sign-in-failed" | "not-administrator" => {
            let barred = |why: &String| {
                use RefusalKind::{Limited, Locked, TooSoon};
                RefusalKind::from_word(why)
                    .is_some_and(|why| matches!(why, Locked | TooSoon | Limited))
            };
            joined([text("secret"), text("why").filter(barred), from(details)])
        }
        "sign-ins-failed" => joined([
            text("secret"),
            Some(format!("{} times", count("count"))),
            within(details),
            Some(reasons(details)),
            names(details),
            from(details),
        ]),
        "signed-in" | "locked" => joined([text("secret"), from(details)]),
        "unlocked" | "secret-set" | "audit-exported" => text("secret"),
        "panel-paired" => joined([Some(format!("browser {}", count("number"))), from(details)]),
        "panel-revoked" => Some(format!("browser {}", count("number"))),
        "audit-gap" => {
            joined_by(" from ", [details.count("count").map(|n| n.to_string()), within(details)])
        }
        "started-cold" | "started-warm" => joined_by(" ", [text("version"), text("boot")]),
        "software-updated" => text("version"),
        "time-adjusted" => details.get("by_ms").map(|by_ms| format!("{by_ms} ms")),
        "tls-failed" => {
            let tried = joined_by(", ", [Some("TLS".to_owned()), text("peer"), text("reason")]);
            joined([tried, more(details)])
        }
        "audit-end-lost" => Some(format!("record {}", count("noted"))),
        "audit-folded" => {
            let gone = joined_by(
                " from ",
                [details.count("count").map(|n| n.to_string()), within(details)],
            );
            joined_by(": ", [text("kind"), gone])
        }
        "user-renamed" => text("was"),
        "role-changed" => text("role"),
        "user-copied" => {
            let role = text("role").filter(|role| role != "general");
            joined_by(" ", [role, Some(all("limits")).filter(|limits| !limits.is_empty())])
        }
        "limits-changed" => Some(all("limits")),
        "job-completed" | "job-canceled" | "job-aborted" => {
            joined_by(" ", [text("job"), text("secret")])
        }
        "settings-viewed" => Some(all("settings")),
        "settings-changed" => Some(format!("version {}: {}", count("version"), all("keys"))),
        "backup-made" => Some(format!("{} users", count("users"))),
        "restored" => text("made").map(|made| format!("backup of {made}")),
        "reader-attached" | "reader-detached" | "reader-faulty" => {
            joined([text("reader"), text("fault"), more(details)])
        }
        "damaged-user-deleted" => details.get("row").map(|row| format!("row {row}")),
        "provisional-expired"
        | "provisional-gave-way"
        | "users-deleted"
        | "users-imported"
        | "users-exported"
        | "all-unlocked"
        | "syslog-lost" => Some(count("count").to_string()),
        _ => None,
    }
}

/// Where somebody was who was not in front of the device.
fn from(details: &Details) -> Option<String> {
    let several = details.get("from_several").map(|_| "several addresses");
    details.text("from").or(several).map(|from| format!("from {from}"))
}

fn within(details: &Details) -> Option<String> {
    Some(format!("{} to {}", details.text("since")?, details.text("until")?))
}

/// How many for each reason.
fn reasons(details: &Details) -> String {
    let why = details.get("why");
    let count = |kind: RefusalKind| Some((kind, why?.get(kind.as_str())?.as_u64()?));
    let counts = RefusalKind::ALL.into_iter().filter_map(count);
    counts.map(|(kind, n)| format!("{} {n}", kind.as_str())).collect::<Vec<_>>().join(", ")
}

fn names(details: &Details) -> Option<String> {
    let names: Vec<_> = details.texts("names").collect();
    let others = details.get("others").is_some_and(|others| others == true);
    let and = if others { " and others" } else { "" };
    (!names.is_empty()).then(|| format!("of {}{and}", names.join(", ")))
}

fn more(details: &Details) -> Option<String> {
    details.count("more").filter(|more| *more > 0).map(|more| format!("{more} more"))
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    joined_by("; ", parts)
}

/// What there is of these.
fn joined_by(between: &str, parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(between))
}
