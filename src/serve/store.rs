//! The store, what is read from it, and the service on it.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use kazasu_directory::Client;
use kazasu_hal::{Event, StationName};
use kazasu_registration::CardNumberRule;
use kazasu_service::{Authority, Loaded, Means, Store};
use kazasu_sqlite::SqliteStore;
use tokio::sync::{broadcast, watch};

use crate::config::Config;
use crate::control::{self, Service};
use crate::owner::DataFolder;

/// Records and settings, and the directory beside them.
pub(super) struct Records {
    store: Arc<SqliteStore>,
    directory: Option<Client>,
    loaded: Loaded,
}

impl Records {
    /// Opens them; the caller owns the folder.
    pub(super) async fn open(folder: &DataFolder, config: &Config) -> Result<Self> {
        let store = Arc::new(SqliteStore::open(folder.database())?);
        let directory = config.directory_client()?;
        let loaded = control::load(folder, &*store, directory.is_some()).await?;
        ensure!(
            loaded.site.settings.card.number != CardNumberRule::Keyed
                || loaded.site.number_key.is_some(),
            "the card number rule is `keyed`, and its key {} is missing: put the copy of it back; \
             where there is none, set another rule (kazasu card rule set digits=hex) and then \
             `keyed` again, which makes another key and other numbers",
            folder.number_key_file().display()
        );
        Ok(Self { store, directory, loaded })
    }

    pub(super) fn has_directory(&self) -> bool {
        self.directory.is_some()
    }

    /// The number of the newest audit record.
    pub(super) fn newest_audit(&self) -> watch::Receiver<u64> {
        self.store.follow_audit()
    }

    /// Starts the service, and records that first: before anything happens that is recorded, too.
    pub(super) async fn serve(
        self,
        folder: &DataFolder,
        stations: Vec<StationName>,
        events: broadcast::Receiver<Event>,
    ) -> Result<Service> {
        let Self { store, directory, loaded } = self;
        let means = Means { keys: Arc::new(folder.clone()), ..Means::default() };
        let directory = Arc::new(directory);
        let service = Service::start_with(means, store, directory, loaded, stations, events);
        let log = service.office(&Authority::SERVICE);
        log.record_start(env!("CARGO_PKG_VERSION"), &boot()?).await?;
        Ok(service)
    }
}

/// What the kernel calls this run of the machine; it differs after each boot. Where that is hidden, as
/// by systemd's `ProcSubset=pid`, a name of its own: each start then counts as one after a boot.
fn boot() -> Result<String> {
    const FILE: &str = "/proc/sys/kernel/random/boot_id";
    match std::fs::read_to_string(FILE) {
        Ok(id) => Ok(id.trim().to_owned()),
        Err(error) => {
            tracing::warn!(
                %error,
                "{FILE} cannot be read (with ProcSubset=pid it is hidden): the audit log calls each \
                 start of the service a cold one"
            );
            let mut raw = [0; 16];
            getrandom::fill(&mut raw).context("the system gives no random numbers")?;
            Ok(raw.iter().map(|byte| format!("{byte:02x}")).collect())
        }
    }
}
