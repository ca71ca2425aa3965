use std::time::Duration;

use kazasu_hal::StationName;
use kazasu_registration::{ErrorCode, Field, FieldError, OwnRecord, Rule, SignInAs, Source};

use super::*;

#[path = "form_test.rs"]
mod forms;

const LOOK: Look = Look { reader_place: ReaderPlace::Below, tap_sound: false, simulated: false };

const SHOWN_AT: Mono = Mono(Duration::from_secs(12));

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
    Screen { view: &view, lang, look, now: SHOWN_AT }.document().into_string()
}

fn idle() -> Page {
    Page::Idle { cards: true, sign_in: true, administrators: true, paid: false }
}

fn register(user_id: &str, problem: Option<Problem>) -> Page {
    Page::Register {
        user_id: user_id.into(),
        sources: vec![Source::Device],
        source: Source::Device,
        problem,
    }
}

fn choosing(source: Source) -> Page {
    let sources = vec![Source::Directory, Source::Device];
    Page::Register { user_id: String::new(), sources, source, problem: None }
}

fn sign_in(signs_in: SignInAs, asks_password: bool, problem: Option<Problem>) -> Page {
    Page::SignIn { signs_in, user_id: "taro".into(), asks_password, problem }
}

fn signed_in(problem: Option<Problem>) -> Page {
    signed_in_as(Some(NAME), problem)
}

fn signed_in_as(name: Option<&str>, problem: Option<Problem>) -> Page {
    Page::SignedIn {
        name: name.map(Into::into),
        can_edit: name.is_some(),
        can_sign_out: true,
        can_switch: true,
        saved: false,
        problem,
    }
}

/// Signed in at the panel, or by a card that stays in its slot.
fn signed_in_without(sign_out: bool, switch: bool) -> Page {
    let (can_sign_out, can_switch) = (!sign_out, !switch);
    Page::SignedIn {
        name: None,
        can_edit: false,
        can_sign_out,
        can_switch,
        saved: false,
        problem: None,
    }
}

const NAME: &str = "A & B <i>";

fn record() -> OwnRecord {
    OwnRecord {
        user_id: "taro".into(),
        name: NAME.into(),
        may_name: true,
        mail: "taro@example.org".into(),
        may_mail: true,
        may_password: true,
        password_min: 4,
        password_max: 12,
        has_password: true,
        asks_password: false,
        may_unlink: true,
    }
}

fn own(problem: Option<Problem>) -> Page {
    Page::OwnRecord { record: record(), problem }
}

fn of_field(field: Field, rule: Rule) -> Option<Problem> {
    Some(FieldError { field, rule }.into())
}

fn code(code: ErrorCode) -> Option<Problem> {
    Some(code.into())
}

/// Every page with its fixed word and the texts, by key, that must be on it.
fn pages() -> Vec<(Page, &'static str, Vec<&'static str>)> {
    let keys = |keys: &[&'static str]| keys.to_vec();
    let user = SignInAs::User;
    vec![
        (idle(), "idle", keys(&["idle-below", "idle-hint", "sign-in-without-card", "special-key"])),
        (
            Page::Idle { cards: true, sign_in: false, administrators: true, paid: false },
            "idle",
            keys(&["idle-below", "administrators", "special-key"]),
        ),
        (
            Page::Idle { cards: false, sign_in: true, administrators: true, paid: false },
            "idle",
            keys(&["idle-panel", "idle-panel-hint", "sign-in"]),
        ),
        (
            Page::Idle { cards: false, sign_in: false, administrators: true, paid: false },
            "idle",
            keys(&["idle-free", "idle-free-hint", "administrators"]),
        ),
        (
            Page::Idle { cards: true, sign_in: false, administrators: true, paid: true },
            "idle",
            keys(&["idle-paid", "idle-paid-hint", "administrators"]),
        ),
        (Page::Reading, "reading", keys(&["reading"])),
        (
            Page::AskWho { guests: true },
            "ask-who",
            keys(&["ask-who", "as-user", "as-guest", "as-administrator", "cancel", "special-key"]),
        ),
        (
            sign_in(user, true, None),
            "sign-in",
            keys(&["sign-in-user", "user-id", "password", "sign-in", "cancel", "special-key"]),
        ),
        (sign_in(user, true, code(ErrorCode::CardOnly)), "sign-in", keys(&["error-K11-what"])),
        (
            sign_in(SignInAs::Administrator, true, None),
            "sign-in",
            keys(&["sign-in-administrator", "administrator-id"]),
        ),
        (sign_in(SignInAs::Guest, true, None), "sign-in", keys(&["sign-in-guest", "password"])),
        (
            Page::AskPassword { problem: None },
            "ask-password",
            keys(&["ask-password", "password", "cancel"]),
        ),
        (
            Page::NewPassword { min: 4, max: 12, problem: None },
            "new-password",
            keys(&["new-password", "new-password-hint", "password-again", "set-password"]),
        ),
        (
            Page::NewPassword { min: 4, max: 12, problem: code(ErrorCode::PasswordsDiffer) },
            "new-password",
            keys(&["error-K08-what", "error-K08-do"]),
        ),
        (
            Page::Provisional { can_register: true },
            "provisional",
            keys(&["provisional", "provisional-register", "sign-out"]),
        ),
        (
            Page::Provisional { can_register: false },
            "provisional",
            keys(&["provisional-closed", "sign-out"]),
        ),
        (
            register("", None),
            "register",
            keys(&["register", "user-id", "password", "submit", "cancel"]),
        ),
        (
            choosing(Source::Directory),
            "register",
            keys(&["source", "source-device", "source-directory"]),
        ),
        (register("taro", code(ErrorCode::WrongCredentials)), "register", keys(&["error-201-do"])),
        (
            register("ta[ro", of_field(Field::UserId, Rule::Forbidden('['))),
            "register",
            keys(&["error-122-what"]),
        ),
        (Page::Checking, "checking", keys(&["checking", "checking-hint", "cancel"])),
        (Page::ConfirmReplace, "confirm-replace", keys(&["confirm-replace-hint", "confirm-no"])),
        (Page::Saving, "saving", keys(&["saving"])),
        (
            signed_in(None),
            "signed-in",
            keys(&["signed-in", "signed-in-hint", "sign-out", "edit-own", "sign-in-instead"]),
        ),
        (signed_in_as(None, None), "signed-in", keys(&["signed-in", "sign-out"])),
        (
            Page::SignedIn {
                name: Some(NAME.into()),
                can_edit: true,
                can_sign_out: true,
                can_switch: false,
                saved: true,
                problem: None,
            },
            "signed-in",
            keys(&["saved", "signed-in-hint"]),
        ),
        (signed_in(code(ErrorCode::AlreadySignedIn)), "signed-in", keys(&["error-1002-do"])),
        (
            own(None),
            "own-record",
            keys(&[
                "own-record",
                "user-id",
                "name",
                "mail",
                "change-password",
                "current-password",
                "new-own-password",
                "password-again",
                "save",
                "reset",
                "back",
                "unlink",
                "unlink-sure",
                "unlink-yes",
            ]),
        ),
        (own(code(ErrorCode::CurrentPasswordWrong)), "own-record", keys(&["error-751-what"])),
        (Page::Guest, "guest", keys(&["guest", "signed-in-hint", "sign-out"])),
        (
            Page::Administrator { jobs_enabled: true },
            "administrator",
            keys(&["administrator", "administrator-jobs", "sign-out"]),
        ),
        (
            Page::Administrator { jobs_enabled: false },
            "administrator",
            keys(&["administrator", "administrator-no-jobs"]),
        ),
        (
            Page::EngineerPassword { problem: None },
            "engineer-password",
            keys(&["engineer-password", "password", "cancel"]),
        ),
        (Page::Engineer, "engineer", keys(&["engineer", "engineer-hint", "engineer-leave"])),
        (
            Page::Notice(Notice::Registered { name: NAME.into() }),
            "notice-registered",
            keys(&["registered", "registered-hint"]),
        ),
        (
            Page::Notice(Notice::Unlinked),
            "notice-unlinked",
            keys(&["unlinked", "unlinked-hint", "close"]),
        ),
        (
            Page::Notice(Notice::Problem(ErrorCode::RandomCard.into())),
            "notice-problem",
            keys(&["error-K02-what", "error-K02-do"]),
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
    match word {
        "sign-in" | "ask-password" | "new-password" | "register" | "own-record"
        | "engineer-password" => "sheet",
        _ => "",
    }
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
fn every_code_is_shown_with_cause_and_remedy_in_both_languages() {
    for lang in Lang::ALL {
        for code in ErrorCode::ALL {
            let html = html(Page::Notice(Notice::Problem(code.into())), lang, LOOK);
            let shown = format!("<span data-code>{code}</span>");
            assert!(html.contains(&shown), "{code}: {html}");
            for part in ["what", "do"] {
                let text = lang.text(&format!("error-{code}-{part}"));
                let text = html! { (text) }.into_string();
                assert!(html.contains(&text), "{code} {part}: {html}");
            }
        }
    }
}

/// The tag of the element with this id.
fn tag<'a>(html: &'a str, id: &str) -> Option<&'a str> {
    let mark = format!("id=\"{id}\"");
    let tag = html.split('<').find(|part| part.contains(&mark))?;
    tag.split('>').next()
}

#[test]
fn keys_are_where_they_do_something() {
    let key = "authentication-key";
    // Page, what is on it, what is not.
    let idle_with =
        |cards, sign_in, administrators| Page::Idle { cards, sign_in, administrators, paid: false };
    let rows: [(Page, &[&str], &[&str]); 15] = [
        (idle(), &[key, "special-key"], &["open-sign-in"]),
        (idle_with(true, false, true), &[key, "special-key"], &[]),
        (idle_with(true, false, false), &["special-key"], &[key]),
        (sign_in(SignInAs::User, true, None), &["submit", "special-key", "cancel"], &[key]),
        (
            Page::AskWho { guests: false },
            &["as-user", "as-administrator", "special-key"],
            &["as-guest", key],
        ),
        (Page::AskPassword { problem: None }, &["submit", "cancel"], &[key, "special-key"]),
        (signed_in(None), &[key, "open-own", "open-sign-in"], &["special-key"]),
        (signed_in_as(None, None), &[key], &["open-own"]),
        (signed_in_without(true, false), &["open-sign-in"], &[key]),
        (signed_in_without(false, true), &[key], &["open-sign-in"]),
        (Page::Guest, &[key], &["open-own", "special-key"]),
        (Page::Administrator { jobs_enabled: false }, &[key], &["special-key"]),
        (Page::Engineer, &["special-key"], &[key]),
        (Page::Provisional { can_register: true }, &["open", key], &["special-key"]),
        (Page::Notice(Notice::Unlinked), &["cancel"], &[key, "special-key"]),
    ];
    for (page, there, absent) in rows {
        let html = html(page.clone(), Lang::En, LOOK);
        for id in there {
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}: {page:?}");
            let button = tag(&html, id).unwrap();
            assert!(button.starts_with("button") && button.contains("name=\"do\""), "{button}");
        }
        for id in absent {
            assert!(tag(&html, id).is_none(), "{id}: {page:?}");
        }
    }
    // The special key is a picture: screen readers hear its name.
    let html = html(idle(), Lang::En, LOOK);
    assert!(tag(&html, "special-key").unwrap().contains("aria-label=\"For service engineers\""));
}

#[test]
fn a_page_where_somebody_types_is_not_loaded_again() {
    for (page, word, _) in pages() {
        let html = html(page, Lang::En, LOOK);
        assert_eq!(html.contains("http-equiv=\"refresh\""), class(word) != "sheet", "{word}");
        assert_eq!(html.contains("id=\"keyboard\""), class(word) == "sheet", "{word}");
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
        let named = match &page {
            Page::SignedIn { name, .. } => name.is_some(),
            _ => matches!(word, "own-record" | "notice-registered"),
        };
        let html = html(page, Lang::Ja, LOOK);
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
                let html = html(idle(), Lang::En, look);
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
    let mut away = view(idle());
    away.reader_ready = false;
    let html = Screen { view: &away, lang: Lang::En, look: LOOK, now: Mono::default() };
    let html = html.render().into_string();
    assert!(html.contains("reader is not connected") && html.contains("data-page=\"idle\""));
    let code = format!("data-code>{}<", ErrorCode::NoReader);
    assert!(html.contains(&code) && !html.contains("problem"), "{html}");
    for (view, told) in [(view(idle()), false), (away, true)] {
        let html = Screen { view: &view, lang: Lang::Ja, look: LOOK, now: Mono::default() };
        assert_eq!(html.render().into_string().contains(&code), told);
    }
}

/// Whoever has to wait is told how long, in whole units and never too short; else what to do.
#[test]
fn whoever_has_to_wait_is_told_how_long() {
    let rows = [
        (None, "Ask the person in charge"),
        (Some(0), "Ask the person in charge"),
        (Some(1), "Wait a second, then"),
        (Some(1_001), "Wait 2 seconds, then"),
        (Some(119_000), "Wait 119 seconds, then"),
        (Some(120_001), "Wait 3 minutes, then"),
        (Some(7_200_000), "Wait 2 hours, then"),
        (Some(61_440_000), "Wait 18 hours, then"),
    ];
    for (wait_ms, said) in rows {
        let until = wait_ms.map(|wait_ms| SHOWN_AT.after(Duration::from_millis(wait_ms)));
        let problem = Problem { until, ..ErrorCode::LockedOut.into() };
        let shown = html(Page::Notice(Notice::Problem(problem.clone())), Lang::En, LOOK);
        assert!(shown.contains(said) && shown.contains(">K12<"), "{wait_ms:?}: {shown}");
        let shown = html(Page::Notice(Notice::Problem(problem)), Lang::Ja, LOOK);
        assert_eq!(shown.contains("待ってから"), said.starts_with("Wait"), "{wait_ms:?}: {shown}");
    }
}
