//! Whether the directory's rules of passwords and locks go with the site's.

use kazasu_registration::{
    Method, Password, PasswordOwner, Settings, Source, TypedPassword, UserId,
};
use ldap3::Scope;
use zeroize::Zeroizing;

use super::{Finding, Severity, cause};
use crate::{
    client::{Client, Lease},
    config::Kind,
    people::entry::Entry,
    wire::connection::Query,
};

/// What is known of the directory's rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// After how many wrong passwords in a row an account locks; of several rules the strictest.
    pub(super) locks: Locks,
    /// Characters of the shortest password; `None` where that cannot be told.
    pub(super) shortest: Option<u32>,
}

/// When an account locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Locks {
    #[default]
    Unknown,
    Never,
    After(u32),
}

impl Locks {
    /// Nought says never, in every kind of directory.
    fn read(self, threshold: u32) -> Self {
        match (self, threshold) {
            (Self::After(sooner), later) if later == 0 || sooner <= later => self,
            (_, 0) => Self::Never,
            (_, threshold) => Self::After(threshold),
        }
    }
}

/// Rules that are looked at.
const RULES_MAX: usize = 64;

pub(super) async fn rules(client: &Client, lease: &mut Lease<'_>, entry: &Entry) -> Rules {
    let found = match client.config.kind {
        Kind::ActiveDirectory => of_domain(lease, entry).await,
        Kind::Ldap => of_server(lease).await,
    };
    found.unwrap_or_default()
}

fn number(entry: &Entry, attribute: &str) -> Option<u32> {
    entry.text(attribute)?.parse().ok()
}

/// [MS-ADTS] section 3.1.1.3.2, section 3.1.1.5.2.4; a fine-grained policy ([MS-ADTS] section
/// 3.1.1.4.5.36) counts for those whom it is for, so the strictest decides.
async fn of_domain(lease: &mut Lease<'_>, entry: &Entry) -> Option<Rules> {
    const DOMAIN: &str = "defaultNamingContext";
    const THRESHOLD: &str = "lockoutThreshold";
    const SHORTEST: &str = "minPwdLength";
    const FINE_THRESHOLD: &str = "msDS-LockoutThreshold";
    const APPLIED: &str = "msDS-ResultantPSO";
    let root = lease.connection.read("", &[DOMAIN.to_owned()]).await.ok()??;
    let domain = root.text(DOMAIN)?;
    let wanted = [THRESHOLD, SHORTEST].map(str::to_owned);
    let own = lease.connection.read(domain, &wanted).await.ok()??;
    let mut locks = Locks::default();
    if let Some(threshold) = number(&own, THRESHOLD) {
        locks = locks.read(threshold);
    }
    let fine = [FINE_THRESHOLD.to_owned()];
    let base = format!("CN=Password Settings Container,CN=System,{domain}");
    let query = Query {
        base: &base,
        scope: Scope::OneLevel,
        filter: "(objectClass=msDS-PasswordSettings)",
        attributes: &fine,
        max: RULES_MAX,
    };
    // Administrators alone may see all of them; people see the one that is for them.
    let mut all = lease.connection.search(query).await.unwrap_or_default();
    if let Ok(Some(person)) = lease.connection.read(&entry.dn, &[APPLIED.to_owned()]).await
        && let Some(applied) = person.text(APPLIED)
        && let Ok(Some(applied)) = lease.connection.read(applied, &fine).await
    {
        all.push(applied);
    }
    for policy in &all {
        if let Some(threshold) = number(policy, FINE_THRESHOLD) {
            locks = locks.read(threshold);
        }
    }
    Some(Rules { locks, shortest: number(&own, SHORTEST) })
}

/// OpenLDAP's policies (draft-behera-ldap-password-policy section 5.2) and those of 389 Directory
/// Server, where they may be read.
async fn of_server(lease: &mut Lease<'_>) -> Option<Rules> {
    const CONTEXTS: &str = "namingContexts";
    const CONTEXTS_MAX: usize = 8;
    const ATTRIBUTES: [[&str; 3]; 2] = [
        ["pwdLockout", "pwdMaxFailure", "pwdMinLength"],
        ["passwordLockout", "passwordMaxFailure", "passwordMinLength"],
    ];
    let root = lease.connection.read("", &[CONTEXTS.to_owned()]).await.ok()??;
    let wanted: Vec<_> = ATTRIBUTES.as_flattened().iter().map(|name| (*name).to_owned()).collect();
    let mut rules = Rules::default();
    for base in root.texts(CONTEXTS).into_iter().take(CONTEXTS_MAX) {
        let query = Query {
            base,
            scope: Scope::Subtree,
            filter: "(|(objectClass=pwdPolicy)(objectClass=passwordPolicy))",
            attributes: &wanted,
            max: RULES_MAX,
        };
        for policy in lease.connection.search(query).await.unwrap_or_default() {
            for [lockout, failures, shortest] in ATTRIBUTES {
                let locks = policy.text(lockout).map(|text| text.eq_ignore_ascii_case("true"));
                match (locks, number(&policy, failures)) {
                    (Some(true), Some(failures)) => rules.locks = rules.locks.read(failures),
                    (Some(false), _) => rules.locks = rules.locks.read(0),
                    _ => {}
                }
                let shortest = number(&policy, shortest);
                rules.shortest = rules.shortest.into_iter().chain(shortest).min();
            }
        }
    }
    Some(rules)
}

/// Whether somebody could lock a colleague's account through this device. `has_eyes`: whether a
/// service account tells which names are one person's.
pub(super) fn lock_out(
    kind: Kind,
    settings: &Settings,
    locks: Locks,
    has_eyes: bool,
) -> Vec<Finding> {
    // From the network nobody's password is asked of a directory.
    let ours = u32::from(settings.lock_out.user.get());
    // Nobody but administrators sees a domain's rules for groups, so that they are not there says
    // nothing.
    let hidden = kind == Kind::ActiveDirectory;
    let (severity, cause) = match locks {
        Locks::Never => (Severity::Fine, cause::never_locks(hidden)),
        Locks::After(theirs) if ours < theirs => {
            (Severity::Fine, cause::locks_later(theirs, ours, hidden))
        }
        Locks::After(theirs) => match theirs.saturating_sub(1) {
            0 => (Severity::Warning, cause::locks_at_once(theirs, ours)),
            set => (Severity::Warning, cause::locks_sooner(theirs, ours, set)),
        },
        Locks::Unknown => match kind {
            Kind::ActiveDirectory => (Severity::Note, cause::locks_unknown_domain(ours)),
            Kind::Ldap => (Severity::Note, cause::locks_unknown_ldap(ours)),
        },
    };
    let mut findings = vec![Finding::new("lock-out", severity, cause)];
    if !has_eyes && locks != Locks::Never {
        findings.push(Finding::new("lock-out", Severity::Note, cause::names_apart()));
    }
    findings
}

/// Whether people's passwords of the directory can become device passwords, where a registration
/// makes them so (S10-4-04).
pub(super) fn password_rule(settings: &Settings, shortest: Option<u32>) -> Option<Finding> {
    /// What every directory takes.
    const LONG: u8 = 63;
    let policy = settings.password_policy().ok().filter(|_| copies(settings))?;
    let (min, max) = (policy.min(), policy.max());
    let (severity, cause) = match shortest {
        Some(shortest) if shortest > u32::from(max) => {
            (Severity::Error, cause::password_nobody(shortest, max))
        }
        _ if max < LONG => (Severity::Warning, cause::password_long(max)),
        Some(shortest) if shortest < u32::from(min) => {
            (Severity::Warning, cause::password_short(min, shortest))
        }
        _ => return None,
    };
    Some(Finding::new("password-rule", severity, cause))
}

/// Whether a registration keeps the directory's password as the device's.
fn copies(settings: &Settings) -> bool {
    settings.method() == Method::Local && settings.registration.sources.holds(Source::Directory)
}

/// Whether the volunteer's own password could be kept.
pub(super) fn of_volunteer(
    settings: &Settings,
    id: &UserId,
    password: &TypedPassword,
) -> Option<Finding> {
    let policy = settings.password_policy().ok().filter(|_| copies(settings))?;
    let typed = Zeroizing::new(password.reveal().to_owned());
    let broken = Password::new(typed, policy, PasswordOwner { user_id: id.as_str(), name: "" });
    let rule = broken.err()?.rule;
    let cause = cause::password_of_person(rule.to_string());
    Some(Finding::new("password-rule", Severity::Error, cause))
}

#[cfg(test)]
#[path = "passwords_test.rs"]
mod tests;
