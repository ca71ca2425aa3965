use serde::{Deserialize, Serialize};

use crate::out::Line;

/// A link that pairs one browser.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PanelLink {
    pub(crate) link: String,
    /// The same over TLS; either is good, once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) tls_link: Option<String>,
    pub(crate) station: String,
    pub(crate) good_for_s: u64,
}

impl Line for PanelLink {
    fn text(&self) -> String {
        match &self.tls_link {
            Some(tls) => format!("{}\n{tls}", self.link),
            None => self.link.clone(),
        }
    }
}

/// A paired browser.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PanelLine {
    pub(crate) number: u32,
    pub(crate) station: String,
    pub(crate) label: String,
    /// Since when, and when it was here last, to the hour: RFC 3339, UTC.
    pub(crate) paired: String,
    pub(crate) seen: String,
}

impl Line for PanelLine {
    fn text(&self) -> String {
        let Self { number, station, label, paired, seen } = self;
        format!("{number:<4} {station:<16} paired {paired}  seen {seen}  {label}")
    }
}
