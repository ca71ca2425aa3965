use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use kazasu_hal::StationName;
use kazasu_service::Authority;
use kazasu_web::Pairings;

use crate::house::{HOST, House, KNOWN, in_time};

/// A browser with no cookie but these.
struct Browser<'a> {
    house: &'a House,
    cookies: Vec<String>,
}

impl<'a> Browser<'a> {
    fn new(house: &'a House) -> Self {
        Self { house, cookies: Vec::new() }
    }

    fn request(&self, path: &str) -> Request<Body> {
        Request::get(path)
            .header(header::HOST, HOST)
            .header(header::ACCEPT_LANGUAGE, "en")
            .header(header::USER_AGENT, "Test/1")
            .header(header::COOKIE, self.cookies.join("; "))
            .body(Body::empty())
            .unwrap()
    }

    async fn get(&mut self, path: &str) -> (u16, String, String) {
        let (status, headers, body) = self.house.ask(self.request(path)).await;
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/; Max-Age="), "{cookie}");
            let pair = cookie.split(';').next().unwrap().to_owned();
            let name = pair.split('=').next().unwrap().to_owned();
            self.cookies.retain(|other| !other.starts_with(&name));
            self.cookies.push(pair);
        }
        let location = headers.get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (status.as_u16(), location.unwrap_or_default(), body)
    }

    async fn act(&self, station: &str) -> StatusCode {
        let request = Request::post("/act")
            .header(header::HOST, HOST)
            .header(header::ORIGIN, format!("http://{HOST}"))
            .header(header::COOKIE, self.cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("kazasu-fragment", "1")
            .body(Body::from(format!("station={station}&session=0&do=touch")))
            .unwrap();
        self.house.ask(request).await.0
    }
}

fn link(house: &House, station: &str) -> String {
    let now = house.service.stations().now().mono;
    let code = house.pairings().link(StationName(station.into()), None, now).unwrap();
    format!("/pair/{}", *code)
}

#[tokio::test]
async fn a_link_pairs_one_browser_with_one_station_once() {
    let house = House::new().await;
    let link = link(&house, "side door");
    let mut first = Browser::new(&house);
    let (status, to, _) = first.get(&format!("{link}?lang=ja")).await;
    assert_eq!((status, &*to), (303, "/station/side%20door?lang=ja"));
    let (status, _, page) = first.get("/").await;
    assert!(status == 200 && page.contains("data-station=\"side door\""), "{page}");
    assert!(!page.contains(first.cookies[0].split_once('.').unwrap().1), "a page shows the secret");

    // The link again: nothing for anybody else, the page for the one that used it.
    let mut second = Browser::new(&house);
    let (status, _, page) = second.get(&link).await;
    assert!(status == 403 && page.contains("good once"), "{page}");
    assert!(second.cookies.is_empty());
    assert_eq!(second.get("/").await.0, 403);
    assert_eq!(first.get(&link).await.1, "/");

    // Nothing is seen of the other station, whatever is asked for, and nothing can be done there.
    house.tap("desk", KNOWN);
    house.page_with("desk", "signed-in").await;
    for path in ["/station/desk", "/events?station=desk", "/station/nowhere"] {
        let (status, _, page) = first.get(path).await;
        assert!(status == 404 && !page.contains("Taro"), "{path}: {page}");
    }
    assert_eq!(first.act("desk").await, 404);
    assert_eq!(first.act("side%20door").await, 204);
    let names = house.pairings().list().into_iter().map(|it| (it.number, it.station.0, it.label));
    let expected = [(1, "desk", "test"), (2, "side door", "test"), (3, "side door", "Test/1")];
    let expected = expected.map(|(number, a, b)| (number, a.to_owned(), b.to_owned()));
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_browser_may_be_paired_with_two_stations_and_again() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    for station in ["side door", "desk", "desk"] {
        assert_eq!(browser.get(&link(&house, station)).await.0, 303);
    }
    assert_eq!(browser.cookies.len(), 2);
    assert!(browser.get("/").await.2.contains("data-station=\"desk\""));
    assert!(browser.get("/station/side%20door").await.2.contains("data-station=\"side door\""));
    // The pairing that was replaced is none any more.
    assert_eq!(house.pairings().list().len(), 4);
}

#[tokio::test]
async fn a_pairing_that_is_ended_ends_at_once() {
    let house = House::new().await;
    let mut browser = Browser::new(&house);
    browser.get(&link(&house, "desk")).await;
    let stream = house.send(browser.request("/events")).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(house.pairings().revoke(Some(99)).await.unwrap().len(), 0);
    assert_eq!(house.pairings().revoke(Some(3)).await.unwrap().len(), 1);
    house.tap("desk", KNOWN);
    house.page_with("desk", "signed-in").await;
    let rest = in_time(axum::body::to_bytes(stream.into_body(), 1 << 20)).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("Taro"), "seen after the end");
    assert_eq!(browser.get("/").await.0, 403);
    assert_eq!(browser.act("desk").await, 403);

    let unused = link(&house, "desk");
    assert_eq!(house.pairings().revoke(None).await.unwrap().len(), 2);
    assert_eq!(browser.get(&unused).await.0, 403, "links end with all");
    assert_eq!(house.ask(crate::house::get("/")).await.0, 403);
}

/// Which browser became a station's, and from where, is in the audit log.
#[tokio::test]
async fn a_browser_that_is_paired_is_recorded() {
    let house = House::new().await;
    Browser::new(&house).get(&link(&house, "side door")).await;
    let log = house.service.office(&Authority::SERVICE).audit_after(0).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.event.as_str(), last.station.as_deref()), ("panel-paired", Some("side door")));
    assert_eq!(last.told().as_deref(), Some("browser 3; from 127.0.0.1"));
}

/// Looking at a link does not use it up.
#[tokio::test]
async fn a_link_that_was_only_looked_at_is_good() {
    let house = House::new().await;
    let link = link(&house, "desk");
    let browser = Browser::new(&house);
    let mut look = browser.request(&link);
    *look.method_mut() = axum::http::Method::HEAD;
    assert_eq!(house.ask(look).await.0, 204);
    let mut look = browser.request(&link);
    look.headers_mut().insert("sec-purpose", "prefetch;prerender".parse().unwrap());
    assert_eq!(house.ask(look).await.0, 204);
    assert_eq!(Browser::new(&house).get(&link).await.0, 303);
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_done() {
    let full = || Err(std::io::ErrorKind::StorageFull.into());
    let pairings = Pairings::new(None, move |_| full()).unwrap();
    let house = House::with_pairings(pairings).await;
    let link = link(&house, "desk");
    for _ in 0..2 {
        let mut browser = Browser::new(&house);
        let (status, _, page) = browser.get(&link).await;
        assert!(status == 503 && browser.cookies.is_empty(), "{page}");
    }
    assert!(house.pairings().list().is_empty());
}

#[test]
fn a_damaged_list_is_told() {
    for text in ["", "{}", "[", "null"] {
        assert!(Pairings::new(Some(text.as_bytes()), |_| Ok(())).is_err(), "{text:?}");
    }
    // One entry that cannot be read keeps the others from nothing.
    for text in ["[]", "[{}]", "[{}, null, 1]"] {
        let pairings = Pairings::new(Some(text.as_bytes()), |_| Ok(()));
        assert!(pairings.unwrap().list().is_empty(), "{text:?}");
    }
}
