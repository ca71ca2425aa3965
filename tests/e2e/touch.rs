//! The panel by fingers alone: real touches in real Chromium, on small and on large screens.

use serde_json::json;

use crate::{
    panel::{done, hold},
    support::{Browser, Folder, Service},
};

const CARD: &str = "put felica idm=012E4C00000000A1";
const PASSWORD: &str = "aB1-";

/// The screens: a device's panel, lying and standing, a phone, a tablet.
const SIZES: [(u32, u32); 4] = [(800, 480), (480, 800), (360, 640), (1024, 600)];
/// Smaller ones, and a device's panel at 200 %.
const SMALL: [(u32, u32); 2] = [(480, 320), (400, 240)];

const LANGUAGES: [&str; 2] = ["ja", "en"];

/// What came of each touch on a field, as its click ends: what is typed, who has the focus, whether
/// the field is seen and the keyboard is up. Then everything is as before the touch.
const LOOK: &str = "window.seen = [];
    window.looks ??= addEventListener('click', (event) => {
        const input = event.target;
        if (!event.isTrusted || !input.matches('.field input')) return;
        const inputs = [...document.querySelectorAll('.field input')];
        const r = input.getBoundingClientRect();
        const over = [r.top + 1, r.bottom - 1].map(
            (y) => document.elementFromPoint(r.left + r.width / 2, y));
        const whole = r.height > 40 && r.left >= 0 && r.right <= innerWidth
            && over.every((e) => e === input);
        window.seen.push([inputs.map((i) => i.value).join(''), document.activeElement.id, whole,
            !document.querySelector('#keyboard').hidden]);
        document.querySelector('.key[data-does=close]').click();
        document.activeElement.blur();
        for (const i of inputs) i.value = '';
        scrollTo(0, 0);
    }) ?? true;";

/// The rows of pixels of a field, and its middle.
fn rows(browser: &Browser, field: &str) -> (f64, Vec<f64>) {
    let found = browser.eval(&format!(
        "const r = document.querySelector('#{field}').getBoundingClientRect();
        return [r.left + r.width / 2, r.top, r.bottom]"
    ));
    let number = |at: usize| found[at].as_f64().unwrap();
    let (mut y, mut rows) = (number(1) + 0.5, Vec::new());
    while y < number(2) {
        rows.push(y);
        y += 1.0;
    }
    assert!(rows.len() > 40, "{field}: {found}");
    (number(0), rows)
}

/// Types on the screen, into whatever the keys go to.
fn type_by_touch(browser: &Browser, text: &str) {
    for sign in text.chars() {
        let layer = match sign {
            'A'..='Z' => "shift",
            'a'..='z' | '0'..='9' => "base",
            _ => "signs",
        };
        if layer != "base" {
            browser.touch(&format!(".key[data-layer={layer}]"));
        }
        browser.touch(&format!(".key[data-{layer}='{sign}']"));
        if layer == "signs" {
            browser.touch(".key[data-layer=signs]");
        }
    }
}

fn tap(folder: &Folder, browser: &Browser, card: &str, page: &str) {
    hold(folder, card);
    browser.wait_for(&[page]);
}

/// Every row of pixels of both fields, each touched once: nothing is typed, the field has the focus
/// and is seen above the keyboard.
#[test]
fn chromium_touching_a_field_types_nothing() {
    let folder = Folder::new();
    // Reading the pages takes as long as the test does.
    done(&folder, ["config", "set", "panel.auto-clear-s=900"], "");
    let mut service = Service::with_sim(&folder);
    let browser = Browser::open(&folder, "ja", &service.panel);
    tap(&folder, &browser, CARD, "register");
    let mut touches = 0;
    for language in LANGUAGES {
        browser.reopen(language);
        browser.wait_for(&["register"]);
        for (width, height) in SIZES.into_iter().chain(SMALL) {
            browser.resize(width, height);
            for field in ["user-id", "password"] {
                let (x, all) = rows(&browser, field);
                let small = SMALL.contains(&(width, height));
                let all: Vec<_> = all.into_iter().step_by(if small { 12 } else { 1 }).collect();
                browser.eval(LOOK);
                browser.touch_all(&all.iter().map(|y| (x, *y)).collect::<Vec<_>>());
                let seen = browser.eval("return window.seen");
                let seen = seen.as_array().unwrap();
                let case = format!("{field} of {width}x{height} {language}");
                assert_eq!(seen.len(), all.len(), "{case}: every touch is the field's: {seen:?}");
                for (y, seen) in all.iter().zip(seen) {
                    assert_eq!(*seen, json!(["", field, true, true]), "{case} at {x} {y}");
                }
                touches += all.len();
            }
        }
    }
    assert!(touches > 900, "{touches}");
    service.process.assert_running();
}

/// Registration without a keyboard or a mouse, from the unknown card to the stored record, and what
/// touches come before and between: a double tap on a field, and from field to field.
#[test]
fn chromium_registration_by_fingers_alone_in_japanese() {
    registration("ja");
}

#[test]
fn chromium_registration_by_fingers_alone_in_english() {
    registration("en");
}

/// No more registrations than a station takes in a row.
fn registration(language: &str) {
    let folder = Folder::new();
    done(&folder, ["config", "set", "panel.auto-clear-s=60"], "");
    let mut service = Service::with_sim(&folder);
    folder.add_user("a1", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "ja", &service.panel);
    browser.reopen(language);
    browser.wait_for(&["idle"]);
    for (round, (width, height)) in SIZES.into_iter().enumerate() {
        browser.resize(width, height);
        let case = format!("{width}x{height} {language}");
        tap(&folder, &browser, &format!("put felica idm=012E4C00000001{round:02X}"), "register");

        // The second half of a double tap is meant for the field as well.
        for field in ["password", "user-id"] {
            let (x, all) = rows(&browser, field);
            browser.touch_at(x, *all.last().unwrap(), 2);
            assert_eq!(browser.focused(), field, "{case}");
            let typed = ["#user-id", "#password"].map(|field| browser.value_of(field));
            assert_eq!(typed, ["", ""], "{case}: twice on {field}");
            browser.touch(".key[data-does=close]");
        }
        browser.touch("#user-id");
        type_by_touch(&browser, "a1");
        // Touches beside the field and between the keys leave the focus where it is.
        browser.touch_at(4.0, rows(&browser, "user-id").1[20], 1);
        assert_eq!(browser.focused(), "user-id", "{case}");
        browser.touch(".key[data-does=enter]");
        type_by_touch(&browser, PASSWORD);
        assert_eq!(browser.value_of("#user-id"), "a1", "{case}");
        assert_eq!(browser.value_of("#password"), PASSWORD, "{case}");
        browser.touch(".key[data-does=enter]");
        if browser.wait_for(&["notice-registered", "confirm-replace"]) == "confirm-replace" {
            browser.touch("#yes");
            browser.wait_for(&["notice-registered"]);
        }
        if round == 0 {
            kept_by_touch(&browser);
        }
        browser.touch("#cancel");
        browser.wait_for(&["idle"]);
    }
    let users = folder.users();
    let alice = users.iter().find(|user| user["user_id"] == "a1").unwrap();
    assert_eq!(alice["has_card"], true, "{users:?}");
    service.process.assert_running();
}

/// A result says that it closes in its last seconds only, and a touch keeps it.
fn kept_by_touch(browser: &Browser) {
    let left = "Number(document.querySelector('#screen').dataset.clears)";
    let before = browser.eval(&format!("return {left}")).as_f64().unwrap();
    assert!(before <= 8000.0, "{before}");
    browser.wait_until("!document.querySelector('#clears').hidden");
    browser.touch("main h1");
    browser.wait_until(&format!("{left} > 50000"));
    browser.wait_until("document.querySelector('#clears').hidden");
    browser.wait_for(&["notice-registered"]);
}

/// Giving up one's card: the way back is the larger button, and no touch that opened the question
/// answers it.
#[test]
fn chromium_giving_up_a_card_has_a_way_back() {
    let folder = Folder::new();
    done(&folder, ["config", "set", "own-record.unlink-card=true"], "");
    let mut service = Service::with_sim(&folder);
    folder.add_user("a1", "Alice", PASSWORD);
    let browser = Browser::open(&folder, "ja", &service.panel);
    tap(&folder, &browser, CARD, "register");
    browser.fill("#user-id", "a1");
    browser.fill("#password", PASSWORD);
    browser.click("#submit");
    browser.wait_for(&["notice-registered"]);
    done(&folder, ["sim", "tell", "take"], "");
    browser.click("#cancel");
    let area = |id: &str| {
        let script = format!(
            "const r = document.querySelector('{id}').getBoundingClientRect();
            return r.top >= 0 && r.bottom <= innerHeight ? r.width * r.height : 0"
        );
        browser.eval(&script).as_f64().unwrap()
    };
    for (at, (width, height)) in SIZES.into_iter().enumerate() {
        let language = LANGUAGES[at % 2];
        let case = format!("{width}x{height} {language}");
        // A page that was just opened takes no touch for the second half of a double tap.
        browser.reopen(language);
        browser.wait_for(&["idle"]);
        browser.resize(width, height);
        done(&folder, ["sim", "tell", CARD], "");
        browser.wait_for(&["signed-in"]);
        // So early that the next tap is one.
        done(&folder, ["sim", "tell", "take"], "");
        browser.touch("#open-own");
        browser.wait_for(&["own-record"]);
        let summary = browser.eval(
            "const summary = document.querySelector('#unlink-card summary');
            summary.scrollIntoView({ block: 'nearest' });
            const r = summary.getBoundingClientRect();
            return [r.left + 30, r.top + 30]",
        );
        // Twice: were the button under the finger by then, the card would be gone.
        let at = |index: usize| summary[index].as_f64().unwrap();
        browser.touch_at(at(0), at(1), 2);
        browser.wait_for(&["own-record"]);
        if browser.eval("return document.querySelector('#unlink-card').open") != true {
            browser.touch("#unlink-card summary");
        }
        let (keep, give_up) = (area("#unlink-keep"), area("#unlink"));
        assert!(give_up > 0.0 && keep > 1.2 * give_up, "{case}: {keep} {give_up}");
        browser.touch("#unlink-keep");
        browser.wait_for(&["signed-in"]);
        browser.touch("#authentication-key");
        browser.wait_for(&["idle"]);
    }
    let users = folder.users();
    let alice = users.iter().find(|user| user["user_id"] == "a1").unwrap();
    assert_eq!(alice["has_card"], true, "{users:?}");
    service.process.assert_running();
}

/// The first sentence is whole, wherever the reader stands and however small the screen is.
#[test]
fn chromium_the_first_sentence_is_whole_on_every_screen() {
    let folder = Folder::new();
    let config = folder.join("kazasu.toml");
    let mut browser: Option<Browser> = None;
    for place in ["left", "right", "below"] {
        std::fs::write(&config, format!("[panel]\nreader_place = \"{place}\"\n")).unwrap();
        let mut command = Service::command_with_sim(&folder);
        command.args(["--config", &config]);
        let mut service = Service::ready(command);
        if let Some(browser) = &browser {
            browser.visit(&service.panel);
        }
        let browser = browser.get_or_insert_with(|| Browser::open(&folder, "ja", &service.panel));
        for language in LANGUAGES {
            browser.reopen(language);
            browser.wait_for(&["idle"]);
            let sizes = SIZES.into_iter().chain(SMALL);
            for (width, height) in sizes.chain([(320, 480), (1920, 1080)]) {
                browser.resize(width, height);
                let seen = browser.eval(
                    "const r = document.querySelector('main h1').getBoundingClientRect();
                    const [first, last] = [r.left, r.right - 1].map(
                        (x) => x >= 0 && x <= innerWidth);
                    const p = document.querySelector('.picture').getBoundingClientRect();
                    return [first, last, r.top >= 0, r.bottom <= innerHeight,
                        document.documentElement.scrollWidth <= innerWidth,
                        p.left < r.left ? 'left' : p.left > r.left + 100 ? 'right' : 'above']",
                );
                let case = format!("{place} {width}x{height} {language}: {seen}");
                for at in 0..5 {
                    assert_eq!(seen[at], true, "{case}");
                }
                if width > height {
                    let side = if place == "right" { "right" } else { "left" };
                    assert_eq!(seen[5], side, "{case}");
                }
            }
        }
        service.process.assert_running();
    }
}
