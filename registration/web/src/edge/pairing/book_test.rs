use super::*;

fn at(mono_s: u64) -> Now {
    let after = Duration::from_secs(mono_s);
    Now { mono: Mono(after), wall: UNIX_EPOCH + Duration::from_secs(1_800_000_000) + after }
}

fn desk() -> StationName {
    StationName("desk".into())
}

fn secret(text: &str) -> Secret {
    Zeroizing::new(text.to_owned())
}

/// A book with one browser, 1, which carries `first`.
fn paired() -> Book {
    let mut book = Book::default();
    assert!(book.link("code", desk(), None, at(0).mono));
    assert_eq!(book.pair("code", "first", None, "Chromium", at(0)), Pairing::Done(1, desk()));
    book
}

#[test]
fn a_link_is_good_once_and_for_a_while() {
    let mut book = paired();
    assert_eq!(book.pair("code", "x", None, "", at(1)), Pairing::NoSuchLink, "used");
    assert_eq!(book.pair("other", "x", None, "", at(1)), Pairing::NoSuchLink);
    for (age_s, good) in [(899, true), (900, false)] {
        assert!(book.link("late", desk(), None, at(10).mono));
        let found = book.station_of("late", at(10 + age_s).mono).is_some();
        let done = matches!(book.pair("late", "x", None, "", at(10 + age_s)), Pairing::Done(..));
        assert_eq!((found, done), (good, good), "{age_s}");
    }
}

#[test]
fn links_and_browsers_are_bounded() {
    let mut book = Book::default();
    for count in 0..=LINKS_MAX {
        assert!(book.link(&format!("code{count}"), desk(), None, at(0).mono));
    }
    assert_eq!(book.pair("code0", "x", None, "", at(0)), Pairing::NoSuchLink, "the oldest went");
    assert_eq!(book.links.len(), LINKS_MAX);
    for count in 0..PAIRED_MAX {
        assert!(book.link("next", desk(), None, at(0).mono));
        let done = book.pair("next", &format!("secret{count}"), None, "", at(0));
        assert!(matches!(done, Pairing::Done(..)), "{count}");
        if count == PAIRED_MAX - 2 {
            assert!(book.link("kept", desk(), None, at(0).mono));
        }
    }
    assert!(!book.link("more", desk(), None, at(0).mono));
    assert_eq!(book.pair("kept", "x", None, "", at(0)), Pairing::Full);
    // The same browser again needs no more room.
    assert!(matches!(book.pair("kept", "x", Some(5), "", at(0)), Pairing::Done(65, _)));
    assert!(book.know(5, "secret4", at(0)).is_none());
}

#[test]
fn each_browser_has_its_own_secret() {
    let mut book = paired();
    assert!(book.link("code", StationName("door".into()), Some("kiosk".into()), at(0).mono));
    let done = book.pair("code", "second", None, "Chromium", at(0));
    assert_eq!(done, Pairing::Done(2, StationName("door".into())));
    let rows = [
        (1, "first", Some("desk")),
        (2, "second", Some("door")),
        (1, "second", None),
        (2, "first", None),
        (3, "first", None),
        (1, "", None),
    ];
    for (number, text, station) in rows {
        let known = book.know(number, text, at(1)).map(|known| known.station.0);
        assert_eq!(known.as_deref(), station, "{number} {text}");
    }
    let labels: Vec<_> = book.paired().iter().map(|paired| paired.label.as_str()).collect();
    assert_eq!(labels, ["Chromium", "kiosk"]);
    assert_eq!([1, 1].map(|number| book.revoke(Some(number)).len()), [1, 0]);
    assert!(book.know(1, "first", at(1)).is_none() && book.know(2, "second", at(1)).is_some());
    assert_eq!(book.revoke(None).len(), 1);
    assert!(book.know(2, "second", at(1)).is_none());
}

#[test]
fn a_secret_is_renewed_and_the_old_one_ends() {
    const DAY: u64 = 24 * 60 * 60;
    let mut book = paired();
    assert!(!book.know(1, "first", at(DAY)).unwrap().is_due);
    assert!(book.know(1, "first", at(DAY + 1)).unwrap().is_due);
    let offer = |book: &mut Book, text: &str, now| book.renew(1, &secret(text), now).unwrap();
    assert_eq!(*offer(&mut book, "second", at(DAY + 1)), "second");
    // A request beside it gets the same one.
    assert_eq!(*offer(&mut book, "other", at(DAY + 2)), "second");
    // Until it is used the old one counts, however long that takes.
    assert!(book.know(1, "first", at(2 * DAY)).is_some());
    assert!(book.know(1, "second", at(2 * DAY)).unwrap().is_news);
    assert!(book.know(1, "first", at(2 * DAY + 59)).is_some(), "on its way");
    assert!(book.know(1, "first", at(2 * DAY + 60)).is_none());
    assert!(book.know(1, "second", at(2 * DAY + 60)).is_some());
}

/// However often an answer gets lost, the browser keeps one that counts.
#[test]
fn offers_that_get_lost_lock_nobody_out() {
    const DAY: u64 = 24 * 60 * 60;
    let mut book = paired();
    for round in 1..50 {
        let now = at(DAY + 100 * round);
        assert!(book.know(1, "first", now).unwrap().is_due, "{round}");
        book.renew(1, &secret(&format!("offer{round}")), now).unwrap();
        assert!(book.paired()[0].secrets.len() <= SECRETS_MAX);
    }
    // The last offers count, the first is long gone.
    assert!(book.know(1, "offer1", at(3 * DAY)).is_none());
    assert!(book.know(1, "offer48", at(3 * DAY)).is_some());
    assert!(book.know(1, "offer49", at(3 * DAY)).is_some());
}

#[test]
fn only_hashes_are_stored() {
    let mut book = paired();
    book.renew(1, &secret("second"), at(100_000)).unwrap();
    let stored = serde_json::to_string(book.paired()).unwrap();
    assert!(!stored.contains("first") && !stored.contains("second"), "{stored}");
    let mut again = Book::of(serde_json::from_str(&stored).unwrap());
    assert!(again.know(1, "first", at(0)).is_some() && again.know(1, "second", at(0)).is_some());
}

#[test]
fn what_a_browser_calls_itself_is_plain_text() {
    let mut book = Book::default();
    assert!(book.link("code", desk(), None, at(0).mono));
    book.pair("code", "x", None, &format!("a\u{202E}\n\u{1B}[2Jb{}", "c".repeat(99)), at(0));
    let label = &book.paired()[0].label;
    assert!(label.starts_with("a[2Jbccc") && label.chars().count() == LABEL_MAX, "{label:?}");
}
