//! A registration by somebody who does not give up, and what the panel said of it.

use std::io::{self, ErrorKind};

use serde_json::json;

use crate::support::{Folder, Screen, Screens, Watch};

/// How often something is tried again that the fault broke.
const AGAIN: usize = 8;

/// What a person was told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Said {
    Registered,
    /// Refused, with this code.
    No(String),
    /// K14: it may have happened or not.
    Unknown,
}

/// Who registers which card.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) user: &'static str,
    pub(super) password: &'static str,
    /// The card's IDm, 16 hex digits.
    pub(super) card: &'static str,
}

/// A person before a panel.
pub(super) struct Person<'a> {
    folder: &'a Folder,
    panel: &'a str,
    screens: Screens,
    /// All that was shown, for whoever reads a failure.
    seen: Vec<String>,
}

impl<'a> Person<'a> {
    pub(super) fn at(folder: &'a Folder, panel: &'a str) -> Self {
        let screens = again("the panel", || Screens::try_open(panel));
        Self { folder, panel, screens, seen: Vec::new() }
    }

    /// Registers; whatever was on before is left first. A service that says nothing for long fails
    /// the test.
    pub(super) fn register(&mut self, wish: Wish) -> Said {
        let mut screen = self.next();
        while screen.page() != "idle" {
            self.press(&screen, "cancel", &[]);
            screen = self.next();
        }
        self.tap(wish.card);
        loop {
            let screen = self.next();
            match (screen.page(), screen.code()) {
                ("notice-registered", _) => return Said::Registered,
                // Too fast: the card is read for the second time now, which ends this.
                ("register", Some("K05")) => {}
                ("register", None) => {
                    let fields = [("user_id", wish.user), ("password", wish.password)];
                    self.press(&screen, "submit", &fields);
                }
                ("confirm-replace", None) => self.press(&screen, "yes", &[]),
                (_, Some("K14")) => return Said::Unknown,
                (_, Some(code)) => return Said::No(code.to_owned()),
                _ => {}
            }
        }
    }

    /// Asks for what is stored, which may be refused.
    pub(super) fn look(&self) {
        again("a look", || self.folder.try_ask(&json!({ "do": "user_list" })));
    }

    /// Holds this card to the reader, and no other.
    fn tap(&self, card: &str) {
        let put = format!("put felica idm={card}");
        again("the card", || {
            // A tap whose answer got lost may have happened.
            for line in ["take", "take", &put] {
                let refused = self.folder.try_ask(&json!({ "do": "sim", "line": line }))?;
                if let Some(refused) = refused {
                    return Err(io::Error::other(refused.to_string()));
                }
            }
            Ok(())
        });
    }

    /// Takes the card away, for so long that the next time is another one.
    pub(super) fn take(&self) {
        let watch = Watch::attached(self.folder);
        watch.find("attached");
        self.folder.ask(&json!({ "do": "sim", "line": "take" })).unwrap();
        watch.find("removed");
    }

    fn press(&self, screen: &Screen, button: &str, fields: &[(&str, &str)]) {
        // Pressed twice it counts once: each press names what it was shown.
        let pressed = again(button, || self.screens.try_press(screen, button, fields));
        assert!(pressed, "pressed too often; seen: {:?}", self.seen);
    }

    /// The next screen, from a new stream where the old one broke.
    fn next(&mut self) -> Screen {
        for _ in 0..AGAIN {
            match self.screens.try_next() {
                Ok(Some(screen)) => {
                    self.seen.push(format!("{} {:?}", screen.page(), screen.code()));
                    return screen;
                }
                Ok(None) => panic!("nothing is shown; seen: {:?}", self.seen),
                Err(error) => {
                    silence(&error);
                    self.seen.push(error.to_string());
                    self.screens = again("the panel", || Screens::try_open(self.panel));
                }
            }
        }
        panic!("the panel's stream breaks again and again; seen: {:?}", self.seen)
    }
}

/// Does it until it works, a few times at most.
fn again<T>(what: &str, mut try_it: impl FnMut() -> io::Result<T>) -> T {
    let mut errors = Vec::new();
    for _ in 0..AGAIN {
        match try_it() {
            Ok(done) => return done,
            Err(error) => {
                silence(&error);
                errors.push(error.to_string());
            }
        }
    }
    panic!("{what}: {errors:?}")
}

/// A service that went silent is no broken connection.
fn silence(error: &io::Error) {
    assert!(
        !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "the service does not answer"
    );
}
