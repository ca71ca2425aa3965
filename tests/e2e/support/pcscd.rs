//! A pcscd of one's own with one virtual reader (vpcd).
//!
//! The daemon's socket path is compiled in, but it takes a listening socket as file descriptor 3 in
//! the way systemd hands one over; clients find it through PCSCLITE_CSOCK_NAME.

use std::{
    fs,
    os::{fd::OwnedFd, unix::net::UnixListener},
    path::{Path, PathBuf},
    process::Command,
};

use nix::sys::signal::Signal;

use super::{Namespace, Process, tool};

pub(crate) struct Pcscd {
    pub(crate) namespace: Namespace,
    folder: PathBuf,
    daemon: Option<Process>,
}

impl Pcscd {
    /// Where vpcd listens, inside the namespace.
    pub(crate) const VPCD: &str = "127.0.0.1:35963";

    /// Starts one that keeps its socket and configuration in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let folder = folder.join("pcscd");
        fs::create_dir_all(folder.join("conf")).unwrap();
        let beside = tool("pcscd").with_file_name("libifdvpcd.so");
        let installed = PathBuf::from("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
        let driver = [beside, installed].into_iter().find(|file| file.exists());
        let driver = driver.expect("libifdvpcd.so is missing: `scripts/oracles` brings it");
        let reader = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:35963\nLIBPATH {}\n\
             CHANNELID 35963\n",
            driver.display()
        );
        fs::write(folder.join("conf/vpcd"), reader).unwrap();
        let mut pcscd = Self { namespace: Namespace::new(), folder, daemon: None };
        pcscd.resume();
        pcscd
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("pcscd.comm")
    }

    /// Lets a command's PC/SC library find it.
    pub(crate) fn offer_to(&self, command: &mut Command) {
        command.env("PCSCLITE_CSOCK_NAME", self.socket());
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.daemon.as_ref().expect("it runs").signal(signal);
    }

    /// Stops the daemon, as a package upgrade does.
    pub(crate) fn stop(&mut self) {
        self.daemon.take().expect("it runs").terminate();
        fs::remove_file(self.socket()).unwrap();
    }

    /// Starts the daemon again, at the same socket.
    pub(crate) fn resume(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let mut inner = Command::new("sh");
        let script = r#"exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@""#;
        inner.args(["-c", script, "sh"]).arg(tool("pcscd"));
        inner.args(["--foreground", "--info", "--config"]).arg(self.folder.join("conf"));
        let mut command = self.namespace.command(&inner);
        command.stdin(OwnedFd::from(listener));
        self.daemon = Some(Process::with_input("pcscd", &mut command));
    }
}
