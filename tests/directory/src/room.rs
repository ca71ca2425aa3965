//! Where a server lives: a folder, a network, and the unpacked root that it believes to be all.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use tempfile::TempDir;

/// Nothing that a test waits for takes this long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "deadlines of real processes")]
    Instant::now()
}

/// Asks again and again, until it is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = now() + PATIENCE;
    while !is_so() {
        assert!(now() < end, "not within {PATIENCE:?}: {what}");
        #[expect(
            clippy::disallowed_methods,
            reason = "foreign daemons tell nobody when they are ready"
        )]
        thread::sleep(Duration::from_millis(10));
    }
}

/// A folder that the server sees as `/mnt`, and a network with nothing but loopback.
pub struct Room {
    folder: TempDir,
    holder: Child,
}

/// A running program of a room, killed when dropped.
pub struct Resident(Child);

impl Room {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let root = root();
        assert!(
            root.join("usr/sbin/slapd").exists(),
            "{} is not there: these tests run through `scripts/test oracles e2e`",
            root.display()
        );
        let folder = tempfile::Builder::new().prefix("kazasu-directory-").tempdir().unwrap();
        // Sockets and the like of whatever looks there: the unpacked root itself stays as it is.
        let hold = r#"mount --bind "$2" "$1/mnt" && mount --rbind /dev "$1/dev" &&
            mount --rbind /proc "$1/proc" && mount -t tmpfs run "$1/run" &&
            mount -t tmpfs tmp "$1/tmp" && chroot "$1" ip link set lo up && echo ready && exec cat"#;
        let mut command = Command::new("unshare");
        if !Uid::effective().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        // It ends when its standard input does, so it never outlives the test.
        command.args(["--net", "--mount", "--", "sh", "-c", hold, "sh"]).arg(&root);
        command.arg(folder.path());
        let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "no namespace for a server (unshare)");
        Self { folder, holder }
    }

    /// The folder, as the test sees it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        // Killed with the test, whatever ends that.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "nsenter", "--net", "--mount"]);
        command.args(["--target", &self.holder.id().to_string()]);
        if !Uid::effective().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--").arg("chroot").arg(root()).arg(program).args(arguments);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command
    }

    /// Starts a program that stays.
    #[must_use]
    pub fn start(&self, program: &str, arguments: &[&str]) -> Resident {
        let log = fs::File::create(self.folder().join(format!("{program}.log"))).unwrap();
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Resident(command.spawn().unwrap())
    }

    /// Runs a program to its end, which has to be a good one.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } =
            self.command(program, arguments).stdin(Stdio::null()).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success(), "{program} {arguments:?}: {status}\n{stdout}\n{stderr}");
        stdout.into_owned()
    }

    /// Leads out from a port of this room: the path of a socket. Ready when it returns.
    #[must_use]
    pub fn lead_out(&self, port: u16) -> (Resident, PathBuf) {
        let path = self.folder().join(format!("{port}.sock"));
        let listen = format!("UNIX-LISTEN:/mnt/{port}.sock,fork,backlog=1024");
        let socat = self.start("socat", &[&listen, &format!("TCP:127.0.0.1:{port}")]);
        wait_until("socat listens", || UnixStream::connect(&path).is_ok());
        (socat, path)
    }

    /// What a program wrote.
    #[must_use]
    pub fn log(&self, program: &str) -> String {
        let mut text = String::new();
        if let Ok(mut file) = fs::File::open(self.folder().join(format!("{program}.log"))) {
            let _ = file.read_to_string(&mut text);
        }
        text
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

impl Resident {
    /// Ends it without a chance to tidy up.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Lets it hang: it keeps its connections and does nothing.
    pub fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on with all that came meanwhile.
    pub fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().try_into().unwrap()), signal).unwrap();
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The root that `scripts/oracles` unpacked.
pub(crate) fn root() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    workspace.join("target/oracles-directory/root")
}
