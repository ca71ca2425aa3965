//! Somebody on the network guesses passwords (spec 40 section 3).

use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write as _, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use kazasu_directory_bench::wait_until;
use nix::unistd::Uid;
use serde_json::Value;

use crate::support::{Folder, Process, carrying, json, kazasu, now, run, tool};

const PASSWORD: &str = "horse7";

struct Device {
    folder: Folder,
    uri: String,
    process: Process,
}

/// Attempts of one source at one person: from where, at whom, with which passwords, each how often.
struct Guesses {
    from: String,
    user: &'static str,
    passwords: Vec<String>,
    times: usize,
}

impl Device {
    fn start(settings: &[&str]) -> Self {
        let folder = Folder::new();
        for user in ["alice", "bob", "carol"] {
            folder.add_user(user, user, PASSWORD);
        }
        let edited = folder.kazasu(["user", "edit", "alice", "--role", "administrator"], "");
        assert_eq!(edited.code, Some(0), "{edited:#?}");
        for setting in settings {
            let set = folder.kazasu(["config", "set", setting], "");
            assert_eq!(set.code, Some(0), "{set:#?}");
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/demo.sim");
        let mut command = kazasu(["serve", "--json", "--sim", script]);
        command.args(["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]);
        command.args(["--data", &folder.data()]);
        let process = Process::start("kazasu serve", command);
        let ready = json(&process.line());
        let uri = ready["tls"]["panel"].as_str().unwrap().trim_end_matches('/').to_owned();
        Self { folder, uri, process }
    }

    /// One curl for all of it, so many connections at a time; how many answers had which status.
    fn guess(&self, guesses: &[Guesses], parallel: &str) -> BTreeMap<String, usize> {
        let mut config = String::new();
        let attempts = guesses.iter().flat_map(|it| it.passwords.iter().map(move |p| (it, p)));
        for (nth, (Guesses { from, user, times, .. }, password)) in attempts.enumerate() {
            if nth > 0 {
                config.push_str("next\n");
            }
            let [user, password] = [*user, password].map(|text| STANDARD.encode(text));
            let certificate = self.folder.join("data/tls-certificate.pem");
            write!(
                config,
                "url = \"{uri}/LOGIN.CMD?[1-{times}]\"\ninterface = \"{from}\"\n\
                 header = \"Referer: {uri}/home/index.html\"\ncacert = \"{certificate}\"\n\
                 data-raw = \"NAME={user}&PSW={password}\"\noutput = \"/dev/null\"\n\
                 write-out = \"%{{http_code}}\\n\"\nnoproxy = \"*\"\nsilent\n",
                uri = self.uri,
            )
            .unwrap();
        }
        let path = self.folder.join("guesses");
        fs::write(&path, config).unwrap();
        let mut command = Command::new(tool("curl"));
        command.args(["--parallel", "--parallel-max", parallel, "--config", &path]);
        let finished = run(command, "");
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let mut told = BTreeMap::new();
        for status in finished.stdout.lines() {
            *told.entry(status.to_owned()).or_default() += 1;
        }
        told
    }

    /// Ends the service, and reads what the log says: whole, and every record of it.
    fn log(self) -> Vec<Value> {
        let Self { folder, process, .. } = self;
        process.terminate();
        let verified = folder.kazasu(["audit", "verify"], "");
        assert_eq!(verified.code, Some(0), "{verified:#?}");
        let export = folder.kazasu(["audit", "export", "--format", "json"], "");
        assert_eq!(export.code, Some(0), "{export:#?}");
        export.stdout.lines().map(json).collect()
    }
}

/// How many refusals these records tell of, by kind; those that were told alone are of the kind `1`.
fn refusals(log: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in log {
        let detail = record["detail"].as_str().unwrap_or_default();
        match record["event"].as_str().unwrap() {
            "sign-in-failed" | "not-administrator" => {
                *counts.entry("1".to_owned()).or_default() += 1
            }
            "sign-ins-failed" => {
                let is_kinds = |part: &&str| part.split(", ").all(|kind| count_of(kind).is_some());
                let kinds = detail.split("; ").find(is_kinds).unwrap();
                for (kind, count) in kinds.split(", ").filter_map(count_of) {
                    *counts.entry(kind.to_owned()).or_default() += count;
                }
            }
            _ => {}
        }
    }
    counts
}

/// `locked 7`
fn count_of(part: &str) -> Option<(&str, usize)> {
    let (kind, count) = part.split_once(' ')?;
    Some((kind, count.parse().ok()?))
}

/// S40-2-05, S40-4-03: with a memory for two people who failed, and from 50 addresses.
#[test]
fn two_thousand_guesses_at_three_people_are_five_at_each() {
    let device = Device::start(&["lock-out.remembered=2"]);
    let guesses: Vec<_> = (0..50_usize)
        .map(|nth| Guesses {
            from: format!("127.0.1.{}", 1 + nth),
            user: ["alice", "bob", "carol"][nth % 3],
            passwords: (0..40).map(|guess| format!("guess{nth}x{guess}")).collect(),
            times: 1,
        })
        .collect();
    let mut told = BTreeMap::<_, usize>::new();
    for some in guesses.chunks(5) {
        for (status, count) in device.guess(some, "12") {
            *told.entry(status).or_default() += count;
        }
    }
    println!("{told:?}");
    assert_eq!(told.values().sum::<usize>(), 2000);
    assert!(told.keys().all(|status| ["403", "429"].contains(&status.as_str())), "{told:?}");
    // Nobody is free by now: what is right is refused too, from wherever it comes.
    let right = |from: &str| {
        let (from, passwords) = (from.to_owned(), vec![PASSWORD.to_owned()]);
        [Guesses { from, user: "alice", passwords, times: 1 }]
    };
    assert!(!device.guess(&right("127.0.2.1"), "1").contains_key("200"));
    let unlocked = device.folder.kazasu(["user", "unlock", "--all"], "");
    assert_eq!(unlocked.code, Some(0), "{unlocked:#?}");
    assert_eq!(device.guess(&right("127.0.2.2"), "1"), BTreeMap::from([("200".to_owned(), 1)]));

    let log = device.log();
    let refusals = refusals(&log);
    println!("{refusals:?}");
    assert_eq!(refusals.values().sum::<usize>(), 2001, "each is told or counted: {refusals:?}");
    let checked = refusals.get("wrong-password").copied().unwrap_or(0);
    assert!(checked <= 3 * 5, "{refusals:?}");
    let alone = |record: &&Value| record["event"] == "sign-in-failed" && record["code"] == "K06";
    let checked = checked + log.iter().filter(alone).count();
    assert!((5..=3 * 5).contains(&checked), "{checked} passwords were compared: {refusals:?}");
}

/// S40-4-03: from one address nearly nothing is even hashed, others do not wait for it, and the log
/// has a record a minute of it.
#[test]
fn twenty_thousand_guesses_from_one_address_are_refused_before_they_are_looked_at() {
    let device = Device::start(&[]);
    let from = "127.0.1.1".to_owned();
    let passwords = vec!["guess".to_owned()];
    let flood = [Guesses { from, user: "nobody", passwords, times: 5_000 }];
    let began = now();
    let mut told = BTreeMap::<_, usize>::new();
    for _ in 0..4 {
        for (status, count) in device.guess(&flood, "12") {
            *told.entry(status).or_default() += count;
        }
    }
    let minutes = began.elapsed().as_secs() as usize / 60;
    println!("{told:?} in {:?}", began.elapsed());
    let looked_at = told.get("403").copied().unwrap_or(0);
    assert!((1..100).contains(&looked_at), "{told:?}");
    assert_eq!(told.get("429").copied(), Some(20_000 - looked_at), "{told:?}");
    let passwords = vec![PASSWORD.to_owned()];
    let right = [Guesses { from: "127.0.1.2".to_owned(), user: "alice", passwords, times: 30 }];
    assert_eq!(device.guess(&right, "1"), BTreeMap::from([("200".to_owned(), 30)]));

    let log = device.log();
    let refusals = refusals(&log);
    assert_eq!(refusals.values().sum::<usize>(), 20_000, "{refusals:?}");
    let is_refusal = |record: &&Value| record["event"].as_str().unwrap().starts_with("sign-in");
    let records: Vec<_> = log.iter().filter(is_refusal).collect();
    assert!((2..=3 + minutes).contains(&records.len()), "{records:#?}");
    for record in records {
        assert!(record["detail"].as_str().unwrap().ends_with("from 127.0.1.1"), "{record}");
    }
}

/// Refusals that a full disk did not take are told as a gap once there is room, and the log is whole.
#[test]
fn a_full_disk_leaves_a_gap_in_the_log_that_is_told() {
    let folder = Folder::new();
    let disk = folder.join("disk");
    fs::create_dir(&disk).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/demo.sim");
    let mut serve = kazasu(["serve", "--json", "--sim", script]);
    serve.args(["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]);
    serve.args(["--data", &format!("{disk}/data")]);
    let process = Process::start("kazasu serve on a small disk", small_disk(&disk, &serve));
    let ready = json(&process.line());
    let uri = ready["tls"]["panel"].as_str().unwrap().trim_end_matches('/').to_owned();
    // As the service sees it.
    let seen = format!("/proc/{}/root{disk}", process.pid());
    let data = format!("{seen}/data");
    let asked = |words: &[&str]| {
        let mut command = kazasu(["audit"]);
        command.args(words).args(["--data", &data]);
        let finished = run(command, "");
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        finished.stdout
    };
    let export = || asked(&["export", "--format", "json"]).lines().map(json).collect::<Vec<_>>();
    let refused = |from: u8| {
        let mut command = Command::new(tool("curl"));
        let certificate = format!("{seen}/data/tls-certificate.pem");
        let referer = format!("Referer: {uri}/home/index.html");
        command.args(["-sS", "--noproxy", "*", "--cacert", &certificate, "-o", "/dev/null"]);
        command.args(["--interface", &format!("127.0.3.{from}"), "-w", "%{http_code}"]);
        // No user has such an ID.
        command.args(["--data-raw", "NAME=Kg==&PSW=eA==", "-H", &referer]);
        command.arg(format!("{uri}/LOGIN.CMD"));
        run(command, "").stdout
    };
    assert_eq!(refused(1), "403");
    // What the start itself records is there before the disk is full.
    wait_until("the reader is in the log", || {
        export().iter().any(|it| it["event"] == "reader-attached")
    });
    // Until not even a byte has room.
    let filler = format!("{seen}/filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    for from in 2..7 {
        assert_eq!(refused(from), "500", "nothing says that it was tried");
    }
    fs::remove_file(&filler).unwrap();
    drop(file);
    assert_eq!(refused(7), "403");

    asked(&["verify"]);
    let log = export();
    let told = |word: &str| log.iter().filter(|record| record["event"] == word).collect::<Vec<_>>();
    let [gap] = told("audit-gap")[..] else { panic!("{log:#?}") };
    assert!(gap["detail"].as_str().unwrap().starts_with("5 from "), "{gap}");
    let froms: Vec<_> = told("sign-in-failed").iter().map(|it| it["detail"].clone()).collect();
    assert_eq!(froms, ["from 127.0.3.1", "from 127.0.3.7"], "{log:#?}");
    process.terminate();
}

/// The same command, for which `folder` is a disk of its own and small.
fn small_disk(folder: &str, inner: &Command) -> Command {
    let mut command = Command::new("unshare");
    if !Uid::effective().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let script = r#"mount -t tmpfs -o size=3m,mode=700 none "$1" && shift && exec "$@""#;
    command.args(["--mount", "--", "sh", "-c", script, "sh", folder]);
    carrying(command, inner)
}
