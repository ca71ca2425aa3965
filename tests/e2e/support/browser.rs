//! Chromium, driven through chromedriver: a panel of 800x480 with a keyboard and nothing else.

use std::{
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, KeyAction, KeyActions},
    error::CmdError,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Folder, Process, pairing, tool};

/// Two browsers at once on two cores make every test slow.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The size of a device's panel.
const WIDTH: u32 = 800;
const HEIGHT: u32 = 480;

/// Waits in the page until `main` is one of the wanted pages; answers with which.
const WAIT_FOR_PAGE: &str = r"
    const [wanted, done] = arguments;
    const watcher = new MutationObserver(look);
    function look() {
        const page = document.querySelector('main')?.dataset.page;
        if (wanted.includes(page)) { watcher.disconnect(); done(page); }
    }
    watcher.observe(document, { subtree: true, childList: true, attributes: true });
    look();
";

/// The same for an error code.
const WAIT_FOR_CODE: &str = r"
    const [wanted, done] = arguments;
    const watcher = new MutationObserver(look);
    function look() {
        const code = document.querySelector('[data-code]')?.textContent.trim();
        if (code === wanted) { watcher.disconnect(); done(code); }
    }
    watcher.observe(document, { subtree: true, childList: true, characterData: true });
    look();
";

/// Waits in the page until `EXPRESSION` is true. A field's value changes without a mutation.
const WAIT_UNTIL: &str = r"
    const [wanted, done] = arguments;
    const timer = setInterval(look, 50);
    function look() {
        if (EXPRESSION) { clearInterval(timer); done(wanted); }
    }
    look();
";

/// How long a page may take to come.
const PAGE: Duration = Duration::from_secs(15);
/// More focusable things than any page has.
const TABS_MAX: usize = 20;

/// Keys without a sign.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Enter,
    Tab,
}

pub(crate) struct Browser {
    pub(super) runtime: Runtime,
    pub(super) client: Client,
    /// Where chromedriver listens.
    pub(super) port: u16,
    _driver: Process,
    _alone: MutexGuard<'static, ()>,
}

impl Browser {
    /// Opens this link as somebody who reads this language does (`ja`, `en`).
    pub(crate) fn open(folder: &Folder, language: &str, link: &str) -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::new(tool("chromedriver"));
        command.arg("--port=0").env("HOME", folder.path());
        let driver = Process::start("chromedriver", command);
        let port: u16 = driver.find_within(PAGE, "the port of chromedriver", |line| {
            line.strip_prefix("ChromeDriver was started successfully on port ")?
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        let options = json!({
            "goog:chromeOptions": {
                "binary": tool("chromium"),
                "args": [
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--no-first-run",
                    format!("--user-data-dir={}", folder.join("chromium")),
                    format!("--accept-lang={language}"),
                ],
                "prefs": { "intl.accept_languages": language },
                "mobileEmulation": {
                    "deviceMetrics": {
                        "width": WIDTH, "height": HEIGHT, "pixelRatio": 1.0,
                        "touch": false, "mobile": false,
                    },
                },
            },
        });
        let Value::Object(options) = options else { unreachable!("an object was written above") };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let client = runtime
            .block_on(
                ClientBuilder::new(HttpConnector::new())
                    .capabilities(options)
                    .connect(&format!("http://127.0.0.1:{port}")),
            )
            .expect("a session of Chromium");
        let browser = Self { runtime, client, port, _driver: driver, _alone: alone };
        browser.runtime.block_on(browser.client.goto(&pairing::fresh(link))).unwrap();
        let size = browser.eval("return [innerWidth, innerHeight]");
        assert_eq!(size, json!([WIDTH, HEIGHT]), "the panel's size");
        let shown = browser.eval("return document.documentElement.lang");
        assert_eq!(shown, language, "the page's language");
        browser
    }

    /// Runs a script in the page.
    pub(crate) fn eval(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, vec![])).unwrap()
    }

    /// Waits until the panel shows one of these pages; which.
    pub(crate) fn wait_for(&self, pages: &[&str]) -> String {
        self.wait(WAIT_FOR_PAGE, json!(pages), &format!("page {pages:?}"))
    }

    pub(super) fn wait(&self, script: &str, wanted: Value, what: &str) -> String {
        let wait = async {
            loop {
                match self.client.execute_async(script, vec![wanted.clone()]).await {
                    Ok(found) => return found.as_str().unwrap().to_owned(),
                    // The page was loaded anew meanwhile.
                    Err(CmdError::Standard(error)) if error.message.contains("unloaded") => {}
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let found = self.runtime.block_on(async { tokio::time::timeout(PAGE, wait).await });
        found.unwrap_or_else(|_| panic!("no {what} within {PAGE:?}; there is: {}", self.text()))
    }

    /// Waits until the panel shows this error code.
    pub(crate) fn wait_for_code(&self, code: &str) {
        self.wait(WAIT_FOR_CODE, json!(code), &format!("code {code}"));
    }

    /// Waits until this expression is true in the page.
    pub(crate) fn wait_until(&self, expression: &str) {
        let script = WAIT_UNTIL.replace("EXPRESSION", expression);
        self.wait(&script, json!(expression), expression);
    }

    /// What stands in an input field.
    pub(crate) fn value_of(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0]).value";
        let value = self.runtime.block_on(self.client.execute(script, vec![json!(selector)]));
        value.unwrap().as_str().unwrap().to_owned()
    }

    /// What a person reads.
    pub(crate) fn text(&self) -> String {
        let text = self.eval("return document.body.innerText");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The text of the first element that this selector finds.
    pub(crate) fn text_of(&self, selector: &str) -> Option<String> {
        let found = self.runtime.block_on(self.client.execute(
            "return document.querySelector(arguments[0])?.textContent.trim()",
            vec![json!(selector)],
        ));
        found.unwrap().as_str().map(str::to_owned)
    }

    /// Presses what this selector finds, with the pointer.
    pub(crate) fn click(&self, selector: &str) {
        let click = async { self.client.find(Locator::Css(selector)).await?.click().await };
        self.runtime.block_on(click).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Puts a text into a field in place of what is there.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let fill = async {
            let field = self.client.find(Locator::Css(selector)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        self.runtime.block_on(fill).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// The id of whatever has the focus.
    pub(crate) fn focused(&self) -> String {
        let id = self.eval("return document.activeElement.id");
        id.as_str().unwrap_or_default().to_owned()
    }

    /// Fails unless the main sentence is seen whole, and nothing is wider than the screen.
    pub(crate) fn assert_sentence_in_sight(&self) {
        let seen = self.eval(
            "const r = document.querySelector('main h1').getBoundingClientRect();
            return [r.height > 0 && r.top >= 0 && r.bottom <= innerHeight,
                document.documentElement.scrollWidth <= innerWidth]",
        );
        assert_eq!(seen, json!([true, true]), "{}", self.text());
    }

    /// Types on the keyboard, into whatever has the focus.
    pub(crate) fn type_text(&self, text: &str) {
        self.press_all(text.chars());
    }

    pub(crate) fn press(&self, key: Key) {
        let key = match key {
            Key::Enter => fantoccini::key::Key::Enter,
            Key::Tab => fantoccini::key::Key::Tab,
        };
        self.press_all([char::from(key)]);
    }

    fn press_all(&self, keys: impl IntoIterator<Item = char>) {
        let actions =
            keys.into_iter().fold(KeyActions::new("keyboard".into()), |actions, value| {
                actions.then(KeyAction::Down { value }).then(KeyAction::Up { value })
            });
        self.runtime.block_on(self.client.perform_actions(actions)).unwrap();
    }

    /// Presses Tab until the element with this id has the focus, and fails unless it is then seen.
    pub(crate) fn tab_to(&self, id: &str) {
        let focus = "const e = document.activeElement; const r = e.getBoundingClientRect();
            return [e.id, r.width > 0 && r.top >= 0 && r.left >= 0
                && r.bottom <= innerHeight && r.right <= innerWidth]";
        for _ in 0..TABS_MAX {
            let found = self.eval(focus);
            if found[0] == id {
                assert_eq!(found[1], true, "#{id} has the focus but cannot be seen");
                return;
            }
            self.press(Key::Tab);
        }
        panic!("{TABS_MAX} presses of Tab did not lead to #{id}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium, which is chromedriver's child and not ours. Best effort: a failed test
        // is failing already.
        let _ = self.runtime.block_on(self.client.clone().close());
    }
}
