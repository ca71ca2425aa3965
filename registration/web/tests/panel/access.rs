use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};

use crate::house::{HOST, House, SECRET, cookie, get, post};

struct Row {
    method: Method,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    status: StatusCode,
    /// A part of the body.
    says: &'static str,
}

async fn check(house: &House, row: Row) {
    let mut request = Request::builder().method(&row.method).uri(row.path);
    for (name, value) in &row.headers {
        request = request.header(*name, value);
    }
    let form = if row.method == Method::POST { "station=desk&session=0&do=touch" } else { "" };
    let (status, headers, body) = house.ask(request.body(Body::from(form)).unwrap()).await;
    let name = format!("{} {} {:?}", row.method, row.path, row.headers);
    assert_eq!(status, row.status, "{name}: {body}");
    assert!(body.contains(row.says), "{name}: {body}");
    assert_secure(&name, &headers);
}

fn assert_secure(name: &str, headers: &HeaderMap) {
    let csp = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(csp.contains(part), "{name}: {csp}");
    }
    assert!(!csp.contains("unsafe"), "{name}: {csp}");
    for (header, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        assert_eq!(headers[&header], value, "{name}: {header}");
    }
}

#[tokio::test]
async fn who_is_let_in() {
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    let house = House::new().await;
    let row = |method: Method, path, headers: &[(&'static str, &str)], status: u16, says| Row {
        method,
        path,
        headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        status: StatusCode::from_u16(status).unwrap(),
        says,
    };
    let host = ("host", HOST);
    let cookie = cookie();
    let ours = ("cookie", cookie.as_str());
    let old = ("cookie", "kazasu-panel-8080-a=1.another-secret-0123456789");
    let elsewhere = format!("kazasu-panel-8081-a=1.{SECRET}");
    let elsewhere = ("cookie", elsewhere.as_str());
    let origin = ("origin", "http://127.0.0.1:8080");
    let fragment = ("kazasu-fragment", "1");
    let name = "that name";
    let ja = "専用のリンク";
    let en = "needs its link";
    let rows = [
        row(Method::GET, "/", &[host, ours], 200, "data-page=\"idle\""),
        row(Method::HEAD, "/", &[host, ours], 200, ""),
        row(Method::GET, "/", &[host], 403, ja),
        row(Method::GET, "/", &[host], 403, en),
        row(Method::GET, "/", &[host, old], 403, en),
        row(Method::GET, "/", &[host, elsewhere], 403, en),
        row(Method::GET, "/?token=test-token-0123456789", &[host], 403, en),
        row(Method::GET, "/pair/0123456789abcdef", &[host], 403, "good once"),
        row(Method::GET, "/pair/0123456789abcdef", &[host], 403, "使えるのは一度だけ"),
        row(Method::GET, "/pair/0123456789abcdef", &[("host", "evil.example")], 403, name),
        row(Method::HEAD, "/pair/0123456789abcdef", &[host], 204, ""),
        row(Method::POST, "/pair/0123456789abcdef", &[host, origin, FORM], 405, "buttons"),
        row(Method::GET, "/events", &[host], 403, en),
        row(Method::GET, "/station/side%20door", &[host, ours], 200, "data-station=\"side door\""),
        row(Method::GET, "/station/nowhere", &[host, ours], 404, "no such panel"),
        row(Method::GET, "/station/nowhere", &[host], 403, en),
        row(Method::GET, "/nowhere", &[host, ours], 404, "no such panel"),
        row(Method::GET, "/nowhere", &[host], 403, en),
        row(Method::GET, "/events", &[host], 403, en),
        row(Method::GET, "/events?station=nowhere", &[host, ours], 404, "no such panel"),
        row(Method::GET, "/panel.css", &[host], 200, "--accent"),
        row(Method::GET, "/panel/stream.js", &[host], 200, "EventSource"),
        row(Method::GET, "/panel/none.js", &[host], 404, ""),
        row(Method::GET, "/icon.svg", &[host], 200, "<svg"),
        row(Method::GET, "/", &[ours], 403, name),
        row(Method::GET, "/", &[("host", "evil.example:8080"), ours], 403, name),
        row(Method::GET, "/panel.css", &[("host", "evil.example:8080")], 403, name),
        row(Method::GET, "/events", &[("host", "evil.example"), ours], 403, name),
        row(Method::POST, "/act", &[host, ours, origin, FORM, fragment], 204, ""),
        row(Method::POST, "/act", &[host, ours, origin, FORM], 303, ""),
        row(Method::POST, "/act", &[host, ours, ("sec-fetch-site", "same-origin"), FORM], 303, ""),
        row(Method::POST, "/act", &[host, origin, FORM], 403, en),
        row(Method::POST, "/act", &[host, ours, FORM], 403, "only pages"),
        row(Method::POST, "/act", &[host, ours, ("origin", "null"), FORM], 403, "only pages"),
        row(
            Method::POST,
            "/act",
            &[host, ours, ("origin", "http://evil.example"), FORM],
            403,
            "only",
        ),
        row(
            Method::POST,
            "/act",
            &[host, ours, ("sec-fetch-site", "cross-site"), FORM],
            403,
            "only",
        ),
        row(Method::POST, "/act", &[("host", "evil.example"), ours, origin, FORM], 403, name),
        row(Method::POST, "/act", &[host, ours, origin], 415, ""),
        row(Method::POST, "/sim", &[host, origin, FORM], 403, en),
        row(Method::GET, "/act", &[host, ours], 405, ""),
        row(Method::PUT, "/", &[host, ours, origin], 405, ""),
    ];
    for row in rows {
        check(&house, row).await;
    }
}

#[tokio::test]
async fn forms_are_bounded_and_read_strictly() {
    let house = House::new().await;
    let long = format!("station=desk&session=0&do=submit&user_id={}", "a".repeat(5_000));
    let rows: [(&str, &str, u16); 10] = [
        ("/act", "station=desk&session=0&do=touch", 204),
        ("/act", "station=desk&session=18446744073709551615&do=submit", 204),
        ("/act", "station=nowhere&session=0&do=touch", 404),
        ("/act", "station=desk&session=-1&do=touch", 422),
        ("/act", "station=desk&session=0&do=format-the-disk", 422),
        ("/act", "station=desk&do=touch", 422),
        ("/act", "", 422),
        ("/act", "\0\u{1}%%%&&&===", 422),
        ("/act", &long, 413),
        ("/sim", "", 422),
    ];
    for (path, form, expected) in rows {
        let (status, headers, body) = house.ask(post(path, form.to_owned())).await;
        assert_eq!(status.as_u16(), expected, "{form:.60}: {body}");
        assert_secure(form, &headers);
        for of_the_parser in ["expected", "variant", "missing", "deserialize", "invalid"] {
            assert!(!body.contains(of_the_parser), "{form:.60}: {body}");
        }
    }
}

#[tokio::test]
async fn the_language_is_the_links_then_the_browsers() {
    let house = House::new().await;
    let rows =
        [("/", "ja", "ja"), ("/", "en", "en"), ("/?lang=ja", "en", "ja"), ("/?lang=x", "en", "en")];
    for (path, wish, expected) in rows {
        let mut request = get(path);
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, wish.parse().unwrap());
        let (_, _, body) = house.ask(request).await;
        assert!(body.contains(&format!("<html lang=\"{expected}\">")), "{path} {wish}");
    }
}

/// Whatever was sent, a person reads what to do, and nothing of the parser.
#[tokio::test]
async fn each_refusal_is_a_page_in_the_persons_language() {
    let house = House::new().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let rows = [
        (Method::POST, "/act", "do=nothing", Some(form), 422, "could not be read"),
        (Method::POST, "/act", "", None, 415, "could not be read"),
        (Method::POST, "/act", &"a".repeat(5_000), Some(form), 413, "too large"),
        (Method::PUT, "/", "", None, 405, "cannot be done"),
        (Method::GET, "/act", "", None, 405, "cannot be done"),
        (Method::GET, "/?lang=en&lang=ja", "", None, 400, "could not be read"),
        (Method::GET, "/events?station=%FF", "", None, 404, "no such panel"),
    ];
    for (method, path, body, kind, status, says) in rows {
        for wish in ["en", "ja"] {
            let mut request = Request::builder()
                .method(&method)
                .uri(path)
                .header(header::HOST, HOST)
                .header(header::COOKIE, cookie())
                .header(header::ORIGIN, format!("http://{HOST}"))
                .header(header::ACCEPT_LANGUAGE, wish);
            if let Some((name, value)) = kind {
                request = request.header(name, value);
            }
            let request = request.body(Body::from(body.to_owned())).unwrap();
            let (answered, headers, page) = house.ask(request).await;
            let row = format!("{method} {path} {wish}: {page}");
            assert_eq!(answered.as_u16(), status, "{row}");
            assert!(page.contains(&format!("<html lang=\"{wish}\"")), "{row}");
            assert!(page.contains(says), "{row}");
            assert!(!page.contains("expected") && !page.contains("deserialize"), "{row}");
            assert_eq!(headers.contains_key(header::ALLOW), status == 405, "{row}");
        }
    }
}
