//! The audit log: downloaded as the device manual's script does it, printed, checked.

use std::process::Command;

use rusqlite::Connection;

use crate::support::{Finished, Folder, Process, json, kazasu, run, tool};

const PASSWORD: &str = "horse~~>7";
const COLUMNS: usize = 9;

/// `kazasu serve` that speaks TLS, and what the script does with it.
struct Device {
    folder: Folder,
    process: Option<Process>,
    /// `https://127.0.0.1:PORT`, as the script's $Uri.
    uri: String,
    /// The panel without TLS, without its path.
    plain: String,
    fingerprint: String,
}

impl Device {
    fn start() -> Self {
        Self::start_in(Folder::new())
    }

    fn start_in(folder: Folder) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/demo.sim");
        let mut command = kazasu(["serve", "--json", "--sim", script]);
        command.args(["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]);
        command.args(["--data", &folder.data()]);
        let process = Process::start("kazasu serve", command);
        let ready = json(&process.line());
        let base = |url: &str| url.trim_end_matches('/').to_owned();
        Self {
            uri: base(ready["tls"]["panel"].as_str().unwrap()),
            plain: base(ready["panel"].as_str().unwrap()),
            fingerprint: ready["tls"]["fingerprint"].as_str().unwrap().to_owned(),
            process: Some(process),
            folder,
        }
    }

    /// Ends the service and begins it anew.
    fn restart(mut self) -> Self {
        self.process.take().unwrap().terminate();
        Self::start_in(self.folder)
    }

    /// curl that trusts the device's certificate, and keeps the cookies of `jar`.
    fn curl(&self, jar: &str, words: &[&str]) -> Finished {
        let mut command = Command::new(tool("curl"));
        let certificate = self.folder.join("data/tls-certificate.pem");
        let jar = self.folder.join(jar);
        command.args(["-sS", "--fail", "--noproxy", "*", "--cacert", &certificate]);
        command.args(["--cookie-jar", &jar, "--cookie", &jar]).args(words);
        run(command, "")
    }

    /// What the script sends first: raw Base64 in a form, the header Referer.
    fn login(&self, jar: &str, user: &[u8], password: &[u8]) -> Finished {
        let body = format!("NAME={}&PSW={}", base64(user), base64(password));
        let referer = format!("Referer: {}/home/index.html", self.uri);
        let address = format!("{}/LOGIN.CMD", self.uri);
        self.curl(jar, &["-X", "POST", "--data-raw", &body, "-H", &referer, &address])
    }

    fn get(&self, jar: &str, path: &str) -> Finished {
        self.curl(jar, &[&format!("{}{path}", self.uri)])
    }

    /// A whole run of the script; the file it saves.
    fn download(&self, user: &str) -> String {
        let jar = format!("jar-{user}");
        let login = self.login(&jar, user.as_bytes(), PASSWORD.as_bytes());
        assert_eq!(login.code, Some(0), "{login:#?}");
        let log = self.get(&jar, "/ALOGEXPT.CMD");
        assert_eq!(log.code, Some(0), "{log:#?}");
        let logout = self.get(&jar, "/LOGOUT.CMD");
        assert_eq!(logout.code, Some(0), "{logout:#?}");
        refused(&self.get(&jar, "/ALOGEXPT.CMD"), "after the sign-out");
        log.stdout
    }

    fn kazasu(&self, words: &[&str]) -> Finished {
        let mut command = kazasu([]);
        command.args(words).args(["--data", &self.folder.data()]);
        run(command, "")
    }

    fn export(&self, words: &[&str]) -> String {
        let finished = self.kazasu(&[&["audit", "export"], words].concat());
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        finished.stdout
    }

    /// A changed database; the service sees it like any other program's change.
    fn tamper(&self, change: &str) {
        Connection::open(self.folder.join("data/kazasu.db"))
            .unwrap()
            .execute_batch(change)
            .unwrap();
    }
}

/// The system's own, so that nothing of ours says what Base64 is.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("printf '{text}' | base64 -w0")]);
    run(command, "").stdout
}

/// curl got an HTTP error, and nothing of a log.
fn refused(finished: &Finished, what: &str) {
    assert_eq!(finished.code, Some(22), "{what}: {finished:#?}");
    assert!(!finished.stdout.contains("Login"), "{what}: {finished:#?}");
}

/// The records of a log in the manual's form, which has to be as the manual's tables say.
fn parsed(log: &str) -> Vec<Vec<&str>> {
    let lines: Vec<_> = log.lines().collect();
    let header: Vec<_> = lines[..5].iter().map(|line| line.split_once('\t').unwrap()).collect();
    assert_eq!(header[0], ("Format Version", "3"));
    assert_eq!(header[1].0, "Device's IP Address");
    assert!(header[1].1.parse::<std::net::IpAddr>().is_ok(), "{}", header[1].1);
    assert_eq!(header[2], ("Coding Method", "UTF8"));
    assert_eq!(header[3].0, "Time Zone");
    assert!((-720..=720).contains(&header[3].1.parse::<i32>().unwrap()));
    assert_eq!(header[4].0, "Date Format");
    assert_eq!(lines[5], "");
    assert_eq!(lines[6].split('\t').count(), COLUMNS);
    let records: Vec<Vec<_>> = lines[7..].iter().map(|line| line.split('\t').collect()).collect();
    for record in &records {
        assert_eq!(record.len(), COLUMNS, "{record:?}");
        let id: u32 = record[0].parse().unwrap();
        assert!((1..=60_000).contains(&id), "{record:?}");
        let date: Vec<_> = record[1].split('/').map(str::len).collect();
        assert!([[4, 2, 2], [2, 2, 4]].contains(&[date[0], date[1], date[2]]), "{record:?}");
        let time: Vec<u8> = record[2].split(':').map(|part| part.parse().unwrap()).collect();
        assert!(time[0] < 24 && time[1] < 60 && time[2] < 60, "{record:?}");
        let event = record[3].strip_prefix("0x").unwrap();
        assert!(event.len() == 4 && u16::from_str_radix(event, 16).is_ok(), "{record:?}");
        assert!(record[4..].iter().all(|field| !field.is_empty()), "{record:?}");
    }
    records
}

/// Name, user, description and status of each record, but for the reader, which comes when it comes.
fn told<'a>(records: &'a [Vec<&'a str>]) -> Vec<[&'a str; 4]> {
    records.iter().filter(|r| r[4] != "Card Reader").map(|r| [r[4], r[5], r[6], r[7]]).collect()
}

fn with_users() -> Device {
    let device = Device::start();
    device.folder.add_user("chief", "Chief", PASSWORD);
    device.folder.add_user("alice", "Alice", PASSWORD);
    let edited = device.kazasu(&["user", "edit", "chief", "--role", "administrator"]);
    assert_eq!(edited.code, Some(0), "{edited:#?}");
    let words = ["config", "password", "administrator", "--password-stdin"];
    let set = device.folder.kazasu(words, &format!("{PASSWORD}\n"));
    assert_eq!(set.code, Some(0), "{set:#?}");
    device
}

/// S40-4-01, S40-4-03, S40-4-05, S40-4-07, S40-4-08.
#[test]
fn the_manuals_script_downloads_the_log() {
    let device = with_users();
    // The password has a + in Base64.
    assert!(base64(PASSWORD.as_bytes()).contains('+'), "{}", base64(PASSWORD.as_bytes()));
    let wrong = [
        ("admin", "wrong pass"),
        ("chief", "wrong pass"),
        ("alice", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
    ];
    for (user, password) in wrong {
        let login = device.login("wrong", user.as_bytes(), password.as_bytes());
        refused(&login, user);
        refused(&device.get("wrong", "/ALOGEXPT.CMD"), user);
    }
    let log = device.download("admin");
    let records = parsed(&log);
    let shown = told(&records);
    let (set, ok, login) = ("Device Settings", "Successful", "Login/Logout");
    let invalid_password = "Failed (Invalid Password)";
    assert_eq!(
        shown,
        [
            ["Audit Policy", "-", "Audit Log", "Enable"],
            ["System Status", "-", "Started normally (cold boot)", "-"],
            [set, "KO", "Add User", ok],
            [set, "KO", "Add User", ok],
            [set, "KO", "Edit User", ok],
            [set, "KO", "Change Security Setting", ok],
            // The first of that address; the others are counted.
            [login, "KO", "Login", invalid_password],
            ["Audit Policy", "KO", "Export Audit Log", ok],
        ],
        "{log}"
    );
    assert!(!log.contains(PASSWORD) && !log.contains("nobody"), "{log}");
    // An administrator by role, after a restart: sessions are gone, the log is not.
    let device = device.restart();
    let again = device.download("chief");
    let records = parsed(&again);
    let shown = told(&records);
    assert_eq!(
        shown[8..],
        [
            ["System Status", "-", "Shutdown requested", "-"],
            [login, "-", "Login", "Failed (Several Times)"],
            ["System Status", "-", "Started normally (warm boot)", "-"],
            ["Audit Policy", "chief", "Export Audit Log", ok],
        ]
    );
    let counted = "4 times; ";
    let why = "unknown-user 2, wrong-password 1, not-administrator 1; of chief, alice; from";
    let many = again.lines().find(|line| line.contains("Several Times")).unwrap();
    assert!(many.contains(counted) && many.contains(why), "{many}");
    // Retrieving took nothing away.
    assert_eq!(again.lines().nth(7), log.lines().nth(7));
}

/// Who is no administrator any more, or has another password, is not one until the session ends.
#[test]
fn a_session_ends_with_the_role_and_the_password_it_began_with() {
    let device = with_users();
    let rows: [&[&str]; 3] = [
        &["user", "edit", "chief", "--role", "general"],
        &["user", "edit", "chief", "--password-stdin"],
        &["user", "delete", "chief", "--yes"],
    ];
    for words in rows {
        let role = device.kazasu(&["user", "edit", "chief", "--role", "administrator"]);
        assert_eq!(role.code, Some(0), "{role:#?}");
        let login = device.login("jar", b"chief", PASSWORD.as_bytes());
        assert_eq!(login.code, Some(0), "{login:#?}");
        assert_eq!(device.get("jar", "/ALOGEXPT.CMD").code, Some(0), "{words:?}");
        let mut command = kazasu([]);
        command.args(words).args(["--data", &device.folder.data()]);
        let changed = run(command, &format!("{PASSWORD}\n"));
        assert_eq!(changed.code, Some(0), "{changed:#?}");
        refused(&device.get("jar", "/ALOGEXPT.CMD"), words[1]);
    }
}

/// What a script of somebody else, a page elsewhere or an old client gets.
#[test]
fn nobody_else_gets_the_log() {
    let device = with_users();
    let body = format!("NAME={}&PSW={}", base64(b"admin"), base64(PASSWORD.as_bytes()));
    let login = format!("{}/LOGIN.CMD", device.uri);
    let referer = format!("Referer: {}/home/index.html", device.uri);
    let rows: [(&str, &[&str]); 5] = [
        ("no Referer", &["--data-raw", &body, &login]),
        ("another Referer", &["--data-raw", &body, "-e", "https://evil.example/", &login]),
        ("another name", &["--data-raw", &body, "-H", &referer, "-H", "Host: x.example", &login]),
        ("no Base64", &["--data-raw", "NAME=!&PSW=!", "-H", &referer, &login]),
        ("a GET", &["-H", &referer, &login]),
    ];
    for (what, words) in rows {
        refused(&device.curl("rows", words), what);
        refused(&device.get("rows", "/ALOGEXPT.CMD"), what);
    }
    // The cookie is the session's alone: no script, no other site, no plain line gets it.
    let words = ["-i", "--data-raw", &body, "-H", &referer, &login];
    let answer = device.curl("right", &words).stdout.to_lowercase();
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    for word in ["secure", "httponly", "samesite=strict"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    // It is no key to anything else.
    for path in ["/", "/events", "/panel"] {
        refused(&device.get("right", path), path);
    }
    // Without TLS nobody is asked for a password.
    for path in ["/LOGIN.CMD", "/ALOGEXPT.CMD", "/LOGOUT.CMD"] {
        let address = format!("{}{path}", device.plain);
        let plain = device.curl("right", &["--no-fail", "--data-raw", &body, &address]);
        assert!(plain.stdout.contains("HTTPS only"), "{plain:#?}");
    }
    // + as a space, and a text in CP932 that is no UTF-8.
    let spaced = body.replace('+', " ");
    assert_ne!(spaced, body);
    let words = ["--data-raw", &spaced, "-H", &referer, &login];
    assert_eq!(device.curl("spaced", &words).code, Some(0));
    refused(&device.login("cp932", &[0x83, 0x65], PASSWORD.as_bytes()), "CP932");
}

/// S40-4-10: what is spoken, and that a failure is told.
#[test]
fn only_good_tls_is_spoken() {
    let device = with_users();
    let address = format!("{}/LOGOUT.CMD", device.uri);
    let rows: [(&[&str], bool); 5] = [
        (&["--tlsv1.3"], true),
        (&["--tlsv1.2", "--tls-max", "1.2"], true),
        (&["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA:AES128-SHA"], false),
        (&["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0"], false),
        (&["--tls-max", "1.2", "--ciphers", "AES128-GCM-SHA256"], false),
    ];
    for (words, spoken) in rows {
        let done = device.curl("tls", &[words, &[address.as_str()]].concat());
        assert_eq!(done.code == Some(0), spoken, "{words:?}: {done:#?}");
    }
    let log = device.download("admin");
    let records = parsed(&log);
    let failed = records.iter().filter(|r| r[4] == "Communication").collect::<Vec<_>>();
    assert_eq!(failed.len(), 3, "{log}");
    for record in failed {
        assert_eq!(record[6], "Trusted Communication");
        assert!(record[7].starts_with("Failed (TLS, 127.0.0.1, "), "{record:?}");
    }
    // The certificate is made once, and what is printed is its fingerprint.
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-fingerprint", "-sha256", "-text", "-in"]);
    command.arg(device.folder.join("data/tls-certificate.pem"));
    let shown = run(command, "").stdout;
    assert!(shown.contains(&device.fingerprint), "{shown}");
    assert!(shown.contains("prime256v1") && shown.contains("DNS:localhost"), "{shown}");
    let before = device.fingerprint.clone();
    assert_eq!(device.restart().fingerprint, before);
}

#[test]
fn the_log_is_printed_as_asked_for() {
    let device = with_users();
    let log = device.export(&["--date-format", "DD/MM/YYYY"]);
    let records = parsed(&log);
    assert!(log.contains("\nDate Format\tDD/MM/YYYY\n"), "{log}");
    assert!(records.iter().all(|record| record[1].len() == 10 && &record[1][2..3] == "/"));
    let lines = |words: &[&str]| -> Vec<_> { device.export(words).lines().map(json).collect() };
    let all = lines(&["--format", "json"]);
    let ids: Vec<_> = all.iter().map(|line| line["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert_eq!(all.len(), records.len() + 1, "the export before this one is in it");
    let chief = lines(&["--json", "--user", "chief"]);
    let events: Vec<_> = chief.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["user-added", "role-changed"]);
    let added = lines(&["--json", "--event", "user-added"]);
    assert_eq!(added.len(), 2);
    let at = added[1]["at"].as_str().unwrap();
    assert_eq!(lines(&["--json", "--since", at])[0]["id"], added[1]["id"]);
    assert!(lines(&["--json", "--until", at]).iter().all(|line| line["at"].as_str() < Some(at)));
    assert!(lines(&["--json", "--since", "2200-01-01"]).is_empty());
    assert_eq!(device.kazasu(&["audit", "export", "--since", "noon"]).code, Some(2));
}

#[test]
fn what_somebody_did_to_the_log_is_found() {
    let device = with_users();
    let whole = device.kazasu(&["audit", "verify"]);
    assert_eq!(whole.code, Some(0), "{whole:#?}");
    for text in ["is whole: 7 records", "cannot find", "copy of the records elsewhere"] {
        assert!(whole.stdout.contains(text), "{whole:#?}");
    }
    let rows = [
        ("UPDATE audit SET user_id = 'bob' WHERE id = 3", "record 3 was changed"),
        ("DELETE FROM audit WHERE id = 4", "records 4 to 4 were removed"),
        ("DELETE FROM audit WHERE id = 7", "the end was cut off"),
    ];
    for (change, says) in rows {
        device.tamper(change);
        let found = device.kazasu(&["audit", "verify"]);
        assert_eq!(found.code, Some(1), "{change}: {found:#?}");
        assert!(found.stdout.contains(says), "{change}: {found:#?}");
        assert!(found.stderr.contains("cannot find"), "{change}: {found:#?}");
    }
    // Later, too, and without a service.
    let Device { folder, process, .. } = device;
    process.unwrap().terminate();
    let found = folder.kazasu(["audit", "verify"], "");
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(found.stdout.contains("record 3 was changed"), "{found:#?}");
    assert!(found.stdout.contains("its end was not the one noted"), "{found:#?}");
    // Another key tells nothing of this log.
    std::fs::write(folder.join("data/audit.key"), "5a".repeat(32)).unwrap();
    let found = folder.kazasu(["audit", "verify"], "");
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(found.stdout.contains("key file was replaced"), "{found:#?}");
}

/// S40-4-09: at the start the clock is behind the log's last record.
#[test]
fn a_clock_that_went_back_is_told_at_the_start() {
    let device = with_users();
    let Device { folder, process, .. } = device;
    process.unwrap().terminate();
    // As if the last record had been written in a later year.
    let db = Connection::open(folder.join("data/kazasu.db")).unwrap();
    let later =
        "UPDATE audit SET at_ms = at_ms + 31536000000 WHERE id = (SELECT max(id) FROM audit)";
    db.execute_batch(later).unwrap();
    drop(db);
    let device = Device::start_in(folder);
    let log = device.export(&[]);
    let records = parsed(&log);
    let adjusted: Vec<_> = records.iter().filter(|r| r[6] == "Adjust Time").collect();
    assert_eq!(adjusted.len(), 1, "{log}");
    assert!(adjusted[0][8].starts_with("-315"), "{adjusted:?}");
}

/// Prints how long a download of a full log takes.
#[test]
fn a_full_log_is_downloaded() {
    let device = with_users();
    let Device { folder, process, .. } = device;
    process.unwrap().terminate();
    let db = Connection::open(folder.join("data/kazasu.db")).unwrap();
    db.execute_batch(
        "DELETE FROM audit; DELETE FROM audit_chain;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
         INSERT INTO audit (id, at_ms, station, event, user_id, card, code)
         SELECT i, 1700000000000 + i * 1000, 'desk', 'card-bound', 'user' || i, i, NULL FROM n;",
    )
    .unwrap();
    drop(db);
    for file in ["audit.key", "audit.end"] {
        std::fs::remove_file(folder.join(&format!("data/{file}"))).unwrap();
    }
    let device = Device::start_in(folder);
    let login = device.login("full", b"admin", PASSWORD.as_bytes());
    assert_eq!(login.code, Some(0), "{login:#?}");
    let file = device.folder.join("log.txt");
    let address = format!("{}/ALOGEXPT.CMD", device.uri);
    let words = ["-o", &file, "-w", "%{time_total} s, %{size_download} bytes", &address];
    let done = device.curl("full", &words);
    assert_eq!(done.code, Some(0), "{done:#?}");
    eprintln!("15,000 records downloaded: {}", done.stdout);
    let log = std::fs::read_to_string(file).unwrap();
    assert_eq!(parsed(&log).len(), 15_000);
}
