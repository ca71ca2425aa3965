//! The configuration file, merged under what the command line says.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use kazasu_directory::{Client, DirectoryConfig};
use kazasu_hal::{Polling, StationName, Technology};
use kazasu_outputs::SyslogConfig;
use kazasu_runtime::{Stations, TapSettings};
use kazasu_web::ReaderPlace;
use serde::Deserialize;

const PANEL_PORT: u16 = 8580;

/// The file as it is written; see `kazasu.example.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    listen: Option<SocketAddr>,
    readers: Vec<String>,
    polling: PollingConfig,
    #[serde(rename = "station")]
    stations: Vec<StationConfig>,
    taps: TapsConfig,
    pub(crate) panel: PanelConfig,
    directory: Option<DirectoryConfig>,
    pub(crate) syslog: SyslogConfig,
    pub(crate) tls: TlsConfig,
    registration: Option<toml::Table>,
}

/// How often readers that cannot do so by themselves look for cards.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PollingConfig {
    #[default]
    Normal,
    Economy,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StationConfig {
    name: String,
    readers: Vec<String>,
    /// Which chip of a card with several counts.
    #[serde(default)]
    technologies: Vec<String>,
}

impl StationConfig {
    fn order(&self) -> Vec<Technology> {
        self.technologies.iter().filter_map(|word| Technology::from_word(word)).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TapsConfig {
    missed_polls: Option<u32>,
    second_tap_ms: Option<u64>,
    rested_second_tap_ms: Option<u64>,
    mobile_second_tap_ms: Option<u64>,
    settle_after_multiple_ms: Option<u64>,
}

/// `[panel]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PanelConfig {
    /// Where the reader is, seen from the screen.
    pub(crate) reader_place: ReaderPlace,
    /// Host names under which the panel may be asked for, beside the address it listens on.
    pub(crate) allowed_hosts: Vec<String>,
    /// Whether a tap sounds too.
    pub(crate) tap_sound: bool,
}

/// `[tls]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsConfig {
    listen: Option<SocketAddr>,
    /// A certificate chain in PEM; without one, a self-signed certificate is made.
    pub(crate) certificate: Option<PathBuf>,
    /// Its key in PEM.
    pub(crate) key: Option<PathBuf>,
}

impl Config {
    /// Reads the file given, or the data folder's own where that exists.
    pub(crate) fn load(given: Option<&PathBuf>, own: PathBuf) -> Result<Self> {
        let path = given.cloned().unwrap_or(own);
        let shown = path.display();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && given.is_none() => String::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("{shown} cannot be read"));
            }
        };
        Self::parse(&text).with_context(|| format!("{shown} is not as it should be"))
    }

    /// Reads the text of the file.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| place(text, span.start)).unwrap_or_default();
            anyhow!("{place}{}", error.message())
        })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        if let Some(registration) = &self.registration {
            bail!("{}", elsewhere(registration));
        }
        let mut seen = HashSet::new();
        for station in &self.stations {
            let name = &station.name;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            ensure!(
                !name.is_empty() && name.len() <= 32 && name.chars().all(plain),
                "station name {name:?}: allowed are 1 to 32 letters, digits, - and _"
            );
            ensure!(seen.insert(name), "station {name:?} is there twice: give each a name");
            for word in &station.technologies {
                ensure!(
                    Technology::from_word(word).is_some(),
                    "station {name:?}: {word:?} is no technology: felica, iso14443a or iso14443b"
                );
                ensure!(
                    station.technologies.iter().filter(|other| *other == word).count() == 1,
                    "station {name:?}: {word:?} is there twice"
                );
            }
            for reader in &station.readers {
                let others = self.stations.iter().filter(|s| s.readers.contains(reader)).count();
                ensure!(
                    others == 1,
                    "reader {reader:?} is listed at {others} stations: it can belong to one"
                );
            }
        }
        let broken = self.directory().map(DirectoryConfig::check).unwrap_or_default();
        if let Some(first) = broken.first() {
            bail!("directory.{}: {}", first.key, first.rule);
        }
        if self.taps.missed_polls == Some(0) {
            bail!("taps.missed_polls = 0: a card needs at least one missed poll to be gone");
        }
        Ok(())
    }

    /// The address to listen on; what the command line says goes first.
    pub(crate) fn listen(&self, given: Option<SocketAddr>) -> SocketAddr {
        given.or(self.listen).unwrap_or((Ipv4Addr::LOCALHOST, PANEL_PORT).into())
    }

    /// The address to speak TLS at, if any; what the command line says goes first.
    pub(crate) fn tls_listen(&self, given: Option<SocketAddr>) -> Option<SocketAddr> {
        given.or(self.tls.listen)
    }

    /// The reader selectors; what the command line says goes first.
    pub(crate) fn readers(&self, given: &[String]) -> Vec<String> {
        if given.is_empty() { self.readers.clone() } else { given.to_vec() }
    }

    /// How often to look for cards.
    pub(crate) fn polling(&self) -> Polling {
        match self.polling {
            PollingConfig::Normal => Polling::Normal,
            PollingConfig::Economy => Polling::Economy,
        }
    }

    pub(crate) fn stations(&self) -> Stations {
        let listed = self.stations.iter();
        let listed = listed.map(|s| (StationName(s.name.clone()), s.readers.clone()));
        Stations::new(listed.collect()).with_orders(
            self.stations.iter().map(|s| (StationName(s.name.clone()), s.order())).collect(),
        )
    }

    /// `[directory]`, where it is there and in use.
    pub(crate) fn directory(&self) -> Option<&DirectoryConfig> {
        self.directory.as_ref().filter(|directory| directory.enabled)
    }

    /// A client of the directory, where one is in use. Connects when it is first asked.
    pub(crate) fn directory_client(&self) -> Result<Option<Client>> {
        let client = self.directory().cloned().map(Client::new).transpose();
        client.context("the directory cannot be used as [directory] says")
    }

    pub(crate) fn taps(&self) -> TapSettings {
        let default = TapSettings::default();
        let ms = |given: Option<u64>, default| given.map_or(default, Duration::from_millis);
        let TapsConfig {
            missed_polls,
            second_tap_ms,
            rested_second_tap_ms,
            mobile_second_tap_ms,
            settle_after_multiple_ms,
        } = &self.taps;
        TapSettings {
            missed_polls: missed_polls.unwrap_or(default.missed_polls),
            second_tap_after: ms(*second_tap_ms, default.second_tap_after),
            rested_second_tap_after: ms(*rested_second_tap_ms, default.rested_second_tap_after),
            mobile_second_tap_after: ms(*mobile_second_tap_ms, default.mobile_second_tap_after),
            settle_after_multiple: ms(*settle_after_multiple_ms, default.settle_after_multiple),
        }
    }
}

/// Where in the file something is: the line and what it is about. The parser would show all of the
/// line, and with it a password that has no place there.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let number = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let line = text.lines().nth(number - 1).unwrap_or_default().trim();
    let about = match line.split_once('=') {
        Some((key, _)) => key.trim(),
        None if line.starts_with('[') && line.ends_with(']') => line,
        None => return format!("line {number}: "),
    };
    format!("line {number}, {about}: ")
}

/// What to do with `[registration]`, which earlier versions had in the file.
fn elsewhere(registration: &toml::Table) -> String {
    let mut changes = Vec::new();
    let mut unknown = Vec::new();
    for (name, value) in registration {
        let key = match name.as_str() {
            "auto_clear_s" => "panel.auto-clear-s",
            "opens_by_itself" => "registration.opens-by-itself",
            "registered_max" => "capacity.registered",
            "records_max" => "capacity.records",
            _ => {
                unknown.push(name.as_str());
                continue;
            }
        };
        changes.push(format!("{key}={value}"));
    }
    let mut text = "settings of registration are not in this file, so that they can change while \
                    the service runs: delete [registration] from it"
        .to_owned();
    if !changes.is_empty() {
        text += &format!(", and say the same with\n  kazasu config set {}", changes.join(" "));
    }
    if !unknown.is_empty() {
        text += &format!("\nNo setting was ever called: {}", unknown.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = Config::parse(text).map_or_else(|e| format!("{e:#}"), |_| String::new());
        assert!(got.contains(expected) && got.is_empty() == expected.is_empty(), "{text}: {got}");
    }

    #[test]
    fn configurations() {
        check("", "");
        check(include_str!("../kazasu.example.toml"), "");
        check(include_str!("../registration/directory/example.toml"), "");
        check("[directory]\nservers = []", "directory");
        check("[registration]", "delete [registration]");
        check(
            "[registration]\nauto_clear_s = 60\nopens_by_itself = false\nregistered_max = 10\n\
             records_max = 20",
            "\n  kazasu config set panel.auto-clear-s=60 registration.opens-by-itself=false \
             capacity.records=20 capacity.registered=10",
        );
        check("[registration]\ncolour = 'red'", "No setting was ever called: colour");
        check("[[station]]\nname = 'a b'\nreaders = []", "letters, digits");
        check("[[station]]\nname='a'\nreaders=[]\ntechnologies=['nfc']", "no technology");
        check("[[station]]\nname='a'\nreaders=[]\ntechnologies=['felica','felica']", "twice");
        check(
            "[[station]]\nname = 'a'\nreaders = []\n[[station]]\nname = 'a'\nreaders = []",
            "twice",
        );
        check(
            "[[station]]\nname='a'\nreaders=['pcsc']\n[[station]]\nname='b'\nreaders=['pcsc']",
            "2 stations",
        );
        check("[taps]\nmissed_polls = 0", "at least one");
        check("# x\nlisen = '127.0.0.1:1'", "line 2, lisen: unknown field `lisen`");
        let told = |text: &str| format!("{:#}", Config::parse(text).unwrap_err());
        let password = told("[directory.service_account]\npassword = 'hunter22'");
        assert!(password.contains("password") && !password.contains("hunter22"), "{password}");
    }
}
