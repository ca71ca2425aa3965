//! Links to panels, and the cookies that they are exchanged for. A link is good once, while a test
//! may look at one panel several times.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::json;

/// No answer takes so long, unless the service hangs.
const SILENCE: Duration = Duration::from_secs(10);

/// By its first link, what is known of a panel.
static PANELS: Mutex<BTreeMap<String, Panel>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Panel {
    socket: PathBuf,
    cookie: Option<String>,
}

fn panels() -> MutexGuard<'static, BTreeMap<String, Panel>> {
    PANELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A link from the service at this socket, as `kazasu panel pair` gives it.
pub(super) fn link(socket: &Path) -> String {
    let link = new_link(socket);
    let panel = Panel { socket: socket.to_owned(), cookie: None };
    panels().insert(link.clone(), panel);
    link
}

fn new_link(socket: &Path) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    writeln!(stream, r#"{{"do":"panel_pair","station":null,"label":"a test"}}"#).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    json(&line)["line"]["link"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned()
}

/// Another link to the same panel, for a browser.
pub(super) fn fresh(panel: &str) -> String {
    let socket = panels().get(panel).map(|panel| panel.socket.clone());
    socket.map_or_else(|| panel.to_owned(), |socket| new_link(&socket))
}

/// The cookie of this process for the panel of this link, paired at its first use.
pub(crate) fn cookie(link: &str, through: &str) -> io::Result<String> {
    if let Some(cookie) = panels().get(link).and_then(|panel| panel.cookie.clone()) {
        return Ok(cookie);
    }
    let (address, path) = parts(link);
    let mut stream = TcpStream::connect(through)?;
    stream.set_read_timeout(Some(SILENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.is_empty() || answer.contains(" 503 ") {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.unwrap_or_else(|| panic!("not paired: {answer}")).to_owned();
    panels().entry(link.to_owned()).or_default().cookie = Some(cookie.clone());
    Ok(cookie)
}

/// What a panel calls itself, and the rest of its link.
pub(super) fn parts(link: &str) -> (&str, &str) {
    let rest = link.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}
