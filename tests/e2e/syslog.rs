//! Audit records at a collector, over TCP and TLS, through outages.

use std::{
    fs,
    io::{ErrorKind, Read},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use kazasu_directory_bench::wait_until;
use rusqlite::Connection;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, pem::PemObject},
};

use crate::support::{Folder, Process, json, kazasu};

/// Nothing that a collector waits for takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The service that sends to `to`; more lines for kazasu.toml may follow.
fn serve(folder: &Folder, to: &str) -> Process {
    let config = folder.join("kazasu.toml");
    fs::write(&config, format!("[syslog]\nto = {to}\n")).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/demo.sim");
    let mut command = kazasu(["serve", "--json", "--sim", script, "--listen", "127.0.0.1:0"]);
    command.args(["--data", &folder.data(), "--config", &config]);
    let process = Process::start("kazasu serve", command);
    assert_eq!(json(&process.line())["event"], "ready");
    process
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The next message, by the length before it.
fn message(stream: &mut impl Read) -> String {
    let mut length = 0;
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        match byte[0] {
            b' ' => break,
            digit @ b'0'..=b'9' => length = length * 10 + usize::from(digit - b'0'),
            other => panic!("no length: {other}"),
        }
    }
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The record's number in a message, which has to be RFC 5424, and the word of its event.
fn read(stream: &mut impl Read) -> (u64, String) {
    let text = message(stream);
    let words: Vec<_> = text.splitn(8, ' ').collect();
    assert!(["<108>1", "<109>1"].contains(&words[0]), "{text}");
    assert!(words[1].len() == 24 && words[1].ends_with('Z'), "{text}");
    assert_eq!((words[3], words[4], words[6]), ("kazasu", "-", "[audit@32473"), "{text}");
    let id = words[7].strip_prefix("id=\"").unwrap().split('"').next().unwrap();
    (id.parse().unwrap(), words[5].to_owned())
}

/// Reads up to a record of this word; every number is the next one.
fn up_to(stream: &mut impl Read, mut next: u64, word: &str) -> u64 {
    loop {
        let (id, event) = read(stream);
        assert_eq!(id, next, "{event}");
        next += 1;
        if event == word {
            return next;
        }
    }
}

#[test]
fn a_collector_gets_every_record_once_it_is_there() {
    let folder = Folder::new();
    let (listener, address) = listen();
    let service = serve(&folder, &format!("\"tcp://{address}\""));
    let mut line = accept(&listener);
    let mut next = up_to(&mut line, 1, "started-cold");
    folder.add_user("alice", "Alice", "horse7");
    next = up_to(&mut line, next, "user-added");
    // Nobody listens for a while; what was written last comes again, the rest follows.
    drop(line);
    folder.add_user("bob", "Bob", "horse7");
    folder.add_user("carol", "Carol", "horse7");
    let mut line = accept(&listener);
    let (again, _) = read(&mut line);
    assert!(again <= next, "{again} after {next}: a record is missing");
    for expected in again + 1..next + 2 {
        assert_eq!(read(&mut line).0, expected);
    }
    next += 2;
    // A restart goes on where it was.
    service.terminate();
    drop(line);
    let service = serve(&folder, &format!("\"tcp://{address}\""));
    let mut line = accept(&listener);
    let (first, _) = read(&mut line);
    assert!(first <= next && first + 3 >= next, "{first}, {next}");
    up_to(&mut line, first + 1, "started-warm");
    service.terminate();
}

#[test]
fn records_that_were_trimmed_before_they_were_sent_are_counted() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "horse7");
    let db = Connection::open(folder.join("data/kazasu.db")).unwrap();
    db.execute_batch(
        "DELETE FROM audit_chain; UPDATE audit SET id = 500;
         UPDATE sqlite_sequence SET seq = 500 WHERE name = 'audit'",
    )
    .unwrap();
    drop(db);
    fs::remove_file(folder.join("data/audit.end")).unwrap();
    fs::write(folder.join("data/syslog.sent"), "99\n").unwrap();
    let (listener, address) = listen();
    let _service = serve(&folder, &format!("\"tcp://{address}\""));
    let mut line = accept(&listener);
    up_to(&mut line, 500, "syslog-lost");
    let lost = folder.kazasu(["audit", "export", "--event", "syslog-lost"], "");
    assert!(lost.stdout.contains("Failed (Records Lost)\t400\n"), "{lost:#?}");
}

#[test]
fn over_tls_only_the_right_collector_gets_records() {
    let folder = Folder::new();
    let [right, wrong] = ["right", "wrong"].map(|name| {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let file = folder.join(&format!("{name}.pem"));
        fs::write(&file, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        (file, Arc::new(config))
    });
    let (listener, address) = listen();
    let to = format!("\"tls://{address}\"\nca = {:?}", right.0);
    let service = serve(&folder, &to);
    // Somebody else answers: not a record goes there.
    let tls = |config: &Arc<ServerConfig>| {
        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
        StreamOwned::new(connection, accept(&listener))
    };
    let refused = tls(&wrong.1).read(&mut [0; 1]).unwrap_err();
    assert_ne!(refused.kind(), ErrorKind::WouldBlock, "{refused}");
    let mut line = tls(&right.1);
    up_to(&mut line, 1, "started-cold");
    service.terminate();
}

#[test]
fn a_collector_that_cannot_be_checked_is_refused() {
    let rows = [
        ("\"tls://127.0.0.1:6514\"", "ca is missing"),
        ("\"udp://127.0.0.1:514\"", "tls://HOST:PORT"),
        ("\"tcp://127.0.0.1\"", "tls://HOST:PORT"),
        ("\"tls://127.0.0.1:6514\"\nca = \"/nonexistent\"", "cannot be read"),
    ];
    for (to, says) in rows {
        let folder = Folder::new();
        let config = folder.join("kazasu.toml");
        fs::write(&config, format!("[syslog]\nto = {to}\n")).unwrap();
        let finished = folder.kazasu(["serve", "--config", &config, "--listen", "127.0.0.1:0"], "");
        assert_eq!(finished.code, Some(2), "{to}: {finished:#?}");
        assert!(finished.stderr.contains(says), "{to}: {finished:#?}");
    }
}

/// A name that cannot be resolved is told with its code, and stops nothing.
#[test]
fn a_collector_whose_name_has_no_address() {
    let folder = Folder::new();
    let process = serve(&folder, "\"tcp://collector.invalid:601\"");
    let said = || process.complaints();
    wait_until("its name is looked up in vain", || said().contains("016-454"));
    assert!(said().contains("collector.invalid has no address"), "{}", said());
    folder.add_user("alice", "Alice", "Red horse 7");
    assert!(process.terminate().success());
}
