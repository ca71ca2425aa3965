//! A real domain controller, and the configuration that leads to it.

use std::{fs, os::unix::fs::PermissionsExt};

use kazasu_directory_bench::{Leaf, Relay, Samba};
use tokio::runtime::{Builder, Runtime};

use super::{Folder, Service};

/// The domain and the way to it. The order of fields is the order in which they end.
pub(crate) struct Domain {
    pub(crate) relay: Relay,
    pub(crate) samba: Samba,
    _runtime: Runtime,
}

impl Domain {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let samba = Samba::start(Leaf::Good);
        let relay = runtime.block_on(samba.relay(636));
        Self { relay, samba, _runtime: runtime }
    }

    /// Writes a file that only its owner reads; its path.
    fn file(&self, name: &str, content: &str) -> String {
        let path = self.samba.room().folder().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// A configuration file's text: LDAPS to this domain, whose root certificate is `ca`.
    pub(crate) fn section(&self, ca: &str, more: &str) -> String {
        format!(
            "[directory]\nkind = 'active-directory'\nservers = ['{}']\nca_file = '{}'\n\
             base_dn = '{}'\nbind_name = {{ upn_suffix = '{}' }}\nattributes.card = 'pager'\n\
             connect_timeout_ms = 3000\nanswer_timeout_ms = 3000\n{more}",
            self.relay.server(),
            self.file("root.pem", ca),
            Samba::BASE,
            Samba::SUFFIX,
        )
    }

    /// The line of the account that looks up cards.
    pub(crate) fn service_account(&self) -> String {
        let file = self.file("service.password", &Samba::password("kazasu"));
        format!("service_account = {{ name = 'kazasu@sim.test', password_file = '{file}' }}\n")
    }

    /// The service with its own reader, and this in its configuration.
    pub(crate) fn serve(&self, folder: &Folder, more: &str) -> Service {
        let text = self.section(self.samba.pki().root_pem(), more);
        fs::write(folder.path().join("data/kazasu.toml"), text).unwrap();
        Service::with_sim(folder)
    }
}
