//! Whom the service tells outside.

use anyhow::Result;
use kazasu_outputs::{Collector, Cursor, feed};
use tokio::sync::watch;

use super::stop::Parts;
use crate::config::Config;
use crate::control::Service;
use crate::owner::DataFolder;

/// Those that the configuration names.
pub(super) struct Outputs {
    syslog: Option<Collector>,
}

impl Outputs {
    pub(super) fn find(config: &Config) -> Result<Self> {
        let device = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        Ok(Self { syslog: Collector::new(&config.syslog, device.unwrap_or_default())? })
    }

    /// What is not sent when the service stops is sent after its next start.
    pub(super) fn start(
        self,
        parts: &mut Parts,
        folder: &DataFolder,
        service: &Service,
        newest: watch::Receiver<u64>,
    ) {
        if let Some(collector) = self.syslog {
            let cursor = Cursor::new(folder.path().join("syslog.sent"));
            parts.start("syslog", feed(collector, service.clone(), newest, cursor));
        }
    }
}
