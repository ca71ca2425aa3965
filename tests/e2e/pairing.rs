//! Browsers are paired by links that are shown to whoever may ask, once, and nowhere else.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};

use crate::support::{Finished, Folder, Process, Service, cookie, json};

/// What is answered to a browser with this cookie; status and all.
fn get(address: &str, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn check(finished: &Finished, code: i32, says: &str) {
    assert_eq!(finished.code, Some(code), "{finished:#?}");
    assert!(format!("{}{}", finished.stdout, finished.stderr).contains(says), "{finished:#?}");
}

/// A service at this port, with no link asked for.
fn start(folder: &Folder, port: u16) -> (Process, String) {
    let mut command = Service::command_with_sim(folder);
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let program = command.get_program().to_owned();
    command = std::process::Command::new(program);
    for arg in args {
        let listen = format!("127.0.0.1:{port}");
        command.arg(if arg == "127.0.0.1:0" { listen.into() } else { arg });
    }
    command.env("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm");
    let process = Process::start("kazasu serve", command);
    let line = process.line();
    (process, line)
}

#[test]
fn a_link_is_good_once_and_told_nowhere_else() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let old = "0123456789abcdef0123456789abcdef";
    fs::write(data.join("panel.token"), old).unwrap();
    // Cookies are named after the port, so it has to be the same after the restart.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");

    let (process, line) = start(&folder, port);
    assert_eq!(json(&line)["panel"], format!("http://{address}/"));
    assert!(!data.join("panel.token").exists(), "the old secret of all panels stays");
    assert!(get(&address, &format!("/?token={old}"), "").contains(" 403 "));
    check(&folder.kazasu(["panel", "list"], ""), 1, "no browser is paired");
    check(&folder.kazasu(["panel", "pair", "nowhere"], ""), 1, "there is no station nowhere");

    let pair = folder.kazasu(["panel", "pair", "--label", "hall kiosk"], "");
    check(&pair, 0, &format!("http://{address}/pair/"));
    let link = pair.stdout.trim();
    let cookie = cookie(link, &address).unwrap();
    let path = link.strip_prefix(&format!("http://{address}")).unwrap();
    assert!(get(&address, path, "").contains("good once"), "used twice");
    assert!(get(&address, "/", &cookie).contains("data-page="));
    assert!(get(&address, "/", "").contains(" 403 "));
    let stored = fs::read_to_string(data.join("panels.json")).unwrap();
    let secret = cookie.rsplit_once('.').unwrap().1;
    assert!(stored.contains("hall kiosk") && !stored.contains(secret), "{stored}");
    let complaints = process.kill_for_complaints();
    assert!(complaints.contains("kazasu panel pair"), "the old links are told of: {complaints}");
    for hidden in [path.rsplit_once('/').unwrap().1, secret, old] {
        assert!(!complaints.contains(hidden) && !line.contains(hidden), "{complaints}");
    }

    // Killed and started anew: the browser stays paired, until somebody ends that.
    let (_process, _) = start(&folder, port);
    assert!(get(&address, "/", &cookie).contains("data-page="));
    check(&folder.kazasu(["panel", "list"], ""), 0, "hall kiosk");
    check(&folder.kazasu(["panel", "revoke", "7"], ""), 1, "no browser 7");
    check(&folder.kazasu(["panel", "revoke"], ""), 2, "--all");
    check(&folder.kazasu(["panel", "revoke", "1"], ""), 0, "paired no more");
    assert!(get(&address, "/", &cookie).contains(" 403 "));
    check(&folder.kazasu(["panel", "revoke", "--all"], ""), 0, "0 browsers");

    let export = folder.kazasu(["audit", "export", "--format", "json"], "");
    let told: Vec<_> = export
        .stdout
        .lines()
        .map(json)
        .filter(|record| record["event"].as_str().is_some_and(|event| event.starts_with("panel-")))
        .map(|record| (record["event"].clone(), record["detail"].clone()))
        .collect();
    let expected = [
        ("panel-link-made".into(), serde_json::Value::Null),
        ("panel-paired".into(), "browser 1; from 127.0.0.1".into()),
        ("panel-revoked".into(), "browser 1".into()),
    ];
    assert_eq!(told, expected, "{export:#?}");
}

#[test]
fn a_damaged_list_of_browsers_is_told_with_what_to_do() {
    let folder = Folder::new();
    folder.add_user("alice", "Alice", "Red horse 7");
    fs::write(folder.path().join("data/panels.json"), "[{").unwrap();
    let refused = folder.kazasu(["serve", "--listen", "127.0.0.1:0"], "");
    check(&refused, 2, "delete it, and pair the browsers anew");
}
