use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use kazasu_hal::EventKind;
use kazasu_web::serve;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::house::{HOST, House, KNOWN, UNKNOWN, attribute, cookie, get, in_time, post, session};

/// A page that listens.
struct Listener {
    body: BodyDataStream,
    text: String,
}

impl Listener {
    async fn new(house: &House, path: &str) -> Self {
        let answer = house.send(get(path)).await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: Body::into_data_stream(answer.into_body()), text: String::new() }
    }

    /// The next event: its name and data. `None` where the stream ended.
    async fn next(&mut self) -> Option<(String, String)> {
        while !self.text.contains("\n\n") {
            let bytes = in_time(self.body.next()).await?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        let (event, rest) = self.text.split_once("\n\n").unwrap();
        let field = |name: &str| {
            let lines: Vec<_> = event.lines().filter_map(|line| line.strip_prefix(name)).collect();
            lines.join("\n")
        };
        let event = (field("event: "), field("data: "));
        assert!(!event.1.is_empty(), "browsers pass over an event without data: {event:?}");
        self.text = rest.to_owned();
        Some(event)
    }

    /// The next event that is not a ping.
    async fn heard(&mut self) -> (String, String) {
        loop {
            let (name, data) = self.next().await.expect("the stream goes on");
            if name != "ping" {
                return (name, data);
            }
        }
    }

    /// Listens until the screen with this word; gives it and the words before it.
    async fn until(&mut self, word: &str) -> (String, Vec<String>) {
        let mut before = Vec::new();
        loop {
            let (name, data) = self.heard().await;
            assert_eq!(name, "screen", "{data}");
            let now = attribute(&data, "data-page").to_owned();
            if now == word {
                return (data, before);
            }
            before.push(now);
        }
    }
}

#[tokio::test]
async fn a_page_hears_each_step_without_a_card_number() {
    let house = House::with(false).await;
    let mut page = Listener::new(&house, "/events?lang=en").await;
    let (idle, _) = page.until("idle").await;
    assert!(idle.contains("reader is not connected"));
    house.attach("desk");
    let (idle, _) = page.until("idle").await;
    assert!(idle.contains("reader on the left"));
    house.tap("desk", UNKNOWN);
    let (form, _) = page.until("register").await;
    let number = session(&form);
    let press = |what: &str| post("/act", format!("station=desk&session={number}&{what}"));

    // Taro has no password and another card.
    house.ask(press("do=submit&user_id=taro&password=")).await;
    let (question, _) = page.until("confirm-replace").await;
    house.ask(press("do=no")).await;
    let (form, _) = page.until("register").await;
    assert!(form.contains("value=\"taro\""));
    house.ask(press("do=submit&user_id=taro&password=")).await;
    page.until("confirm-replace").await;
    house.ask(press("do=yes")).await;
    let (done, _) = page.until("notice-registered").await;
    assert!(done.contains("Taro &amp; &lt;Co&gt;"));
    for html in [idle, form, question, done] {
        assert!(!html.to_uppercase().contains("012E4C"), "{html}");
    }
}

#[tokio::test]
async fn somebody_who_types_is_not_disturbed_by_the_time() {
    let house = House::new().await;
    let mut page = Listener::new(&house, "/events").await;
    house.tap("desk", UNKNOWN);
    let (form, _) = page.until("register").await;
    let touch = format!("station=desk&session={}&do=touch", session(&form));
    house.ask(post("/act", touch)).await;
    let (name, data) = page.heard().await;
    assert_eq!(name, "clears");
    let left: u64 = data.parse().unwrap();
    assert!((1..=30_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn pings_come_while_nothing_happens_and_the_stream_ends_with_the_service() {
    let house = House::new().await;
    let mut page = Listener::new(&house, "/events").await;
    page.until("idle").await;
    assert_eq!(page.next().await.unwrap().0, "ping");
    house.service.shutdown().await;
    while let Some((name, _)) = page.next().await {
        assert_eq!(name, "ping");
    }
    let answer = house.ask(post("/act", "station=desk&session=0&do=touch")).await;
    assert_eq!(answer.0.as_u16(), 503);
}

#[tokio::test]
async fn whatever_was_typed_reaches_the_page_again_unharmed() {
    let house = House::new().await;
    let mut page = Listener::new(&house, "/events").await;
    house.tap("desk", UNKNOWN);
    let (form, _) = page.until("register").await;
    let number = session(&form);
    let typed = "a%0D%0A%0Adata%3A+b%22%3E%3Cscript%3E";
    house
        .ask(post("/act", format!("station=desk&session={number}&do=submit&user_id={typed}")))
        .await;
    let (form, _) = page.until("register").await;
    assert!(form.contains("value=\"a&#13;\n\ndata: b&quot;&gt;&lt;script&gt;\""), "{form}");
}

#[tokio::test]
async fn each_station_has_its_own_stream() {
    let house = House::new().await;
    let mut desk = Listener::new(&house, "/events?station=desk").await;
    let mut door = Listener::new(&house, "/events?station=side%20door&lang=ja").await;
    desk.until("idle").await;
    let (idle, _) = door.until("idle").await;
    assert_eq!(attribute(&idle, "lang"), "ja");
    house.tap("side door", KNOWN);
    door.until("signed-in").await;
    house.happens("desk", EventKind::Multiple(Vec::new()));
    let (notice, before) = desk.until("notice-problem").await;
    assert!(before.is_empty() && notice.contains("<span data-code>K04</span>"), "{before:?}");
}

#[tokio::test]
async fn the_server_speaks_http_and_ends_when_told() {
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, house.router.clone(), None, async move {
        drop(stopped.await);
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /events HTTP/1.1\r\nHost: {HOST}\r\nCookie: {}\r\n\r\n", cookie());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 4096];
    while !heard.contains("data-page=\"idle\"") {
        let n = in_time(stream.read(&mut buffer)).await.unwrap();
        assert!(n > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
    stop.send(()).unwrap();
    in_time(server).await.unwrap();
    while in_time(stream.read(&mut buffer)).await.is_ok_and(|n| n > 0) {}
    assert!(TcpStream::connect(address).await.is_err(), "still listening");
}
