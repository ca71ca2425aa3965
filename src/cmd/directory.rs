//! `kazasu directory`: whether a directory is fit for card numbers, before anybody relies on it; and
//! cards that an administrator deletes from it.

use std::{borrow::Cow, path::PathBuf};

use anyhow::{Context, Result, bail};
use kazasu_directory::{Finding, Severity, Volunteer, preflight};
use kazasu_registration::{Settings, TypedPassword, UserId};
use kazasu_texts::Lang;
use serde::Serialize;

use super::{ask_records, carry_out, password_line};
use crate::cli::{Data, Directory};
use crate::config::Config;
use crate::control::{End, Host, Request};
use crate::lines::{ErasedLine, SettingsJson};
use crate::out::{Line, Out};
use crate::owner::DataFolder;
use crate::speak;

pub(crate) async fn run(command: Directory, out: Out) -> Result<End> {
    match command {
        Directory::Check { user, password_stdin: _, config, data } => {
            check(user, config, data, out).await
        }
        Directory::RemoveCard { user_id, card, config, data } => {
            let request = Request::DirectoryRemoveCard { user_id, card };
            let alone = async |folder: &_| Host::directory(config.as_ref(), folder).await;
            carry_out::<ErasedLine>(&data, out, request, alone).await
        }
    }
}

async fn check(user: Option<String>, config: Option<PathBuf>, data: Data, out: Out) -> Result<End> {
    let folder = DataFolder::open(data.data.clone())?;
    let loaded = Config::load(config.as_ref(), folder.config())?;
    let Some(directory) = loaded.directory() else {
        let file = config.unwrap_or_else(|| folder.config());
        bail!(
            "{} has no [directory] section that is enabled: kazasu.example.toml shows one",
            file.display()
        );
    };
    let volunteer = match user {
        Some(typed) => Some(Volunteer {
            typed: UserId::typed_at_directory(&typed).context("--user")?,
            password: TypedPassword::new(password_line()?).context("the password")?,
        }),
        None => None,
    };
    #[expect(clippy::disallowed_methods, reason = "clocks and certificates are compared with it")]
    let now = std::time::SystemTime::now();
    let settings = settings(&data, &folder).await?;
    let findings = preflight(directory, &settings, volunteer, now).await;
    let lang = speak::lang();
    for finding in &findings {
        out.line(&FindingLine::of(finding, lang))?;
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    Ok(match errors {
        0 => End::Done,
        1 => End::No("one thing does not work".to_owned()),
        errors => End::No(format!("{errors} things do not work")),
    })
}

/// The site's settings, those of the running service or of the data folder; before there are any,
/// those that a new site has.
async fn settings(data: &Data, folder: &DataFolder) -> Result<Settings> {
    if !folder.database().exists() {
        return Ok(Settings::default());
    }
    let (lines, end) = ask_records::<SettingsJson>(data, Request::ConfigRead).await?;
    match (lines.as_slice(), end) {
        ([line], _) => Settings::from_json(&line.json).context("an answer of another version"),
        (_, End::No(text) | End::Error(text)) => bail!("the settings cannot be read: {text}"),
        (_, End::Done) => bail!("the settings cannot be read"),
    }
}

#[derive(Serialize)]
struct FindingLine {
    finding: &'static str,
    severity: &'static str,
    cause: &'static str,
    message: Cow<'static, str>,
    remedy: Option<String>,
}

impl FindingLine {
    fn of(finding: &Finding, lang: Lang) -> Self {
        let severity = match finding.severity {
            Severity::Fine => "fine",
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let Finding { word, cause, .. } = finding;
        let (message, remedy) = (lang.what(cause), lang.advice(cause));
        Self { finding: word, severity, cause: cause.word, message, remedy }
    }
}

impl Line for FindingLine {
    fn text(&self) -> String {
        let Self { finding, severity, message, remedy, .. } = self;
        match remedy {
            Some(remedy) => format!("{severity:7}  {finding}: {message}\n         -> {remedy}"),
            None => format!("{severity:7}  {finding}: {message}"),
        }
    }
}
