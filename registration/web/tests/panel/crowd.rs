//! Many who connect and do nothing useful: whoever else comes is served.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::Zoned;
use kazasu_tls::{Identity, self_signed};
use kazasu_web::{AllowedHosts, Tls, serve, tls_router};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::house::{HOST, House, cookie};

/// How many of each kind there are.
const CROWD: usize = 128;
/// A page has to come within this.
const SOON: Duration = Duration::from_secs(1);

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A listener, and how to speak to it.
struct Door {
    address: SocketAddr,
    tls: Option<TlsConnector>,
    _server: JoinHandle<()>,
    _house: House,
}

impl Door {
    async fn plain() -> Self {
        let house = House::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = serve(listener, house.router.clone(), None, std::future::pending());
        Self { address, tls: None, _server: tokio::spawn(server), _house: house }
    }

    async fn tls() -> Self {
        let house = House::new().await;
        let folder = tempfile::tempdir().unwrap();
        let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        let made = self_signed(vec!["localhost".to_owned()], Zoned::now().date()).unwrap();
        std::fs::write(&chain, &made.chain).unwrap();
        std::fs::write(&key, made.key.as_bytes()).unwrap();
        let identity = Identity::read(&chain, &key).unwrap();
        let tls = Tls::new(&identity, house.service.stations().clone());
        let client = kazasu_tls::client(kazasu_tls::roots_of(&chain).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hosts = AllowedHosts::new(HOST.parse().unwrap(), []);
        let router = tls_router(
            house.service.stations().clone(),
            house.service.administrators(),
            house.config(hosts),
        );
        let server = serve(listener, router, Some(tls), std::future::pending());
        Self {
            address,
            tls: Some(Arc::new(client).into()),
            _server: tokio::spawn(server),
            _house: house,
        }
    }

    /// A connection from this address of the loopback net.
    async fn connect(&self, from: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::from([127, 0, 0, from]), 0).into()).unwrap();
        timeout(Duration::from_secs(10), socket.connect(self.address)).await.unwrap().unwrap()
    }

    /// The same, ready for HTTP; `None` where the handshake was refused.
    async fn speak(&self, from: u8) -> Option<Box<dyn Stream>> {
        let stream = self.connect(from).await;
        let Some(tls) = &self.tls else { return Some(Box::new(stream)) };
        let name = ServerName::try_from("localhost").unwrap();
        let shaken = timeout(Duration::from_secs(10), tls.connect(name, stream)).await.ok()?;
        Some(Box::new(shaken.ok()?))
    }

    /// What is answered to one request, soon.
    async fn ask(&self, from: u8, path: &str, headers: &str) -> String {
        let answered = timeout(SOON, async {
            let mut stream = self.speak(from).await.unwrap();
            let head = format!(
                "GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{headers}\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // A TLS stream may end without a farewell.
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        });
        answered.await.unwrap_or_else(|_| panic!("{path} did not come within {SOON:?}"))
    }
}

/// Everything that keeps a connection busy, all from one address.
async fn crowd(door: &Door, from: u8) -> Vec<Box<dyn Stream>> {
    let mut held: Vec<Box<dyn Stream>> = Vec::new();
    let asks = format!("GET /panel.css HTTP/1.1\r\nHost: {HOST}\r\n\r\n").repeat(200);
    for count in 0..3 * CROWD {
        if count % 3 == 0 {
            held.push(Box::new(door.connect(from).await));
            continue;
        }
        let Some(mut stream) = door.speak(from).await else { continue };
        let sent = match count % 3 {
            // Reads nothing.
            1 => stream.write_all(asks.as_bytes()).await,
            // Never ends its head.
            _ => stream.write_all(b"GET / HTTP/1.1\r\nHo").await,
        };
        // Those who came while all was taken may be gone already.
        drop(sent);
        held.push(stream);
    }
    held
}

async fn others_are_served(door: Door) {
    let _one = crowd(&door, 2).await;
    // Over TLS the cookie's name is another.
    let over_tls = if door.tls.is_some() { "__Host-" } else { "" };
    let paired = format!("Cookie: {over_tls}{}\r\n", cookie());
    let page = door.ask(3, "/", &paired).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "another address: {page:.200}");
    let page = door.ask(3, "/", "").await;
    assert!(page.starts_with("HTTP/1.1 403 "), "not paired, but served: {page:.200}");
    let page = door.ask(2, "/", &paired).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "a paired browser beside them: {page:.200}");

    // More addresses, until nobody without a cookie has a place.
    let mut held = Vec::new();
    for from in 10..20 {
        for _ in 0..20 {
            held.push(door.connect(from).await);
        }
    }
    for (wish, says) in [("ja", "ただいま混み合っています"), ("en", "All places are taken")]
    {
        let page = door.ask(30, "/", &format!("Accept-Language: {wish}\r\n")).await;
        assert!(page.starts_with("HTTP/1.1 503 "), "{page:.200}");
        assert!(page.contains(&format!("<html lang=\"{wish}\"")) && page.contains(says), "{page}");
        let head = page.to_ascii_lowercase();
        assert!(head.contains("retry-after: ") && head.contains("connection: close"), "{page}");
    }
    let page = door.ask(30, "/", &paired).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "a paired browser finds a place: {page:.200}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_keeps_nobody_out() {
    others_are_served(Door::plain().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_keeps_nobody_out_over_tls() {
    others_are_served(Door::tls().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_over_tls_ask_browsers_to_stay_there() {
    let door = Door::tls().await;
    for path in ["/", "/panel.css", "/nowhere", "/LOGIN.CMD"] {
        let answer = door.ask(2, path, "").await.to_ascii_lowercase();
        assert!(answer.contains("strict-transport-security: max-age="), "{path}: {answer:.400}");
    }
}
