//! Who signs in at the panel, and what they change of their own record: each button does what it
//! says.

use axum::http::StatusCode;
use kazasu_registration::{DeviceSecret, Settings, Site};

use crate::house::{House, KNOWN, PASSWORD, UNKNOWN, post, session};

/// Hanako's password as a form carries it.
fn typed(field: &str) -> String {
    format!("{field}={}", PASSWORD.replace(' ', "+"))
}

fn code_on(page: &str) -> Option<&str> {
    page.split_once("data-code>")?.1.split('<').next()
}

async fn sign_in(house: &House, user_id: &str, then: &str) -> String {
    house.press("idle", "do=authentication-key", "sign-in").await;
    let form = format!("do=sign-in&user_id={user_id}&{}", typed("password"));
    house.press("sign-in", &form, then).await
}

/// S30-5-01: the panel asks for user ID and password.
#[tokio::test]
async fn a_user_signs_in_at_the_panel_and_out_again() {
    let house = House::new().await;
    house.attach("desk");
    let page = sign_in(&house, "hanako", "signed-in").await;
    assert!(page.contains("<bdi data-name>Hanako</bdi>"), "{page}");
    let idle = house.press("signed-in", "do=authentication-key", "idle").await;
    assert!(!idle.contains("Hanako"), "{idle}");

    // S30-4-08: a wrong password, and a user there is not, read the same.
    for user_id in ["taro", "jiro"] {
        let page = sign_in(&house, user_id, "notice-problem").await;
        assert_eq!(code_on(&page), Some("K06"), "{page}");
        assert!(!page.contains(user_id), "{page}");
        house.press("notice-problem", "do=cancel", "idle").await;
    }

    // A broken rule is told beside the field, and what was typed stays.
    house.press("idle", "do=authentication-key", "sign-in").await;
    let page = house.press("sign-in", "do=sign-in&user_id=han%5Bako&password=x", "sign-in").await;
    assert_eq!(code_on(&page), Some("122"), "{page}");
    assert!(page.contains("value=\"han[ako\""), "{page}");
    house.press("sign-in", "do=cancel", "idle").await;
}

/// S30-4-12: whoever signed in with a card can sign in at the panel instead.
#[tokio::test]
async fn a_card_session_gives_way_to_the_sign_in_page() {
    let house = House::new().await;
    house.tap("desk", KNOWN);
    house.press("signed-in", "do=open-sign-in", "sign-in").await;
    let form = format!("do=sign-in&user_id=hanako&{}", typed("password"));
    let page = house.press("sign-in", &form, "signed-in").await;
    assert!(page.contains("Hanako") && !page.contains("Taro"), "{page}");
}

/// S30-4-18, S30-4-19: the special key opens and ends the engineer's session.
#[tokio::test]
async fn administrator_and_engineer_have_their_pages() {
    let house = House::new().await;
    house.attach("desk");
    house.set(&[("sign-in.panel", "card-only")]).await;
    house.press("idle", "do=authentication-key", "sign-in").await;
    let form = format!("do=sign-in&user_id=admin&{}", typed("password"));
    let page = house.press("sign-in", &form, "notice-problem").await;
    assert_eq!(code_on(&page), Some("706"), "no password was set: {page}");

    house.set_secret(DeviceSecret::KeyOperator).await;
    house.press("notice-problem", "do=cancel", "idle").await;
    house.press("idle", "do=authentication-key", "sign-in").await;
    house.press("sign-in", &form, "administrator").await;
    // S30-4-20: any card lets jobs run.
    house.tap("desk", KNOWN);
    let enabled = house.page_saying("desk", "You can use the device as well").await;
    assert!(enabled.contains("data-page=\"administrator\""), "{enabled}");

    house.press("administrator", "do=special-key", "engineer-password").await;
    house.press("engineer-password", "do=cancel", "idle").await;
    house.set_secret(DeviceSecret::Engineer).await;
    house.press("idle", "do=special-key", "engineer-password").await;
    let form = format!("do=password&{}", typed("password"));
    house.press("engineer-password", &form, "engineer").await;
    house.press("engineer", "do=special-key", "idle").await;
}

/// S30-4-06: remote mode asks first who signs in.
#[tokio::test]
async fn a_guest_signs_in_where_guests_are_welcome() {
    let house = House::new().await;
    house.set(&[("sign-in.mode", "remote"), ("sign-in.guests", "true")]).await;
    house.set_secret(DeviceSecret::Guest).await;
    house.press("idle", "do=authentication-key", "ask-who").await;
    let page = house.press("ask-who", "do=as-administrator", "sign-in").await;
    assert!(page.contains("Administrator ID"), "{page}");
    house.press("sign-in", "do=cancel", "idle").await;
    house.press("idle", "do=authentication-key", "ask-who").await;
    let page = house.press("ask-who", "do=as-user", "sign-in").await;
    assert!(page.contains("id=\"user-id\""), "{page}");
    house.press("sign-in", "do=cancel", "idle").await;
    house.press("idle", "do=authentication-key", "ask-who").await;
    let page = house.press("ask-who", "do=as-guest", "sign-in").await;
    assert!(!page.contains("id=\"user-id\"") && page.contains("id=\"password\""), "{page}");
    house.press("sign-in", &format!("do=sign-in&{}", typed("password")), "guest").await;
}

/// S30-4-02, S30-4-03: a known card asks for its password once, an unknown one for a new one twice.
#[tokio::test]
async fn cards_that_need_a_password_ask_for_it() {
    let house = House::new().await;
    house.set(&[("card.link-mode", "password"), ("registration.opens-by-itself", "false")]).await;
    house.tap("desk", UNKNOWN);
    let rows = [("abc", "abc", "K07"), ("abcdef", "abcdeg", "K08")];
    for (first, again, code) in rows {
        let form = format!("do=new-password&password={first}&password_again={again}");
        let page = house.press("new-password", &form, "new-password").await;
        assert_eq!(code_on(&page), Some(code), "{page}");
        assert!(!page.contains(first), "no password comes back: {page}");
    }
    let form = "do=new-password&password=abcdef&password_again=abcdef";
    house.press("new-password", form, "provisional").await;
    house.press("provisional", "do=open", "register").await;
    let form = format!("do=submit&user_id=hanako&{}", typed("password"));
    house.press("register", &form, "notice-registered").await;
    // The card is Hanako's now.
    house.tap("desk", UNKNOWN);
    house.press("ask-password", "do=cancel", "idle").await;
    house.tap("desk", UNKNOWN);
    house.press("ask-password", &format!("do=password&{}", typed("password")), "signed-in").await;
}

/// Spec 10 section 6.
#[tokio::test]
async fn a_user_edits_their_own_record() {
    let house = House::new().await;
    house.set(&[("own-record.unlink-card", "true")]).await;
    house.attach("desk");
    sign_in(&house, "hanako", "signed-in").await;
    let page = house.press("signed-in", "do=open-own", "own-record").await;
    assert!(page.contains("value=\"Hanako\"") && page.contains("<bdi id=\"own-id\">hanako"));
    assert!(!page.contains("id=\"unlink\""), "she has no card: {page}");
    house.press("own-record", "do=cancel", "signed-in").await;
    house.press("signed-in", "do=open-own", "own-record").await;

    let current = typed("current_password");
    // What is sent, and the code that comes back.
    let rows = [
        ("name=Hanako&password=newpass&password_again=newpass&current_password=wrong", "751"),
        (&format!("name=Hanako&password=newpass&password_again=newpasS&{current}"), "K08"),
        (&format!("name=Hanako&password=abc&password_again=abc&{current}"), "301"),
        ("name=A+name+that+is+far+too+long+for+any+record", "301"),
        ("name=Hanako&mail=%E3%81%82", "301"),
    ];
    for (form, code) in rows {
        let form = format!("do=save-own&{form}");
        let page = house.press("own-record", &form, "own-record").await;
        let page = match code_on(&page) {
            Some(_) => page,
            // It was being stored.
            None => house.page_saying("desk", &format!("data-code>{code}<")).await,
        };
        assert_eq!(code_on(&page), Some(code), "{form}: {page}");
        assert!(!page.contains("newpass"), "{page}");
    }
    let form = "do=save-own&name=%E8%8A%B1%E5%AD%90&mail=hanako%40example.org";
    let page = house.press("own-record", form, "signed-in").await;
    assert!(page.contains("Your details are saved") && page.contains("花子"), "{page}");
    let page = house.press("signed-in", "do=open-own", "own-record").await;
    assert!(page.contains("value=\"hanako@example.org\""), "{page}");
}

/// Each of the three passwords is the one that its field says.
#[tokio::test]
async fn a_changed_password_counts_from_then_on() {
    let house = House::new().await;
    house.attach("desk");
    sign_in(&house, "hanako", "signed-in").await;
    house.press("signed-in", "do=open-own", "own-record").await;
    let form = format!(
        "do=save-own&name=Hanako&password=newpass-9&password_again=newpass-9&{}",
        typed("current_password")
    );
    house.press("own-record", &form, "signed-in").await;
    house.press("signed-in", "do=authentication-key", "idle").await;
    let page = sign_in(&house, "hanako", "notice-problem").await;
    assert_eq!(code_on(&page), Some("K06"), "{page}");
    house.press("notice-problem", "do=cancel", "idle").await;
    house.press("idle", "do=authentication-key", "sign-in").await;
    house.press("sign-in", "do=sign-in&user_id=hanako&password=newpass-9", "signed-in").await;
}

#[tokio::test]
async fn a_user_gives_their_card_up() {
    let house = House::new().await;
    house.set(&[("own-record.unlink-card", "true")]).await;
    house.tap("desk", KNOWN);
    let page = house.press("signed-in", "do=open-own", "own-record").await;
    assert!(page.contains("id=\"unlink\""), "{page}");
    house.press("own-record", "do=unlink", "notice-unlinked").await;
    house.press("notice-unlinked", "do=cancel", "idle").await;
    house.tap("desk", KNOWN);
    house.page_with("desk", "register").await;
}

/// S10-2-10: the source that was chosen is the one that is asked.
#[tokio::test]
async fn the_chosen_source_vouches() {
    let settings = Settings::default().changed([("registration.sources", "both")]).unwrap();
    let site = Site { has_directory: true, ..Site::new(settings).unwrap() };
    let house = House::at(site, false).await;
    house.tap("desk", UNKNOWN);
    // The directory of this test does not answer; the device knows Hanako by another password.
    for (source, code) in [("directory", "001"), ("device", "201")] {
        let form = format!("do=submit&source={source}&user_id=hanako&password=wrong");
        house.press("register", &form, "register").await;
        let page = house.page_saying("desk", &format!("data-code>{code}<")).await;
        let chosen = page.split("data-source").find(|part| part.contains(" checked")).unwrap();
        assert!(chosen.contains(source), "{page}");
    }
    let (status, ..) =
        house.ask(post("/act", "station=desk&session=0&do=submit&source=somebody")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// Whatever carries a password is counted; nothing else is.
#[tokio::test]
async fn every_way_to_try_a_password_is_slowed_down() {
    // Presses that count, by what the form holds, and presses that do not.
    let rows = [
        ("do=sign-in&user_id=a%5B&password=x", true),
        ("do=password&password=x", true),
        ("do=new-password&password=x&password_again=y", true),
        ("do=submit&user_id=a%5B&password=x", true),
        ("do=save-own&current_password=x", true),
        ("do=save-own&password=x", true),
        ("do=save-own&password_again=x", true),
        ("do=save-own&name=x&mail=y", false),
        ("do=touch&password=x", false),
        ("do=cancel", false),
    ];
    for (form, counts) in rows {
        let house = House::new().await;
        let form = format!("station=desk&session=0&lang=en&{form}");
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(house.ask(post("/act", form.clone())).await.0);
        }
        let last = if counts { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::NO_CONTENT };
        assert!(statuses[..5].iter().all(|status| *status == StatusCode::NO_CONTENT), "{form}");
        assert_eq!(statuses[5], last, "{form}");
    }
}

/// What somebody typed too early never comes back on the next person's page.
#[tokio::test]
async fn a_try_that_comes_too_early_belongs_to_its_own_session() {
    let house = House::new().await;
    house.tap("desk", UNKNOWN);
    let number = session(&house.page_with("desk", "register").await);
    for (session, told) in [(number, true), (number.wrapping_sub(1), false)] {
        let form = format!("station=desk&session={session}&lang=en&do=submit&user_id=x%5Bx");
        let (mut status, mut body) = (StatusCode::NO_CONTENT, String::new());
        while status == StatusCode::NO_CONTENT {
            (status, _, body) = house.ask(post("/act", form.clone())).await;
        }
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(code_on(&body) == Some("3065"), told, "{body}");
        assert!(body.contains("data-page=\"register\""), "{body}");
    }
}
