//! Registration at the panel, as it goes wrong: in real Chromium.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{Browser, Folder, Key, Service};

const CARD: &str = "put felica idm=012E4C00000000A1";
const SECOND: &str = "put felica idm=012E4C00000000A2";
const THIRD: &str = "put felica idm=012E4C00000000A3";
const FOURTH: &str = "put felica idm=012E4C00000000A4";
const PASSWORD: &str = "Red horse 7";

/// Runs a command that has to succeed.
pub(crate) fn done<const N: usize>(folder: &Folder, args: [&str; N], input: &str) {
    let finished = folder.kazasu(args, input);
    assert_eq!(finished.code, Some(0), "{args:?}: {finished:#?}");
}

/// Holds a card over the simulated reader, alone.
pub(crate) fn hold(folder: &Folder, card: &str) {
    for line in ["take", card] {
        done(folder, ["sim", "tell", line], "");
    }
}

/// Types user ID and password, and sends them.
pub(crate) fn send(browser: &Browser, user_id: &str, password: &str) {
    browser.fill("#user-id", user_id);
    browser.fill("#password", password);
    browser.click("#submit");
}

/// Waits for this code, and that the person can read what is wrong.
pub(crate) fn refused(browser: &Browser, page: &str, code: &str) {
    browser.wait_for_code(code);
    browser.wait_for(&[page]);
    browser.assert_sentence_in_sight();
}

/// The user IDs of the records of this kind.
fn ids(folder: &Folder, kind: &str) -> Vec<String> {
    let of_kind = folder.users().into_iter().filter(|user| user["kind"] == kind);
    of_kind.map(|user| user["user_id"].as_str().unwrap().to_owned()).collect()
}

/// S30-4-04, S10-3.6-01: another card replaces the first after a question; a leftover takes a place
/// until another card needs it, and without a place nobody can register.
#[test]
fn chromium_replacement_capacity_and_leftovers() {
    let folder = Folder::new();
    done(&folder, ["config", "set", "capacity.registered=2", "capacity.records=3"], "");
    let mut service = Service::with_sim(&folder);
    folder.add_user("alice", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "en", &service.panel);
    browser.wait_for(&["idle"]);
    hold(&folder, CARD);
    browser.wait_for(&["register"]);
    send(&browser, "alice", PASSWORD);
    browser.wait_for(&["notice-registered"]);

    hold(&folder, SECOND);
    browser.wait_for(&["register"]);
    send(&browser, "alice", PASSWORD);
    browser.wait_for(&["confirm-replace"]);
    browser.assert_sentence_in_sight();
    assert_eq!(browser.focused(), "no", "the key under the finger changes nothing");
    browser.press(Key::Enter);
    browser.wait_for(&["register"]);
    assert_eq!(browser.value_of("#user-id"), "alice");
    browser.fill("#password", PASSWORD);
    browser.click("#submit");
    browser.wait_for(&["confirm-replace"]);
    browser.click("#yes");
    browser.wait_for(&["notice-registered"]);

    // The first card is nobody's now.
    hold(&folder, CARD);
    browser.wait_for(&["register"]);
    browser.click("#cancel");
    browser.wait_for(&["idle"]);
    hold(&folder, THIRD);
    browser.wait_for(&["register"]);
    browser.click("#cancel");
    browser.wait_for(&["idle"]);
    let leftovers = ids(&folder, "provisional");
    assert_eq!(leftovers.len(), 2, "{leftovers:?}");

    // The same unknown card again: the same record.
    hold(&folder, CARD);
    browser.wait_for(&["register"]);
    assert_eq!(ids(&folder, "provisional"), leftovers);
    browser.click("#cancel");
    browser.wait_for(&["idle"]);

    // The oldest gives way to another.
    hold(&folder, FOURTH);
    browser.wait_for(&["register"]);
    let newer = ids(&folder, "provisional");
    assert_eq!(newer, ["012E4C00000000A3", "012E4C00000000A4"]);
    browser.click("#cancel");
    browser.wait_for(&["idle"]);
    done(&folder, ["user", "delete", "--provisional", "--yes"], "");
    folder.add_user("bob", "Bob", PASSWORD);
    done(&folder, ["config", "set", "capacity.registered=1", "capacity.records=2"], "");
    hold(&folder, CARD);
    refused(&browser, "notice-problem", "K01");
    assert_eq!(ids(&folder, "provisional"), [""; 0]);
    assert_eq!(ids(&folder, "registered"), ["alice", "bob"]);
    service.process.assert_running();
}

/// S30-4-02, S30-4-03, S10-3.6-03: where cards need a password, an unknown one gets a new one,
/// typed twice with the on-screen keyboard; nothing is registered while a job runs.
#[test]
fn chromium_passwords_and_a_running_job() {
    let folder = Folder::new();
    done(&folder, ["config", "set", "card.link-mode=password"], "");
    let mut service = Service::with_sim(&folder);
    folder.add_user("alice", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "ja", &service.panel);
    browser.wait_for(&["idle"]);
    hold(&folder, CARD);
    browser.wait_for(&["new-password"]);
    browser.assert_sentence_in_sight();
    let rule = browser.text_of("#password-rule").unwrap();
    assert!(rule.contains('4') && rule.contains("12"), "{rule}");

    // Too short, typed on the screen: "next" goes to the second field, then sends.
    browser.click("#keyboard-open");
    for _ in 0..2 {
        for key in ["a", "b", "c"] {
            browser.click(&format!(".key[data-base={key}]"));
        }
        browser.click(".key[data-does=enter]");
    }
    refused(&browser, "new-password", "K07");
    assert_eq!(browser.value_of("#password") + &browser.value_of("#password-again"), "");
    browser.fill("#password", "abcdef");
    browser.fill("#password-again", "abcdeg");
    assert_ne!(browser.text_of("#password-again-broken").as_deref(), Some(""), "told while typing");
    browser.click("#submit");
    refused(&browser, "new-password", "K08");
    browser.fill("#password", "abcdef");
    browser.fill("#password-again", "abcdef");
    assert_eq!(browser.text_of("#password-again-broken").as_deref(), Some(""));
    browser.press(Key::Enter);
    browser.wait_for(&["register"]);

    done(&folder, ["device", "job-started"], "");
    send(&browser, "alice", PASSWORD);
    refused(&browser, "register", "3063");
    assert_eq!(browser.value_of("#user-id"), "alice");
    done(&folder, ["device", "job-ended"], "");
    browser.fill("#password", PASSWORD);
    browser.press(Key::Enter);
    browser.wait_for(&["notice-registered"]);

    service.process.assert_running();
}

/// S30-4-02, S30-4-08: a card asks for its owner's password; a wrong one ends it. Settings count
/// from the moment they are changed.
#[test]
fn chromium_a_card_asks_for_its_password() {
    let folder = Folder::new();
    let mut service = Service::with_sim(&folder);
    folder.add_user("alice", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "ja", &service.panel);
    browser.wait_for(&["idle"]);
    hold(&folder, CARD);
    browser.wait_for(&["register"]);
    send(&browser, "alice", "wrong");
    refused(&browser, "register", "201");
    assert_eq!(browser.value_of("#user-id"), "alice");
    browser.fill("#password", PASSWORD);
    browser.press(Key::Enter);
    browser.wait_for(&["notice-registered"]);
    done(&folder, ["config", "set", "card.link-mode=password"], "");
    for (password, page) in [("wrong", "notice-problem"), (PASSWORD, "signed-in")] {
        hold(&folder, SECOND);
        browser.wait_for(&["new-password"]);
        hold(&folder, CARD);
        browser.wait_for(&["ask-password"]);
        assert_eq!(browser.focused(), "password");
        browser.type_text(password);
        browser.press(Key::Enter);
        browser.wait_for(&[page]);
        browser.assert_sentence_in_sight();
        let code = browser.text_of("[data-code]");
        assert_eq!(code.as_deref(), (page == "notice-problem").then_some("K06"));
    }
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice"));
    service.process.assert_running();
}

/// The service falls silent while its connection stays: the page says so by itself and comes back
/// by itself. What was typed is out of sight meanwhile, and stays for the moment of a stall only.
#[test]
fn chromium_silent_service() {
    let folder = Folder::new();
    let service = Service::with_sim(&folder);
    let browser = Browser::open(&folder, "en", &service.panel);
    browser.wait_for(&["idle"]);
    browser.click("#authentication-key");
    browser.wait_for(&["sign-in"]);
    browser.fill("#user-id", "alice");
    browser.fill("#password", PASSWORD);
    let signal = |which| kill(Pid::from_raw(service.process.pid().try_into().unwrap()), which);
    let forgotten = "document.querySelector('#user-id').value === ''";
    for (goes_on, id, password) in [(None, "alice", PASSWORD), (Some(forgotten), "", "")] {
        signal(Signal::SIGSTOP).unwrap();
        browser.wait_until("!document.querySelector('#lost').hidden");
        assert!(browser.text().contains("lost its service"), "{}", browser.text());
        if let Some(goes_on) = goes_on {
            browser.wait_until(goes_on);
        }
        signal(Signal::SIGCONT).unwrap();
        browser.wait_until("document.querySelector('#lost').hidden");
        browser.wait_for(&["sign-in"]);
        browser.assert_sentence_in_sight();
        assert_eq!(browser.value_of("#user-id"), id);
        assert_eq!(browser.value_of("#password"), password);
    }
    browser.fill("#user-id", "alice");
    signal(Signal::SIGKILL).unwrap();
    browser.wait_until("!document.querySelector('#lost').hidden");
    browser.wait_until(forgotten);
}
