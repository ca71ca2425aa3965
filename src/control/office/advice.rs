//! What an administrator should know of settings and records that can be and yet do not do: pure.

use std::collections::BTreeMap;

use kazasu_registration::{
    CardNumber, FieldError, Method, NameKey, PasswordProfile, Settings, Source, UserId,
};

/// Domains ask for this much and more, so a rule that forbids longer ones keeps people out.
const LONG_ENOUGH: u8 = 63;
/// What Active Directory asks for where nobody chose, so that passwords are no shorter.
const SHORT_ENOUGH: u8 = 7;

/// What the settings want of a directory and do not get. `has_directory` is `None` where that
/// cannot be told.
pub(super) fn of_directory(settings: &Settings, has_directory: Option<bool>) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_remote = settings.method() == Method::External;
    let takes = settings.method() == Method::Local
        && settings.registration.sources.holds(Source::Directory);
    if (is_remote || takes) && has_directory == Some(false) {
        let (key, whom) = match is_remote {
            true => {
                ("sign-in.mode=remote", "nobody can sign in but the device's own administrators")
            }
            false => ("registration.sources", "nobody can register by it"),
        };
        warnings.push(format!(
            "{key} names a directory, and kazasu.toml has no [directory] that is enabled, so {whom} \
             (001): kazasu.example.toml shows one"
        ));
    }
    if takes && let Some(rule) = narrow(settings) {
        warnings.push(format!(
            "people of the directory register with their password of there, which is kept as their \
             device password too (S10-4-04): {rule}, and they cannot change it for this device; \
             kazasu config set password.profile=device password.min=default \
             password.max={LONG_ENOUGH}"
        ));
    }
    warnings
}

/// What of the password rule the passwords of a directory may not meet.
fn narrow(settings: &Settings) -> Option<String> {
    let policy = settings.password_policy().ok()?;
    let refused = match policy.profile() {
        PasswordProfile::Secure => Some("those without letters, digits and signs"),
        PasswordProfile::Modern => Some("those that are easily guessed"),
        PasswordProfile::Device | PasswordProfile::Group | PasswordProfile::Directory => None,
    };
    let short = (policy.min() > SHORT_ENOUGH)
        .then(|| format!("those of fewer than {} characters", policy.min()));
    let long = (policy.max() < LONG_ENOUGH)
        .then(|| format!("those of more than {} characters", policy.max()));
    let all: Vec<_> = refused.map(str::to_owned).into_iter().chain(short).chain(long).collect();
    (!all.is_empty()).then(|| format!("{} are refused (301)", all.join(", ")))
}

/// Stored user IDs that could not be registered any more, each with the command that mends it.
/// Until then each is found by its exact spelling.
pub(super) fn of_user_ids(
    settings: &Settings,
    ids: &[UserId],
    numbers: &[CardNumber],
) -> Vec<String> {
    let mut names = BTreeMap::<NameKey, Vec<&UserId>>::new();
    for id in ids {
        names.entry(id.key()).or_default().push(id);
    }
    let is_number = |id: &UserId| numbers.iter().any(|n| NameKey::of(n.as_str()) == id.key());
    let mut warnings = Vec::new();
    for same in names.values() {
        if let [id] = same.as_slice() {
            let broken =
                UserId::new(id.as_str()).err().or_else(|| settings.check_reserved(id).err());
            let why = match broken {
                Some(FieldError { rule, .. }) => rule.to_string(),
                None if is_number(id) => "is the number of a card".to_owned(),
                None => continue,
            };
            let better = id.tidied();
            let to = match UserId::new(better.as_str()) {
                Ok(_) if better != **id && !is_number(id) => quoted(better.as_str()),
                _ => "NEW-ID".to_owned(),
            };
            let id = quoted(id.as_str());
            warnings.push(format!("the user ID {id} {why}: kazasu user rename {id} {to}"));
            continue;
        }
        let all: Vec<_> = same.iter().map(|id| quoted(id.as_str())).collect();
        let mend: Vec<_> = all.iter().map(|id| format!("kazasu user rename {id} NEW-ID")).collect();
        warnings.push(format!(
            "the user IDs {} are one name to everybody who types them, so each is found by its exact \
             spelling alone: {}; or delete those that nobody needs (kazasu user delete)",
            all.join(", "),
            mend.join(", or ")
        ));
    }
    warnings
}

/// A text as a shell reads it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
#[path = "advice_test.rs"]
mod tests;
