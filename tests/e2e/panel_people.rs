//! People at the panel without a card, and what they change of their own record: in real Chromium.

use crate::{
    panel::{done, hold, refused, send},
    support::{Browser, Folder, Key, Service},
};

const CARD: &str = "put felica idm=012E4C00000000B1";
const OTHER: &str = "put felica idm=012E4C00000000B2";
const PASSWORD: &str = "Red horse 7";
const NEW: &str = "Blue sky 12";

fn sign_in(browser: &Browser, user_id: &str, password: &str) {
    browser.wait_for(&["idle"]);
    browser.click("#authentication-key");
    browser.wait_for(&["sign-in"]);
    send(browser, user_id, password);
}

/// Spec 10 section 6: name, mail and password of one's own; what is wrong is said, what was typed
/// stays.
#[test]
fn chromium_own_record() {
    let folder = Folder::new();
    let mut service = Service::with_sim(&folder);
    folder.add_user("alice", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "en", &service.panel);
    sign_in(&browser, "alice", PASSWORD);
    browser.wait_for(&["signed-in"]);

    browser.click("#open-own");
    browser.wait_for(&["own-record"]);
    browser.assert_sentence_in_sight();
    browser.fill("#name", "Alice B");
    browser.fill("#mail", "alice@example.org");
    browser.click("#submit");
    browser.wait_for(&["signed-in"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice B"));
    let alice = &folder.users()[0];
    assert_eq!((&alice["name"], &alice["mail"]), (&"Alice B".into(), &"alice@example.org".into()));

    // Three things that are refused. The name typed beside them stays, passwords never do.
    browser.click("#open-own");
    browser.wait_for(&["own-record"]);
    browser.fill("#name", "Alicia");
    browser.click("#change-password summary");
    let rows = [
        ("wrong", NEW, NEW, "751"),
        (PASSWORD, NEW, "Blue sky 13", "K08"),
        (PASSWORD, "abc", "abc", "301"),
    ];
    for (current, new, again, code) in rows {
        browser.fill("#current-password", current);
        browser.fill("#password", new);
        browser.fill("#password-again", again);
        browser.click("#submit");
        refused(&browser, "own-record", code);
        assert_eq!(browser.value_of("#name"), "Alicia", "{code}");
        for field in ["#current-password", "#password", "#password-again"] {
            assert_eq!(browser.value_of(field), "", "{code} {field}");
        }
    }
    browser.click("#reset");
    assert_eq!(browser.value_of("#name"), "Alice B", "what was there is back");
    browser.fill("#current-password", PASSWORD);
    browser.fill("#password", NEW);
    browser.fill("#password-again", NEW);
    browser.press(Key::Enter);
    browser.wait_for(&["signed-in"]);
    assert!(browser.text().contains("saved"), "{}", browser.text());
    service.process.assert_running();
}

/// Spec 10 section 6, S30-4-11: a changed password is the one that counts; a card can be given up.
/// A card that is held ends a session begun at the panel.
#[test]
fn chromium_changed_password_and_given_up_card() {
    let folder = Folder::new();
    done(&folder, ["config", "set", "own-record.unlink-card=true"], "");
    let mut service = Service::with_sim(&folder);
    folder.add_user("alice", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "ja", &service.panel);
    sign_in(&browser, "alice", PASSWORD);
    browser.wait_for(&["signed-in"]);
    browser.click("#open-own");
    browser.wait_for(&["own-record"]);
    browser.click("#change-password summary");
    browser.fill("#current-password", PASSWORD);
    browser.fill("#password", NEW);
    browser.fill("#password-again", NEW);
    browser.press(Key::Enter);
    browser.wait_for(&["signed-in"]);
    browser.click("#authentication-key");
    sign_in(&browser, "alice", PASSWORD);
    refused(&browser, "notice-problem", "K06");
    browser.click("#cancel");
    sign_in(&browser, "alice", NEW);
    browser.wait_for(&["signed-in"]);

    hold(&folder, CARD);
    browser.wait_for(&["register"]);
    send(&browser, "alice", NEW);
    browser.wait_for(&["notice-registered"]);
    hold(&folder, OTHER);
    browser.wait_for(&["register"]);
    browser.click("#cancel");
    hold(&folder, CARD);
    browser.wait_for(&["signed-in"]);
    browser.click("#open-own");
    browser.wait_for(&["own-record"]);
    browser.click("#unlink-card summary");
    browser.click("#unlink");
    browser.wait_for(&["notice-unlinked"]);
    let users = folder.users();
    let alice = users.iter().find(|user| user["user_id"] == "alice").unwrap();
    assert_eq!(alice["has_card"], false, "{users:?}");
    service.process.assert_running();
}

/// S30-4-06, S30-4-16, S30-4-18, S30-4-19: administrator and engineer, with the keyboard alone;
/// the special key is reached with it too.
#[test]
fn chromium_administrator_and_engineer() {
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.panel=card-only", "accessories.payment=fitted"], "");
    for which in ["administrator", "engineer"] {
        done(&folder, ["config", "password", which, "--password-stdin"], &format!("{PASSWORD}\n"));
    }
    let mut service = Service::with_sim(&folder);
    let browser = Browser::open(&folder, "ja", &service.panel);
    browser.wait_for(&["idle"]);
    let open = || {
        browser.wait_for(&["idle"]);
        browser.tab_to("authentication-key");
        browser.press(Key::Enter);
        browser.wait_for(&["sign-in"]);
        browser.tab_to("user-id");
        browser.type_text("admin");
        browser.press(Key::Enter);
        assert_eq!(browser.focused(), "password", "Enter goes on");
    };
    open();
    browser.type_text("wrong");
    browser.press(Key::Enter);
    refused(&browser, "notice-problem", "K06");
    browser.press(Key::Enter);
    open();
    browser.type_text(PASSWORD);
    browser.press(Key::Enter);
    browser.wait_for(&["administrator"]);
    browser.assert_sentence_in_sight();
    done(&folder, ["device", "reset-key"], "");
    browser.wait_for(&["idle"]);

    browser.tab_to("special-key");
    browser.press(Key::Enter);
    browser.wait_for(&["engineer-password"]);
    assert_eq!(browser.focused(), "password");
    browser.type_text(PASSWORD);
    browser.press(Key::Enter);
    browser.wait_for(&["engineer"]);
    browser.press(Key::Enter);
    browser.wait_for(&["idle"]);

    // Paid: nobody signs in, and the page says so.
    let before = browser.text();
    done(&folder, ["device", "payment-enabled"], "");
    browser.wait_until("document.querySelector('main').innerText.includes('料金')");
    done(&folder, ["device", "payment-disabled"], "");
    browser.wait_until("!document.querySelector('main').innerText.includes('料金')");
    assert_eq!(browser.text(), before);
    service.process.assert_running();
}

/// S30-4-06, S30-4-15: remote mode asks who signs in; a guest does; the language somebody chose
/// stays for that person and goes with them. The sign-in page shows by itself on waking, if so set.
#[test]
fn chromium_guest_and_languages() {
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.mode=remote", "sign-in.guests=true"], "");
    done(&folder, ["config", "password", "guest", "--password-stdin"], &format!("{PASSWORD}\n"));
    let mut service = Service::with_sim(&folder);
    let browser = Browser::open(&folder, "ja", &service.panel);
    browser.wait_for(&["idle"]);
    browser.click("#language");
    browser.wait_until("document.documentElement.lang === 'en'");
    browser.click("#authentication-key");
    browser.wait_for(&["ask-who"]);
    browser.click("#as-guest");
    browser.wait_for(&["sign-in"]);
    browser.fill("#password", PASSWORD);
    browser.click("#submit");
    browser.wait_for(&["guest"]);
    assert!(browser.text().contains("as a guest"), "still in English: {}", browser.text());
    browser.click("#authentication-key");
    browser.wait_until("document.documentElement.lang === 'ja'");
    browser.wait_for(&["idle"]);

    done(&folder, ["config", "set", "sign-in.page-by-itself=true"], "");
    done(&folder, ["device", "power-save"], "");
    browser.wait_for(&["idle"]);
    done(&folder, ["device", "waking"], "");
    browser.wait_for(&["ask-who"]);
    service.process.assert_running();
}
