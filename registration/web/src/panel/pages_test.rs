use std::{collections::BTreeSet, time::Duration};

use kazasu_hal::StationName;
use kazasu_registration::{Field, FieldError, Rule};

use super::*;

const LOOK: Look = Look { reader_place: ReaderPlace::Below, tap_sound: false, simulated: false };

fn view(page: Page) -> SessionView {
    SessionView {
        station: StationName("front <desk>".into()),
        session: 41,
        reader_ready: true,
        clears_at: Some(Mono(Duration::from_secs(30))),
        page,
    }
}

fn html(page: Page, lang: Lang, look: Look) -> String {
    let view = view(page);
    let now = Mono(Duration::from_secs(12));
    Screen { view: &view, lang, look, now }.document().into_string()
}

fn register(user_id: &str, problem: Option<Problem>) -> Page {
    Page::Register { user_id: user_id.into(), problem }
}

fn signed_in(problem: Option<Problem>) -> Page {
    Page::SignedIn { name: "A & B <i>".into(), problem }
}

/// Every page with its fixed word and the texts, by key, that must be on it.
fn pages() -> Vec<(Page, &'static str, Vec<&'static str>)> {
    let forbidden = FieldError { field: Field::UserId, rule: Rule::Forbidden('[') };
    vec![
        (Page::Idle, "idle", vec!["idle-below", "idle-hint"]),
        (Page::Reading, "reading", vec!["reading"]),
        (Page::Provisional, "provisional", vec!["provisional", "provisional-register", "sign-out"]),
        (
            register("", None),
            "register",
            vec!["register", "user-id", "password", "submit", "cancel"],
        ),
        (
            register("taro", Some(ErrorCode::WrongCredentials.into())),
            "register",
            vec!["error-201-do"],
        ),
        (register("ta[ro", Some(forbidden.into())), "register", vec!["error-122-what"]),
        (Page::Checking, "checking", vec!["checking", "checking-device", "cancel"]),
        (Page::ConfirmReplace, "confirm-replace", vec!["confirm-replace-hint", "confirm-no"]),
        (Page::Saving, "saving", vec!["saving"]),
        (signed_in(None), "signed-in", vec!["signed-in", "signed-in-hint", "sign-out"]),
        (signed_in(Some(ErrorCode::AlreadySignedIn.into())), "signed-in", vec!["error-1002-do"]),
        (
            Page::Notice(Notice::Registered { name: "A & B <i>".into() }),
            "notice-registered",
            vec!["registered", "registered-hint"],
        ),
        (
            Page::Notice(Notice::Problem(ErrorCode::RandomCard.into())),
            "notice-problem",
            vec!["error-K02-what", "error-K02-do"],
        ),
    ]
}

fn check(html: &str, lang: Lang, word: &str, keys: &[&str]) {
    let tag = lang.tag();
    assert!(html.contains(&format!("<html lang=\"{tag}\">")), "{word} {tag}: language");
    assert_eq!(html.matches(&format!("<main class=\"{}\"", class(word))).count(), 1, "{html}");
    assert!(html.contains(&format!("data-page=\"{word}\"")), "{word} {tag}: its word");
    assert!(html.contains("data-clears=\"18000\""), "{word} {tag}: 30 s less 12 s");
    for key in keys {
        let text = html! { (lang.text(key)) }.into_string();
        assert!(html.contains(&text), "{word} {tag} does not say {key}: {html}");
    }
    for bad in [" style=", "<style", "onclick", "http://", "https://", "<script>", "{ $"] {
        assert!(!html.contains(bad), "{word} {tag} has {bad}");
    }
    assert!(html.contains("front &lt;desk&gt;"), "{word}: the station's name is text");
    assert!(!html.contains("<i>"), "{word}: people's names are text");
    assert!(html.len() < 20_000, "{word} {tag}: {} bytes", html.len());
}

fn class(word: &str) -> &'static str {
    if word == "register" { "sheet" } else { "" }
}

#[test]
fn every_page_says_its_texts_in_both_languages() {
    for lang in Lang::ALL {
        for (page, word, keys) in pages() {
            check(&html(page, lang, LOOK), lang, word, &keys);
        }
    }
}

#[test]
fn every_code_is_told_in_both_languages_with_code_cause_and_remedy() {
    for lang in Lang::ALL {
        let mut causes = BTreeSet::new();
        for code in ErrorCode::ALL {
            let what = lang.text(&format!("error-{code}-what"));
            let then = lang.text(&format!("error-{code}-do"));
            assert!(!what.starts_with("error-") && !then.starts_with("error-"), "{code}");
            assert!(causes.insert(what), "{code} reads like another code in {}", lang.tag());
            let html = html(Page::Notice(Notice::Problem(code.into())), lang, LOOK);
            let shown = format!("<span data-code>{code}</span>");
            assert!(html.contains(&shown), "{code}: {html}");
        }
    }
}

#[test]
fn a_problem_stands_beside_its_field_and_nothing_typed_is_lost() {
    let of_field = |field, rule| Some(FieldError { field, rule }.into());
    // Page, what is typed, then which field is marked and which has the focus.
    let rows = [
        (register("", None), "", None, "user-id"),
        (register("taro", None), "taro", None, "password"),
        (
            register("ta\"ro", of_field(Field::UserId, Rule::Forbidden('"'))),
            "ta&quot;ro",
            Some("user-id"),
            "user-id",
        ),
        (
            register("taro", of_field(Field::Password, Rule::PrintableAscii)),
            "taro",
            Some("password"),
            "password",
        ),
        (register("taro", Some(ErrorCode::WrongCredentials.into())), "taro", None, "password"),
    ];
    for (page, typed, marked, focused) in rows {
        for lang in Lang::ALL {
            let html = html(page.clone(), lang, LOOK);
            assert!(html.contains(&format!("value=\"{typed}\"")), "{page:?}: {html}");
            for id in ["user-id", "password"] {
                let input =
                    html.split("<input ").find(|part| part.contains(&format!("id=\"{id}\"")));
                let input = input.and_then(|part| part.split('>').next()).unwrap();
                let invalid = format!("aria-invalid=\"{}\"", marked == Some(id));
                assert!(input.contains(&invalid), "{page:?} {id}: {input}");
                assert!(input.contains(&format!("{id}-broken")), "{page:?} {id}: {input}");
                assert_eq!(input.contains("data-focus"), focused == id, "{page:?} {id}: {input}");
                assert_eq!(input.contains("value="), id == "user-id", "no password comes back");
                let broken = html.split(&format!("id=\"{id}-broken\"")).nth(1).unwrap();
                let broken = broken.split_once('>').unwrap().1;
                assert_eq!(!broken.starts_with("</p>"), marked == Some(id), "{page:?} {id}");
            }
        }
    }
}

#[test]
fn replacing_a_card_is_never_the_key_that_is_under_the_finger() {
    let html = html(Page::ConfirmReplace, Lang::En, LOOK);
    let focused = html.split("data-focus").next().unwrap();
    assert!(focused.trim_end().ends_with("value=\"no\""), "{focused}");
}

#[test]
fn names_are_shown_to_their_owners_only() {
    for (page, word, _) in pages() {
        let html = html(page, Lang::Ja, LOOK);
        let named = matches!(word, "signed-in" | "notice-registered");
        assert_eq!(html.contains("data-name"), named, "{word}");
        assert_eq!(html.contains("A &amp; B"), named, "{word}");
    }
}

#[test]
fn settings_show() {
    for place in [ReaderPlace::Left, ReaderPlace::Right, ReaderPlace::Below] {
        for simulated in [false, true] {
            for tap_sound in [false, true] {
                let look = Look { reader_place: place, tap_sound, simulated };
                let html = html(Page::Idle, Lang::En, look);
                let words = match place {
                    ReaderPlace::Left => "on the left",
                    ReaderPlace::Right => "on the right",
                    ReaderPlace::Below => "below",
                };
                assert!(html.contains(words), "{place:?}");
                assert_eq!(html.contains("/sim"), simulated);
                assert_eq!(html.contains("data-sound"), tap_sound);
            }
        }
    }
    let mut away = view(Page::Idle);
    away.reader_ready = false;
    let html = Screen { view: &away, lang: Lang::En, look: LOOK, now: Mono::default() };
    let html = html.render().into_string();
    assert!(html.contains("reader is not connected") && html.contains("data-page=\"idle\""));
}
