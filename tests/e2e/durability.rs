//! The service killed in the middle of whatever it does (SIGKILL): what was shown as done is there
//! afterwards.

use std::{
    collections::BTreeMap,
    env,
    hash::{BuildHasher, RandomState},
    io,
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rusqlite::Connection;
use serde_json::json;

use crate::support::{Folder, Screens, Service};

/// How often it is killed; `KAZASU_KILLS` says another number (`scripts/durability`).
const KILLS: usize = 20;
/// From the ready line to the kill at most: as long as it takes to press as often as a panel may be
/// pressed at once.
const LIFE_MAX_MS: u64 = 400;

/// Where the people come to. An error where the service is gone.
pub(crate) trait Desk {
    /// Returns when the user is there to stay.
    fn add_user(&mut self, user: &str) -> io::Result<()>;
    /// Holds a FeliCa card over the reader.
    fn put(&mut self, idm: &str) -> io::Result<()>;
    fn take(&mut self) -> io::Result<()>;
}

/// Requests on the socket of the folder's service.
impl Desk for &Folder {
    fn add_user(&mut self, user: &str) -> io::Result<()> {
        self.ask(&json!({ "do": "user_add", "user_id": user, "name": "", "mail": "" }))
    }

    fn put(&mut self, idm: &str) -> io::Result<()> {
        self.ask(&json!({ "do": "sim", "line": format!("put felica idm={idm}") }))
    }

    fn take(&mut self) -> io::Result<()> {
        self.ask(&json!({ "do": "sim", "line": "take" }))
    }
}

/// What people were told.
#[derive(Default)]
pub(crate) struct Told {
    /// How many people there were, and cards.
    people: u32,
    cards: u32,
    /// Users that were added.
    pub(crate) added: Vec<String>,
    /// Whose card is which.
    bound: BTreeMap<String, String>,
    /// Somebody pressed the button and got no answer yet: whose, which card.
    pub(crate) pressed: Option<(String, String)>,
    /// How many bindings were shown as done, of all.
    pub(crate) shown: usize,
}

impl Told {
    /// People come and register, one after the other, until the panel was pressed too often. An
    /// error where the service was gone before that.
    pub(crate) fn live(&mut self, desk: &mut impl Desk, panel: &mut Screens) -> io::Result<()> {
        loop {
            let user = self.add_user(desk)?;
            // Every second one has another card by now.
            for _ in 0..1 + self.people % 2 {
                if !self.register(desk, panel, &user)? {
                    return Ok(());
                }
            }
        }
    }

    /// Somebody who has no card yet.
    pub(crate) fn add_user(&mut self, desk: &mut impl Desk) -> io::Result<String> {
        self.people += 1;
        let user = format!("user{:05}", self.people);
        desk.add_user(&user)?;
        self.added.push(user.clone());
        Ok(user)
    }

    /// `false` where the panel is pressed too often.
    fn register(
        &mut self,
        desk: &mut impl Desk,
        panel: &mut Screens,
        user: &str,
    ) -> io::Result<bool> {
        self.cards += 1;
        let card = format!("012E4CE1{:08X}", self.cards);
        desk.put(&card)?;
        let mut screen = panel.try_find(&["register"])?;
        while screen.page() != "notice-registered" {
            self.pressed = Some((user.to_owned(), card.clone()));
            let pressed = match (screen.page(), screen.code()) {
                ("register", None) => {
                    // Nobody types so fast that the card is not read twice by then.
                    self.add_user(desk)?;
                    panel.try_press(&screen, "submit", &[("user_id", user)])?
                }
                ("register", Some("K05")) => {
                    panel.try_press(&screen, "submit", &[("user_id", user)])?
                }
                ("confirm-replace", None) => panel.try_press(&screen, "yes", &[])?,
                other => panic!("{user} {card}: {other:?}"),
            };
            if !pressed {
                // The page may have been shown again while an earlier press was worked on.
                return Ok(false);
            }
            screen = panel.try_find(&["register", "confirm-replace", "notice-registered"])?;
        }
        self.pressed = None;
        self.bound.insert(user.to_owned(), card);
        self.shown += 1;
        desk.take()?;
        Ok(true)
    }

    /// Looks at what is there after a restart.
    pub(crate) fn check(&mut self, folder: &Folder) {
        let db = Connection::open(folder.path().join("data/kazasu.db")).unwrap();
        let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        let pairs = |query: &str| -> BTreeMap<String, String> {
            let mut query = db.prepare(query).unwrap();
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.unwrap().map(Result::unwrap).collect()
        };
        let registered = "FROM users JOIN cards ON cards.user = users.id
                          WHERE kind = 'registered'";
        let cards = pairs(&format!("SELECT user_id, number {registered}"));
        let users = folder.users();
        for user in &self.added {
            assert!(users.iter().any(|u| u["user_id"] == **user), "{user} is gone");
        }
        // One request may have been carried out without an answer.
        if let Some((user, card)) = self.pressed.take()
            && cards.get(&user) == Some(&card)
        {
            self.bound.insert(user, card);
        }
        assert_eq!(cards, self.bound, "S10-3.6-08: the old card or the new one");
        // The last that the audit log says of a person's card is what there is.
        let by_row = pairs(&format!("SELECT user_id, cast(cards.id AS TEXT) {registered}"));
        let audited = pairs(
            "SELECT user_id, cast(card AS TEXT) FROM audit
             WHERE event IN ('card-bound', 'card-replaced') ORDER BY id",
        );
        assert_eq!(audited, by_row, "the audit log agrees");
        let added = pairs("SELECT user_id, event FROM audit WHERE event = 'user-added'").len();
        let there = users.iter().filter(|user| user["kind"] == "registered").count();
        assert_eq!(added, there, "the audit log agrees");
        let verified = folder.kazasu(["audit", "verify"], "");
        assert_eq!(verified.code, Some(0), "{verified:#?}");
    }
}

/// Until the service is gone.
fn lived(told: &mut Told, mut folder: &Folder, panel: &str) -> io::Result<()> {
    let mut panel = Screens::try_open(panel)?;
    folder.ask(&json!({ "do": "sim", "line": "pace instant" }))?;
    told.live(&mut folder, &mut panel)?;
    panel.until_gone();
    Err(io::ErrorKind::UnexpectedEof.into())
}

#[test]
fn killed_at_random_moments() {
    let kills = env::var("KAZASU_KILLS").map_or(KILLS, |count| count.parse().unwrap());
    let folder = Folder::new();
    let room = ["config", "set", "capacity.registered=50000", "capacity.records=60000"];
    assert_eq!(folder.kazasu(room, "").code, Some(0));
    let mut told = Told::default();
    let random = RandomState::new();
    let mut unanswered = 0;
    for round in 0..kills {
        let service = Service::with_sim(&folder);
        let life = Duration::from_millis(random.hash_one(round) % LIFE_MAX_MS);
        let pid = Pid::from_raw(service.process.pid().try_into().unwrap());
        let (_never, stays) = mpsc::channel::<()>();
        let killer = thread::spawn(move || {
            // Nobody sends: the time passes.
            let _ = stays.recv_timeout(life);
            kill(pid, Signal::SIGKILL).unwrap();
        });
        let gone = lived(&mut told, &folder, &service.panel).unwrap_err();
        assert_ne!(gone.kind(), io::ErrorKind::WouldBlock, "silent instead of gone");
        killer.join().unwrap();
        unanswered += usize::from(told.pressed.is_some());
        drop(service);
        let service = Service::with_sim(&folder);
        told.check(&folder);
        assert!(service.process.terminate().success());
    }
    eprintln!(
        "{kills} kills: {} users added, {} registrations shown, {unanswered} presses without an \
         answer",
        told.added.len(),
        told.shown
    );
    assert!(told.shown >= kills / 4, "too slow to say anything: {} registrations", told.shown);
}
