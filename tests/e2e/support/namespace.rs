//! Namespaces: a network of its own for programs that listen on every address, and a read-only view
//! of a folder. Made by util-linux's `unshare`, by root or by anybody where the kernel allows that.

use std::{path::Path, process::Command};

use nix::unistd::Uid;

use super::{Process, tool};

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !Uid::effective().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

/// A network with nothing but loopback, and a `/run` of its own (pcscd keeps its pid there).
pub(crate) struct Namespace(Process);

impl Namespace {
    pub(crate) fn new() -> Self {
        let mut command = unshare();
        // It ends when its standard input does, so it never outlives the test.
        let hold = r#""$1" link set lo up && mount -t tmpfs run /run && echo ready && exec cat"#;
        command.args(["--net", "--mount", "--", "sh", "-c", hold, "sh"]).arg(tool("ip"));
        let holder = Process::start("network namespace (unshare --net)", command);
        assert_eq!(holder.line(), "ready");
        Self(holder)
    }

    /// The same command, to run inside.
    pub(crate) fn command(&self, inner: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.0.pid().to_string(), "--net", "--mount"]);
        // Entering a mount namespace would lead out of a chroot.
        command.args(["--root", "--wd"]);
        if !Uid::effective().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        carrying(command, inner)
    }
}

/// The same command where `folder` is read-only, for root too.
pub(crate) fn read_only(folder: &Path, inner: &Command) -> Command {
    let mut command = unshare();
    let script = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@""#;
    command.args(["--mount", "--", "sh", "-c", script, "sh"]).arg(folder);
    carrying(command, inner)
}

/// The same command where `/proc` shows processes alone, as with systemd's `ProcSubset=pid` and
/// `ProtectProc=invisible`.
pub(crate) fn proc_hidden(inner: &Command) -> Command {
    let mut command = unshare();
    let script = r#"mount -t proc -o subset=pid,hidepid=invisible proc /proc && exec "$@""#;
    command.args(["--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", script, "sh"]);
    carrying(command, inner)
}

/// A command that ends in another one, with what that is given.
pub(crate) fn carrying(mut command: Command, inner: &Command) -> Command {
    command.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}
