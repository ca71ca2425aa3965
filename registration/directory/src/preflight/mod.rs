//! Whether a directory is fit for card numbers, before anybody relies on it.

mod ask;
mod cause;
mod judge;
mod passwords;
mod people;

use std::time::SystemTime;

pub use cause::CAUSES;

use kazasu_hal::Cause;
use kazasu_registration::{Settings, TypedPassword, UserId};

use crate::{client::Client, client::SetupError, config::DirectoryConfig};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Could not be told, or is worth knowing.
    Note,
    /// Works, and is unsafe or will not work for long.
    Warning,
    /// Does not work.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The fixed word for scripts: what was looked at.
    pub word: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, and what to do about it.
    pub cause: Cause,
}

impl Finding {
    fn new(word: &'static str, severity: Severity, cause: Cause) -> Self {
        Self { word, severity, cause }
    }

    fn fine(word: &'static str, cause: Cause) -> Self {
        Self::new(word, Severity::Fine, cause)
    }
}

/// Somebody who is willing to try: what people may read and write is seen with their eyes only.
#[derive(Clone, Debug)]
pub struct Volunteer {
    /// What they type.
    pub typed: UserId,
    /// Their password.
    pub password: TypedPassword,
}

/// Looks at everything that can be looked at, and changes nothing: where rights have to be tried, a
/// value is put in and taken out in one step, which either fails or leaves what was there.
///
/// The directory has to go with `settings`, which are the site's. `now` is compared with the
/// servers' clocks and certificates.
pub async fn preflight(
    config: &DirectoryConfig,
    settings: &Settings,
    volunteer: Option<Volunteer>,
    now: SystemTime,
) -> Vec<Finding> {
    let client = match Client::new(config.clone()) {
        Ok(client) => client,
        Err(error) => return judge::setup(&error),
    };
    let mut findings = judge::password_file(config);
    ask::ask(&client, settings, volunteer, now, &mut findings).await;
    findings
}
