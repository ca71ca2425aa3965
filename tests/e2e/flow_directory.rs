//! From an unknown card to the signed-in person where a directory vouches: a Samba domain controller,
//! the simulated reader and real Chromium.

use std::fs;

use kazasu_directory_bench::{Pki, Samba, Trouble};
use serde_json::Value;

use crate::{
    panel::{done, refused, send},
    support::{Browser, Domain, Folder, Screens, Service, Watch, json, kazasu, run},
};

const CARD: &str = "012E4C00000000D1";
const SECOND: &str = "012E4C00000000D2";

/// Holds cards over the simulated reader, each a tap of its own.
struct Hand<'a> {
    folder: &'a Folder,
    watch: Watch,
    holds: bool,
}

impl<'a> Hand<'a> {
    fn new(folder: &'a Folder) -> Self {
        let watch = Watch::attached(folder);
        watch.find("attached");
        Self { folder, watch, holds: false }
    }

    fn tap(&mut self, idm: &str) {
        if self.holds {
            done(self.folder, ["sim", "tell", "take"], "");
            self.watch.find("removed");
        }
        done(self.folder, ["sim", "tell", &format!("put felica idm={idm}")], "");
        self.holds = true;
    }
}

/// What the catalogue says of a code.
fn sentence(language: &str, code: &str) -> &'static str {
    let texts = match language {
        "ja" => include_str!("../../registration/texts/i18n/errors.ja.ftl"),
        _ => include_str!("../../registration/texts/i18n/errors.en.ftl"),
    };
    let key = format!("error-{code}-what = ");
    texts.lines().find_map(|line| line.strip_prefix(&key)).unwrap()
}

/// Types credentials on the open registration page, which are refused with this code, in its own
/// sentence; the user ID stays, the password does not.
fn check_refused(browser: &Browser, language: &str, user_id: &str, password: &str, code: &str) {
    send(browser, user_id, password);
    refused(browser, "register", code);
    assert_eq!(browser.text_of("main h1").as_deref(), Some(sentence(language, code)), "{code}");
    assert_eq!(browser.value_of("#user-id"), user_id, "{code}");
    assert_eq!(browser.value_of("#password"), "", "{code}");
}

/// No password stands in the data folder or in the log, and no whole card number in the log.
fn assert_no_secrets(folder: &Folder, service: &mut Service) {
    service.process.assert_running();
    let log = service.process.complaints();
    for secret in ["pass of", "wrong one", "wrong two", "012E4C"] {
        assert!(!log.contains(secret), "{secret} in:\n{log}");
    }
    for file in fs::read_dir(folder.data()).unwrap() {
        let path = file.unwrap().path();
        let Ok(content) = fs::read(&path) else { continue };
        for secret in [&b"pass of"[..], b"wrong one", b"wrong two"] {
            let found = content.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{secret:?} in {}", path.display());
        }
    }
}

fn shown(folder: &Folder, user_id: &str) -> Value {
    let finished = folder.kazasu(["user", "show", user_id, "--json"], "");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    json(&finished.stdout)
}

/// What the audit log says of this person: what was done, and what became of it.
fn audited(folder: &Folder, user_id: &str) -> Vec<[String; 2]> {
    let finished = folder.kazasu(["audit", "export"], "");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let records = finished.stdout.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let theirs = records.filter(|record| record.get(5) == Some(&user_id));
    theirs.map(|record| [record[6].to_owned(), record[7].to_owned()]).collect()
}

/// In remote mode, without a card.
fn sign_in(browser: &Browser, user_id: &str, password: &str) {
    browser.wait_for(&["idle"]);
    browser.click("#authentication-key");
    browser.wait_for(&["ask-who"]);
    browser.click("#as-user");
    browser.wait_for(&["sign-in"]);
    send(browser, user_id, password);
}

fn sign_out(browser: &Browser) {
    browser.click("#authentication-key");
    browser.wait_for(&["idle"]);
}

/// Spec 10 section 3.2: the directory vouches, the device keeps a copy, and from then on it needs
/// no directory. S10-4-04: the password is to be the device's, too.
#[test]
fn chromium_local_method() {
    let domain = Domain::start();
    let folder = Folder::new();
    done(&folder, ["config", "set", "registration.sources=both"], "");
    let mut service = domain.serve(&folder, "");
    let mut hand = Hand::new(&folder);
    let browser = Browser::open(&folder, "en", &service.panel);
    let password = Samba::password("alice");
    let before = domain.samba.people();
    assert!(before.iter().any(|line| line == "displayName: Alice A"), "{before:#?}");

    browser.wait_for(&["idle"]);
    hand.tap(CARD);
    browser.wait_for(&["register"]);
    browser.click("label:has(#source-directory)");
    check_refused(&browser, "en", "alice", &password, "301");
    done(&folder, ["config", "set", "password.max=20"], "");
    domain.relay.set(Trouble::Closes);
    check_refused(&browser, "en", "alice", &password, "081");
    domain.relay.set(Trouble::None);

    // The page still shows the source that was chosen. The ID is written as the directory has it.
    send(&browser, "ALICE", &password);
    browser.wait_for(&["notice-registered"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice A"));
    let users = folder.users();
    assert_eq!(users.len(), 1, "the provisional record is gone: {users:?}");
    assert_eq!((&users[0]["user_id"], &users[0]["has_card"]), (&"alice".into(), &true.into()));
    let alice = shown(&folder, "alice");
    let fields = ["name", "mail", "source", "card", "limits"].map(|field| &alice[field]);
    assert_eq!(fields, ["Alice A", "alice@sim.test", "directory", CARD, ""]);
    assert_eq!(alice["has_password"], true);
    assert_eq!(domain.samba.people(), before, "nothing is written into the directory");

    // Without the directory: by card, and by what was copied of the password.
    domain.relay.set(Trouble::Closes);
    hand.tap(CARD);
    browser.wait_for(&["signed-in"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice A"));
    sign_out(&browser);
    browser.click("#authentication-key");
    browser.wait_for(&["sign-in"]);
    send(&browser, "alice", &password);
    browser.wait_for(&["signed-in"]);
    sign_out(&browser);
    domain.relay.set(Trouble::None);

    // S10-3.6-07: another card, after a question; the first one is nobody's.
    hand.tap(SECOND);
    browser.wait_for(&["register"]);
    browser.click("label:has(#source-directory)");
    send(&browser, "alice", &password);
    browser.wait_for(&["confirm-replace"]);
    browser.click("#yes");
    browser.wait_for(&["notice-registered"]);
    assert_eq!(shown(&folder, "alice")["card"], SECOND);
    hand.tap(CARD);
    browser.wait_for(&["register"]);
    assert_eq!(domain.samba.people(), before);
    assert_no_secrets(&folder, &mut service);
}

/// Spec 10 section 3.3: the card number goes into the person's own entry, and the device keeps
/// nothing of the person.
#[test]
fn chromium_external_method() {
    let mut domain = Domain::start();
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.mode=remote"], "");
    let mut service = domain.serve(&folder, &domain.service_account());
    let mut hand = Hand::new(&folder);
    let browser = Browser::open(&folder, "ja", &service.panel);
    let (password, none) = (Samba::password("alice"), Vec::<Value>::new());

    browser.wait_for(&["idle"]);
    hand.tap(CARD);
    browser.wait_for(&["register"]);
    assert_eq!(folder.users(), none, "no provisional user is made");
    domain.relay.set(Trouble::Silent);
    check_refused(&browser, "ja", "alice", &password, "091");
    domain.relay.set(Trouble::None);
    assert!(domain.samba.values("alice", "pager").is_empty());
    send(&browser, "alice", &password);
    browser.wait_for(&["notice-registered"]);
    assert_eq!(domain.samba.values("alice", "pager"), [CARD]);

    hand.tap(CARD);
    browser.wait_for(&["signed-in"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice A"));
    assert_eq!(folder.users(), none);
    sign_out(&browser);

    // Another card, after a question.
    hand.tap(SECOND);
    browser.wait_for(&["register"]);
    send(&browser, "alice", &password);
    browser.wait_for(&["confirm-replace"]);
    assert_eq!(domain.samba.values("alice", "pager"), [CARD]);
    browser.click("#yes");
    browser.wait_for(&["notice-registered"]);
    assert_eq!(domain.samba.values("alice", "pager"), [SECOND]);
    hand.tap(CARD);
    browser.wait_for(&["register"]);
    browser.click("#cancel");
    browser.wait_for(&["idle"]);

    // The server is killed, and comes back: whoever taps then is signed in, without a restart here.
    domain.samba.kill();
    hand.tap(SECOND);
    refused(&browser, "notice-problem", "081");
    assert_eq!(browser.text_of("main h1").as_deref(), Some(sentence("ja", "081")));
    domain.samba.resume();
    hand.tap(SECOND);
    browser.wait_for(&["signed-in"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice A"));
    sign_out(&browser);

    // Without a card.
    sign_in(&browser, "alice", "wrong one");
    refused(&browser, "notice-problem", "K06");
    browser.click("#cancel");
    sign_in(&browser, "alice", &password);
    browser.wait_for(&["signed-in"]);
    assert_eq!(browser.text_of("[data-name]").as_deref(), Some("Alice A"));
    assert_eq!(folder.users(), none);
    let written = ["Write Card to Directory", "Successful"];
    let wrong = ["Login", "Failed (Invalid Password)"];
    assert_eq!(audited(&folder, "alice"), [written, written, wrong]);
    assert_no_secrets(&folder, &mut service);
}

/// The directory's reasons on the registration page: each in its own sentence, and nothing is
/// stored, neither here nor there. Who is unknown hears what they hear whose password is wrong.
#[test]
fn chromium_reasons_of_the_directory() {
    let domain = Domain::start();
    check_reasons(
        &domain,
        "en",
        &[
            "registration.sources=directory",
            "registration.default-source=directory",
            "password.max=20",
        ],
        &[
            ("alice", "wrong one", "016"),
            ("old", "pass of old", "032"),
            ("initial", "pass of initial", "048"),
            ("gone", "pass of gone", "150"),
            // The device's own: once from one source, never from the other (spec 10 section 3.4).
            ("carol", "pass of carol", "302"),
        ],
    );
    check_reasons(
        &domain,
        "ja",
        &["sign-in.mode=remote"],
        &[
            ("nobody", "wrong two", "016"),
            ("initial", "pass of initial", "048"),
            ("old", "pass of old", "032"),
            ("alice", "wrong one", "016"),
        ],
    );
}

/// Rows of user ID, password and code. Each code differs from the one before it, so that its
/// coming can be waited for; and they are no more than the panel takes at once.
fn check_reasons(domain: &Domain, language: &str, settings: &[&str], rows: &[(&str, &str, &str)]) {
    let folder = Folder::new();
    // All at once: one may be impossible without the other.
    let mut command = kazasu(["config", "set"]);
    command.args(settings).args(["--data", &folder.data()]);
    let finished = run(command, "");
    assert_eq!(finished.code, Some(0), "{settings:?}: {finished:#?}");
    let external = settings.contains(&"sign-in.mode=remote");
    if !external {
        folder.add_user("carol", "Carol", "Red horse 7");
    }
    let mut service = domain.serve(&folder, &domain.service_account());
    let browser = Browser::open(&folder, language, &service.panel);
    browser.wait_for(&["idle"]);
    Hand::new(&folder).tap(CARD);
    browser.wait_for(&["register"]);
    let before = (folder.users(), domain.samba.people());
    for (who, password, code) in rows {
        check_refused(&browser, language, who, password, code);
    }
    assert_eq!((folder.users(), domain.samba.people()), before);
    if external {
        // At sign-in the reason is the same, on a page of its own.
        browser.click("#cancel");
        sign_in(&browser, "old", "pass of old");
        refused(&browser, "notice-problem", "032");
    }
    assert_no_secrets(&folder, &mut service);
}

/// What the check of a directory advises where everybody reads the card attribute: numbers of which
/// no card can be made. File and settings have to agree on it, or nothing is written.
#[test]
fn keyed_numbers_in_the_directory() {
    let domain = Domain::start();
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.mode=remote"], "");
    let keyed = format!("{}keyed = true\n", domain.service_account());
    let mut service = domain.serve(&folder, &keyed);
    let mut hand = Hand::new(&folder);
    let mut panel = Screens::open(&service.panel);
    let before = domain.samba.people();
    panel.find("idle");
    hand.tap(CARD);
    let refused = panel.find("notice-problem");
    assert_eq!(refused.code(), Some("002"));
    assert_eq!(domain.samba.people(), before);

    done(&folder, ["card", "rule", "set", "keyed"], "");
    hand.tap(CARD);
    let page = panel.find("register");
    let typed = [("user_id", "alice"), ("password", "pass+of+alice"), ("source", "directory")];
    panel.press(&page, "submit", &typed);
    panel.find("notice-registered");
    let pager = domain.samba.values("alice", "pager");
    let is_keyed = |number: &String| number.len() == 32 && !number.contains(CARD);
    assert!(pager.len() == 1 && pager.iter().all(is_keyed), "{pager:?}");
    hand.tap(CARD);
    panel.find("signed-in");
    assert_no_secrets(&folder, &mut service);
}

/// `kazasu directory remove-card`, through the running service and without one: the card is unknown
/// from then on, and the log says whose it was.
#[test]
fn an_administrator_deletes_a_card() {
    let domain = Domain::start();
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.mode=remote"], "");
    let typed = [("user_id", "alice"), ("password", "pass+of+alice"), ("source", "directory")];
    let check_removed = || {
        let words = ["directory", "remove-card", "--card", CARD, "--json"];
        let removed = folder.kazasu(words, "");
        assert_eq!(removed.code, Some(0), "{removed:#?}");
        assert_eq!(json(&removed.stdout)["user_id"], "alice");
        assert!(domain.samba.values("alice", "pager").is_empty());
        let again = folder.kazasu(["directory", "remove-card", "alice"], "");
        assert_eq!(again.code, Some(1), "{again:#?}");
    };
    for is_running in [true, false] {
        let mut service = domain.serve(&folder, &domain.service_account());
        let mut hand = Hand::new(&folder);
        let mut panel = Screens::open(&service.panel);
        panel.find("idle");
        hand.tap(CARD);
        let page = panel.find("register");
        panel.press(&page, "submit", &typed);
        panel.find("notice-registered");
        assert_eq!(domain.samba.values("alice", "pager"), [CARD]);
        if is_running {
            check_removed();
            hand.tap(CARD);
            panel.find("register");
        }
        assert_no_secrets(&folder, &mut service);
        assert!(service.process.terminate().success());
    }
    check_removed();
    let log = folder.kazasu(["audit", "export", "--json", "--user", "alice"], "");
    let events: Vec<_> = log.stdout.lines().map(|line| json(line)["event"].clone()).collect();
    assert_eq!(events, ["card-written", "card-erased", "card-written", "card-erased"]);
}

/// S30-4-13: cancelling, or another card, ends a sign-in that waits for the directory. What the
/// directory says later signs nobody in, and counts against nobody. The service starts while the
/// directory is away.
#[test]
fn a_sign_in_that_is_given_up() {
    let domain = Domain::start();
    let folder = Folder::new();
    done(&folder, ["config", "set", "sign-in.mode=remote", "lock-out.user=2"], "");
    domain.relay.set(Trouble::Closes);
    let mut service = domain.serve(&folder, &domain.service_account());
    let mut hand = Hand::new(&folder);
    let mut panel = Screens::open(&service.panel);
    hand.tap(CARD);
    let refused = panel.find("notice-problem");
    assert_eq!(refused.code(), Some("081"));
    panel.press(&refused, "cancel", &[]);
    domain.relay.set(Trouble::None);

    let type_in = |panel: &mut Screens, password: &str| {
        let mut page = panel.find("idle");
        for (button, next) in [("authentication-key", "ask-who"), ("as-user", "sign-in")] {
            panel.press(&page, button, &[]);
            page = panel.find(next);
        }
        panel.press(&page, "sign-in", &[("user_id", "alice"), ("password", password)]);
    };
    for (password, by_card) in [("wrong+one", false), ("wrong+two", true)] {
        domain.samba.process().hang();
        type_in(&mut panel, password);
        let mut page = panel.find("checking");
        if by_card {
            hand.tap(SECOND);
        } else {
            panel.press(&page, "cancel", &[]);
        }
        panel.find("idle");
        domain.samba.process().go_on();
        hand.tap(CARD);
        loop {
            page = panel.next().expect("the registration page of the card");
            if page.page() == "register" {
                break;
            }
            assert_eq!(page.page(), "reading", "{page:?}");
        }
        panel.press(&page, "cancel", &[]);
    }
    // Two wrong passwords would have locked.
    type_in(&mut panel, "pass+of+alice");
    panel.find("signed-in");
    assert_no_secrets(&folder, &mut service);
}

/// `kazasu directory check`, as an administrator runs it before anybody relies on the directory.
#[test]
fn directory_check() {
    let domain = Domain::start();
    let folder = Folder::new();
    let check = |ca: &str, more: &str, code: i32, words: &[&str]| {
        let config = folder.join("checked.toml");
        fs::write(&config, domain.section(ca, more)).unwrap();
        let args = ["directory", "check", "--json", "--config", &config];
        let args = [&args[..], &["--user", "alice", "--password-stdin"]].concat();
        let args: [&str; 8] = args.try_into().unwrap();
        let finished = folder.kazasu(args, "pass of alice\n");
        assert_eq!(finished.code, Some(code), "{finished:#?}");
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!said.contains("pass of") && !said.contains("012E4C"), "{said}");
        let findings: Vec<_> = finished.stdout.lines().map(json).collect();
        let bad = findings.iter().filter(|finding| finding["severity"] != "fine");
        let bad: Vec<_> = bad.map(|finding| finding["finding"].as_str().unwrap()).collect();
        assert_eq!(bad, words, "{findings:#?}");
        findings
    };
    let of = |findings: &[Value], word: &str, field: &str| {
        let finding = findings.iter().find(|finding| finding["finding"] == word).unwrap();
        finding[field].as_str().unwrap().to_owned()
    };
    let ca = domain.samba.pki().root_pem();
    let service = domain.service_account();

    // The domain locks after three wrong passwords, this device after five.
    check(ca, &service, 1, &["lock-out", "card-index", "read-others", "duplicates", "foreign"]);
    done(&folder, ["config", "set", "lock-out.user=2"], "");
    // Everybody reads everybody's pager: it works, but cards can be copied.
    let some = "person_filter = '(&(objectClass=user)(!(sAMAccountName=twin*)))'\n";
    let words = ["card-index", "read-others", "foreign"];
    let findings = check(ca, &format!("{service}{some}"), 0, &words);
    assert!(of(&findings, "read-others", "message").contains("read others' pager"));
    assert!(of(&findings, "read-others", "remedy").contains("card.number=keyed"));
    assert_eq!(of(&findings, "write-own", "severity"), "fine");
    let words = ["card-index", "read-others", "duplicates", "foreign"];
    let findings = check(ca, &service, 1, &words);
    assert!(of(&findings, "duplicates", "message").contains("those of twin1, twin2."));
    assert!(of(&findings, "foreign", "message").contains("those of carol."));
    // What is a card number is the site's rule to say.
    done(&folder, ["card", "rule", "set", "digits=decimal"], "");
    let words = ["card-index", "read-others", "foreign"];
    let findings = check(ca, &service, 0, &words);
    assert!(of(&findings, "foreign", "message").contains("the rule digits=decimal makes none"));
    done(&folder, ["card", "rule", "set", "digits=hex"], "");

    let stranger = Pki::new();
    let findings = check(stranger.root_pem(), "", 1, &["certificate"]);
    let said = of(&findings, "certificate", "message");
    assert!(said.contains("put its root certificate into ca_file (fault 016-523)"), "{said}");
    assert!(of(&findings, "certificate", "remedy").contains("008"));

    domain.relay.set(Trouble::Closes);
    let findings = check(ca, "", 1, &["connection"]);
    assert!(of(&findings, "connection", "remedy").contains("081"), "{findings:#?}");
}
