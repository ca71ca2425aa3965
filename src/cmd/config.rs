//! `kazasu config`: settings of sign-in and registration.

use std::io::{self, Write};

use anyhow::Result;

use super::{ask_records, confirmed, password_line, records};
use crate::cli::{Config, Data};
use crate::control::{End, Request};
use crate::lines::{ChangeLine, HistoryLine, Message, SettingLine};
use crate::out::Out;

/// How many users are listed before they are deleted; the rest is counted.
const LISTED_MAX: usize = 50;

pub(crate) async fn run(command: Config, out: Out) -> Result<End> {
    match command {
        Config::Show { keys, changed, data } => {
            let request = Request::ConfigShow { keys };
            let (lines, end) = ask_records::<SettingLine>(&data, request).await?;
            for line in lines.iter().filter(|line| line.changed || !changed) {
                out.line(line)?;
            }
            if let Some(line) = lines.first() {
                out.note(&format!("version {}", line.version))?;
            }
            Ok(end)
        }
        Config::Set { changes, if_version, yes, data } => {
            set(&data, out, changes, if_version, yes).await
        }
        Config::Check { changes, data } => {
            records::<ChangeLine>(&data, out, Request::ConfigCheck { changes }).await
        }
        Config::History { data } => {
            records::<HistoryLine>(&data, out, Request::ConfigHistory).await
        }
        Config::Password { which, secret, data } => {
            let password = if secret.password_stdin { Some(password_line()?) } else { None };
            let request = Request::ConfigPassword { which: which.as_str().to_owned(), password };
            records::<Message>(&data, out, request).await
        }
    }
}

/// Changes settings. Where that deletes users, they are listed and it asks first.
pub(super) async fn set(
    data: &Data,
    out: Out,
    changes: Vec<(String, String)>,
    if_version: Option<u64>,
    yes: bool,
) -> Result<End> {
    let mut version = if_version;
    let check = Request::ConfigCheck { changes: changes.clone() };
    let (lines, end) = ask_records::<ChangeLine>(data, check).await?;
    match lines.as_slice() {
        [ChangeLine::Changed(would)] if end == End::Done => {
            version = version.or(Some(would.version));
            // Another version than was asked for is refused anyway.
            if would.deleted > 0 && !yes && version == Some(would.version) {
                list_general(data).await?;
                let question = format!("These {} users are deleted.", would.deleted);
                if !confirmed(&question)? {
                    return Ok(End::No(format!(
                        "nothing was changed: this deletes {} users; --yes does it",
                        would.deleted
                    )));
                }
            }
        }
        _ if if_version.is_none() => {
            for line in &lines {
                out.line(line)?;
            }
            return Ok(end);
        }
        // The version decides first what is told.
        _ => {}
    }
    records::<ChangeLine>(data, out, Request::ConfigSet { changes, version }).await
}

/// Shows whom a change of the authentication mode deletes, to whoever is asked.
async fn list_general(data: &Data) -> Result<()> {
    let users = super::user::users(data, false).await?.users;
    let general: Vec<_> = users.iter().filter(|user| user.is_general()).collect();
    let mut error = io::stderr();
    for user in general.iter().take(LISTED_MAX) {
        writeln!(error, "{}", user.user_id)?;
    }
    if let Some(more @ 1..) = general.len().checked_sub(LISTED_MAX) {
        writeln!(error, "and {more} more")?;
    }
    Ok(())
}
