//! The main job, from the tap to the signed-in user, as a person at the panel lives it.

use crate::support::{Browser, Folder, Key, Pcscd, Service, Sim};

const FELICA: &str = "put felica idm=012E4C0000000001";
const PASSWORD: &str = "Red horse 7";

/// Who holds the card: a simulator of its own, or the one inside the service.
pub(crate) trait Hand {
    fn tell(&mut self, line: &str);
}

impl Hand for Sim {
    fn tell(&mut self, line: &str) {
        Sim::tell(self, line);
    }
}

/// `kazasu sim tell`, as a newcomer does it.
pub(crate) struct Tell<'a>(pub(crate) &'a Folder);

impl Hand for Tell<'_> {
    fn tell(&mut self, line: &str) {
        let finished = self.0.kazasu(["sim", "tell", line], "");
        assert_eq!(finished.code, Some(0), "{line}: {finished:#?}");
    }
}

/// Taps, registers, taps again; with the keyboard alone.
pub(crate) fn check(folder: &Folder, service: &mut Service, hand: &mut impl Hand, language: &str) {
    folder.add_user("alice", "Alice", PASSWORD);
    let browser = Browser::open(folder, language, &service.panel);
    let assert_language = || {
        // The page's own words; beside them stands the button for the other language.
        let words = browser.text_of("main").unwrap();
        let japanese = words.chars().any(|c| ('\u{3040}'..='\u{9FFF}').contains(&c));
        assert_eq!(japanese, language == "ja", "{words}");
    };

    browser.wait_for(&["idle"]);
    assert_language();
    hand.tell(FELICA);
    browser.wait_for(&["register"]);
    assert_language();

    // A wrong password first: the reason is shown, the user ID stays, and nothing is bound.
    browser.tab_to("user-id");
    browser.type_text("alice");
    browser.tab_to("password");
    browser.type_text("wrong");
    browser.press(Key::Enter);
    browser.wait_for_code("201");
    browser.wait_for(&["register"]);
    assert_eq!(browser.value_of("#user-id"), "alice");
    assert_eq!(browser.value_of("#password"), "");
    assert!(
        folder.users().iter().all(|user| user["user_id"] != "alice" || user["has_card"] == false)
    );

    browser.tab_to("password");
    browser.type_text(PASSWORD);
    browser.tab_to("submit");
    browser.press(Key::Enter);
    browser.wait_for(&["notice-registered"]);
    let users = folder.users();
    assert_eq!(users.len(), 1, "the provisional record is gone: {users:?}");
    assert_eq!(users[0]["has_card"], true, "{users:?}");

    hand.tell("take");
    browser.wait_for(&["idle"]);
    hand.tell(FELICA);
    browser.wait_for(&["signed-in"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice"));
    service.process.assert_running();
}

fn check_pty(language: &str) {
    let folder = Folder::new();
    let mut sim = Sim::pn532(&folder);
    let mut service = Service::start(&folder, &[&folder.pn532()], None);
    check(&folder, &mut service, &mut sim, language);
}

fn check_pcscd(language: &str) {
    let folder = Folder::new();
    let pcscd = Pcscd::start(folder.path());
    let mut sim = Sim::pcsc(&pcscd);
    let mut service = Service::start(&folder, &["pcsc"], Some(&pcscd));
    check(&folder, &mut service, &mut sim, language);
}

#[test]
fn chromium_pty_en() {
    check_pty("en");
}

#[test]
fn chromium_pty_ja() {
    check_pty("ja");
}

#[test]
fn chromium_pcscd_en() {
    check_pcscd("en");
}

#[test]
fn chromium_pcscd_ja() {
    check_pcscd("ja");
}

/// The service with its own simulator, as `scripts/run --sim` starts it.
#[test]
fn chromium_simulated() {
    let folder = Folder::new();
    let mut service = Service::with_sim(&folder);
    check(&folder, &mut service, &mut Tell(&folder), "en");
}

/// A card that changes its number at each tap could never be recognised: refused, with the reason.
#[test]
fn chromium_random_uid_is_refused() {
    for language in ["en", "ja"] {
        let folder = Folder::new();
        let mut service = Service::with_sim(&folder);
        let browser = Browser::open(&folder, language, &service.panel);
        browser.wait_for(&["idle"]);
        Tell(&folder).tell("put type-a uid=random");
        browser.wait_for(&["notice-problem"]);
        assert_eq!(browser.text_of("[data-code]").as_deref(), Some("K02"), "{}", browser.text());
        assert_eq!(folder.users(), Vec::<serde_json::Value>::new(), "no record is made for it");
        service.process.assert_running();
    }
}
