//! What belongs to the account that runs the service stays with it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
    time::Duration,
};

use crate::support::{Folder, Process, Screens, Service, json, kazasu, now, proc_hidden};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_data_folder_or_database_that_others_can_read_is_refused() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "Red horse 7");
    let data = folder.path().join("data");
    let rows = [(data.clone(), 0o700), (data.join("kazasu.db"), 0o600)];
    for (path, private) in rows {
        assert_eq!(mode(&path), private, "{}", path.display());
        for open in [0o004, 0o040, 0o002] {
            set_mode(&path, private | open);
            let refused = folder.kazasu(["serve", "--listen", "127.0.0.1:0"], "");
            assert_eq!(refused.code, Some(2), "{refused:#?}");
            let advice = format!("chmod {private:o}");
            assert!(refused.stderr.contains(&advice), "{refused:#?}");
            assert!(refused.stderr.contains(&path.display().to_string()), "{refused:#?}");
            set_mode(&path, private);
        }
        assert_eq!(folder.users().len(), 1);
    }
}

/// Whatever the service makes, even where the account's own habit is to let others read.
#[test]
fn every_file_of_the_service_is_its_accounts_alone() {
    let folder = Folder::new();
    let mut command = Command::new("sh");
    let service = format!(
        "umask 000; exec {} serve --json --listen 127.0.0.1:0 --sim {}/scripts/demo.sim --data {}",
        env!("CARGO_BIN_EXE_kazasu"),
        env!("CARGO_MANIFEST_DIR"),
        folder.data()
    );
    command.args(["-c", &service]);
    let process = Process::start("kazasu serve", command);
    assert_eq!(json(&process.line())["event"], "ready");
    folder.add_user("alice", "Alice", "Red horse 7");
    let rule = folder.kazasu(["card", "rule", "set", "keyed"], "");
    assert_eq!(rule.code, Some(0), "{rule:#?}");
    let link = folder.kazasu(["panel", "pair"], "");
    drop(Screens::open(link.stdout.trim()));
    let data = folder.path().join("data");
    let mut names = Vec::new();
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    for name in ["kazasu.db", "kazasu.db-wal", "kazasu.sock", "card-number.key", "panels.json"] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("kazasu.sock")), 0o600, "others cannot connect");
    assert!(process.terminate().success());
}

#[test]
fn the_services_memory_is_never_written_down() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    let pid = service.process.pid();
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let fields: Vec<_> = core.split_whitespace().rev().take(3).collect();
    assert_eq!(fields, ["bytes", "0", "0"], "{core}");
}

/// All of the memory that a process can write to.
fn memory(pid: u32) -> Vec<u8> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut all = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|end| u64::from_str_radix(end, 16).unwrap());
        let mut part = vec![0; usize::try_from(to - from).unwrap()];
        // A part may have been given back meanwhile.
        if memory.read_exact_at(&mut part, from).is_ok() {
            all.append(&mut part);
        }
    }
    all
}

/// What is typed passes through the buffers of a connection, a form, the check; all of them are wiped
/// when they are given back. What is stored of a user is found, so this looks in the right place.
#[test]
fn a_typed_password_is_nowhere_once_it_was_checked() {
    const TYPED: &str = "Sesame-opens-nothing-8421-here";
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "Red horse 7");
    let service = Service::with_sim(&folder);
    let mut panel = Screens::open(&service.panel);
    let idle = panel.find("idle");
    panel.press(&idle, "authentication-key", &[]);
    let page = panel.find("sign-in");
    panel.press(&page, "sign-in", &[("user_id", "alice"), ("password", TYPED)]);
    panel.find("notice-problem");
    let has = |text: &str| {
        let text = text.as_bytes();
        memory(service.process.pid()).windows(text.len()).any(|bytes| bytes == text)
    };
    assert!(has(&folder.data()), "memory can be looked through");
    // The connection that brought it ends a moment after its answer.
    let deadline = now() + Duration::from_secs(10);
    while has(TYPED) {
        assert!(now() < deadline, "what was typed is still in memory");
    }
}

/// The socket lets in its account and root, whatever its file's mode says.
#[test]
fn another_account_is_turned_away_at_the_socket() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    let data = folder.path().join("data");
    for path in [folder.path(), &data] {
        set_mode(path, 0o755);
    }
    let socket = data.join("kazasu.sock");
    set_mode(&socket, 0o666);
    let ask = format!(
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('{}'); \
         s.sendall(b'{{\"do\":\"user_list\"}}\\n'); print(repr(s.recv(99)))",
        socket.display()
    );
    let answer = |user: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups", "python3", "-c", &ask]);
        // Not one of root's own.
        command.env("PATH", "/usr/bin:/bin");
        crate::support::run(command, "")
    };
    assert!(nix::unistd::geteuid().is_root(), "this test changes its account, so it runs as root");
    let (mine, others) = (answer("0"), answer("65534"));
    assert!(mine.stdout.contains("line"), "{mine:#?}");
    let turned_away = others.stdout.trim() == "b''"
        || others.stderr.contains("ConnectionReset")
        || others.stderr.contains("BrokenPipe");
    assert!(turned_away, "{others:#?}");

    drop(service);
}

/// The memory of a process that may be dumped belongs to its account in /proc, that of one that
/// may not to root.
#[test]
fn an_account_cannot_look_into_its_service() {
    let other = Folder::new();
    std::os::unix::fs::chown(other.path(), Some(65534), Some(65534)).unwrap();
    let plain = kazasu(["serve", "--json", "--listen", "127.0.0.1:0", "--reader", "pcsc"]);
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.arg(plain.get_program()).args(plain.get_args()).args(["--data", &other.data()]);
    let process = Process::start("kazasu serve", command);
    assert_eq!(json(&process.line())["event"], "ready");
    let memory = fs::metadata(format!("/proc/{}/mem", process.pid())).unwrap();
    assert_eq!(memory.uid(), 0, "nobody's process, but not nobody's memory");
}

/// A unit of systemd with `ProcSubset=pid` sees nothing of the machine in /proc.
#[test]
fn a_service_that_sees_processes_alone_goes_on_and_says_what_it_lacks() {
    let folder = Folder::new();
    let inner = Service::command_with_sim(&folder);
    let service = Service::ready(proc_hidden(&inner));
    folder.add_user("alice", "Alice", "Red horse 7");
    assert_eq!(folder.users().len(), 1);
    let verified = folder.kazasu(["audit", "verify"], "");
    assert_eq!(verified.code, Some(0), "{verified:#?}");
    let said = service.process.complaints();
    assert!(said.contains("boot_id") && said.contains("ProcSubset=pid"), "{said}");
}
