//! A log that cannot be written stops nothing: readers come back, taps and registrations go on.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, PipeReader, PipeWriter, Write},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    pty::openpty,
};

use crate::{
    flow::{self, Hand, Tell},
    support::{Folder, Service, Watch, carrying, json},
};

/// What readiness is waited for.
const START: Duration = Duration::from_secs(30);
/// The size up to which a file may grow here; the records stay far below.
const FILE_MAX: u64 = 1 << 30;

fn dev_full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// A pipe that takes nothing more, since nobody reads from its other end.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (unread, mut pipe) = io::pipe().unwrap();
    let flags = OFlag::from_bits_retain(fcntl(&pipe, FcntlArg::F_GETFL).unwrap());
    fcntl(&pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).unwrap();
    while pipe.write(&[b'.'; 4096]).is_ok() {}
    while pipe.write(b".").is_ok() {}
    fcntl(&pipe, FcntlArg::F_SETFL(flags)).unwrap();
    (unread, pipe)
}

/// A service that logs everything it can.
fn noisy(folder: &Folder) -> Command {
    let mut command = Service::command_with_sim(folder);
    command.env("KAZASU_LOG", "trace");
    command
}

/// The same command under a shell's setting.
fn under(setting: &str, inner: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"{setting}; exec "$@""#), "sh"]);
    carrying(command, inner)
}

/// The reader goes and comes, each with a line in the log; after each a card is read, and an
/// unknown one gets its provisional user.
fn taps_go_on(folder: &Folder, service: &mut Service) {
    let mut hand = Tell(folder);
    let watch = Watch::attached(folder);
    watch.find("attached");
    for number in 1..=3 {
        hand.tell("fault unplug");
        watch.find("detached");
        hand.tell("plug");
        watch.find("attached");
        hand.tell(&format!("put felica idm=012E4C000000000{number}"));
        watch.find("presented");
        hand.tell("take");
        watch.find("removed");
    }
    // Each question is a process of its own, and takes its time.
    let made = || folder.users().iter().any(|user| user["kind"] == "provisional");
    assert!((0..100).any(|_| made()), "{:?}", folder.users());
    service.process.assert_running();
}

/// It ends as it is told to, too.
fn ends(service: Service) {
    assert_eq!(service.process.terminate().code(), Some(0));
}

fn check(command: impl Fn(&Folder) -> Command, errors: Stdio) {
    let folder = Folder::new();
    let mut service = Service::with_errors(command(&folder), errors);
    taps_go_on(&folder, &mut service);
    ends(service);
}

#[test]
fn a_full_disk_behind_the_log() {
    check(noisy, dev_full());
}

#[test]
fn a_pipe_that_was_closed() {
    let (gone, pipe) = io::pipe().unwrap();
    drop(gone);
    check(noisy, pipe.into());
}

#[test]
fn no_standard_error_at_all() {
    check(|folder| under("exec 2>&-", &noisy(folder)), Stdio::null());
}

/// A file that may not grow any further: the kernel sends a signal with the error.
#[test]
fn a_file_that_is_full() {
    let files = Folder::new();
    let path = files.join("log");
    let file = File::create(&path).unwrap();
    // Nothing but a hole. The last line is torn.
    file.set_len(FILE_MAX - 100).unwrap();
    let log = OpenOptions::new().append(true).open(&path).unwrap();
    let limit = format!("ulimit -f {}", FILE_MAX / 512);
    check(|folder| under(&limit, &noisy(folder)), log.into());
    assert_eq!(file.metadata().unwrap().len(), FILE_MAX);
}

#[test]
fn a_terminal_that_went() {
    let terminal = openpty(None, None).unwrap();
    drop(terminal.master);
    check(noisy, terminal.slave.into());
}

#[test]
fn a_pipe_that_nobody_reads() {
    let (unread, pipe) = full_pipe();
    check(noisy, pipe.into());
    drop(unread);
}

/// Who was slow hears all that waited, and the log goes on.
#[test]
fn a_reader_that_was_slow() {
    let (unread, pipe) = full_pipe();
    let folder = Folder::new();
    let mut service = Service::with_errors(noisy(&folder), pipe.into());
    taps_go_on(&folder, &mut service);
    let reading = std::thread::spawn(move || {
        let lines = io::BufReader::new(unread).lines().map_while(Result::ok);
        lines.filter(|line| line.contains(" INFO ")).collect::<Vec<_>>()
    });
    ends(service);
    let heard = reading.join().unwrap();
    for what in ["attached", "detached", "stopping"] {
        assert!(heard.iter().any(|line| line.contains(what)), "{what}: {heard:#?}");
    }
}

/// The line that says `ready` is for whoever wants it.
#[test]
fn nobody_takes_the_ready_line() {
    let (gone, closed) = io::pipe().unwrap();
    drop(gone);
    let (unread, full) = full_pipe();
    for output in [dev_full(), OwnedFd::from(closed).into(), OwnedFd::from(full).into()] {
        let folder = Folder::new();
        let manager = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        manager.set_read_timeout(Some(START)).unwrap();
        let mut command = noisy(&folder);
        command.env("NOTIFY_SOCKET", folder.path().join("notify"));
        let mut child =
            command.stdin(Stdio::null()).stdout(output).stderr(dev_full()).spawn().unwrap();
        let mut told = [0; 64];
        let len = manager.recv(&mut told).expect("the service is ready");
        assert!(told[..len].starts_with(b"READY=1"));
        let panel = folder.kazasu(["panel", "--json"], "");
        assert_eq!(panel.code, Some(0), "{panel:#?}");
        assert!(json(panel.stdout.trim()).is_object());
        Tell(&folder).tell("put felica idm=012E4C0000000001");
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    drop(unread);
}

/// A person registers a card while no line of the log can be written.
#[test]
fn chromium_registration_beside_a_log_that_is_stuck() {
    let (unread, pipe) = full_pipe();
    for errors in [dev_full(), pipe.into()] {
        let folder = Folder::new();
        let mut service = Service::with_errors(noisy(&folder), errors);
        flow::check(&folder, &mut service, &mut Tell(&folder), "en");
        ends(service);
    }
    drop(unread);
}
