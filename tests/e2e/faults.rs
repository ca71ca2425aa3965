//! Every call of the service to the kernel fails while somebody registers: files, sockets, random
//! numbers, one after the other and in pairs, with the errors that the kernel really has (strace).
//!
//! Whatever fails: the old or the new state, an audit log that agrees, a panel that told the truth,
//! and a service that works when the fault is over. `scripts/durability faults` runs all of it,
//! `scripts/test` as much as takes half a minute, other runs each time.

mod calls;
mod journey;
mod plan;
mod start;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
};

use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use calls::{SERVICE, faults_of};
use journey::{Person, Said, Wish};
use plan::{End, Fault, Journey, Run, Thread, run_chosen, singles_and_pairs};

use crate::support::{Call, Folder, Injection, Screens, Service, Tracer, threads, traceable};

const ALICE: Wish = Wish { user: "alice", password: "", card: "012E4CE100000001" };
const BOB: Wish = Wish { user: "bob", password: "Red horse 7", card: "012E4CE100000002" };
const CAROL: Wish = Wish { user: "carol", password: "", card: "012E4CE100000003" };
const DAVE: Wish = Wish { user: "dave", password: "", card: "012E4CE100000004" };
/// How often the store is asked until it has what the service writes at its start.
const LOOKS_MAX: usize = 500;
/// The card that Dave has before.
const OLD: Wish = Wish { user: "dave", password: "", card: "012E4CE100000005" };

/// SQLite moves the log into the database at so many pages.
const CHECKPOINT_PAGES: u64 = 1000;
/// A registration writes more pages than this.
const REGISTRATION_PAGES: u64 = 8;

impl Journey {
    fn wish(self) -> Wish {
        match self {
            Self::Card | Self::Checkpoint => ALICE,
            Self::Password => BOB,
            Self::Replacement => DAVE,
        }
    }

    fn old_card(self) -> Option<&'static str> {
        matches!(self, Self::Replacement).then_some(OLD.card)
    }
}

/// Data folders as they are before somebody registers.
struct Before {
    usual: Folder,
    /// With a log that is about to be moved into the database.
    full_log: Folder,
}

impl Before {
    fn new() -> Self {
        let usual = Folder::new();
        for wish in [ALICE, BOB, CAROL, DAVE] {
            if wish.password.is_empty() {
                let added = usual.kazasu(["user", "add", wish.user, "--no-password"], "");
                assert_eq!(added.code, Some(0), "{added:#?}");
            } else {
                usual.add_user(wish.user, "", wish.password);
            }
        }
        let service = start(&usual);
        let said = Person::at(&usual, &service.panel).register(OLD);
        assert_eq!(said, Said::Registered);
        assert!(service.process.terminate().success());

        let full_log = Folder::new();
        copy(&usual, &full_log);
        let service = start(&full_log);
        fill_log(&full_log, CHECKPOINT_PAGES - 100);
        service.process.kill();
        Self { usual, full_log }
    }

    /// A folder of its own for a run, with a service on it.
    fn service(&self, journey: Journey) -> (Folder, Service) {
        let folder = Folder::new();
        let checkpoint = journey == Journey::Checkpoint;
        copy(if checkpoint { &self.full_log } else { &self.usual }, &folder);
        let service = start(&folder);
        // The last that the service stores by itself: from here on each run makes the same calls.
        let stored = (0..LOOKS_MAX).any(|_| {
            folder.users();
            is_reader_noted(&folder)
        });
        assert!(stored, "no reader is in the audit log");
        folder.ask(&json!({ "do": "sim", "line": "pace instant" })).unwrap();
        if checkpoint {
            fill_log(&folder, CHECKPOINT_PAGES - REGISTRATION_PAGES);
        }
        (folder, service)
    }
}

/// Since the service's start. Not to be asked before: without the service, closing the database
/// would empty its log.
fn is_reader_noted(folder: &Folder) -> bool {
    let db = Connection::open(folder.path().join("data/kazasu.db")).unwrap();
    let noted = "SELECT count(*) FROM audit WHERE event = 'reader-attached'
                 AND id > (SELECT max(id) FROM audit WHERE event IN ('started-cold', 'started-warm'))";
    db.query_row(noted, [], |row| row.get::<_, u32>(0)).unwrap() > 0
}

/// A service whose connections all have one thread: there the same journey makes the same calls.
fn start(folder: &Folder) -> Service {
    let mut command = Service::command_with_sim(folder);
    command.env("TOKIO_WORKER_THREADS", "1");
    let service = Service::ready(traceable(command));
    // What is stored for a browser is stored before the calls are counted.
    drop(Screens::open(&service.panel));
    service
}

/// The same files elsewhere, but for the socket.
fn copy(from: &Folder, to: &Folder) {
    fs::create_dir_all(to.data()).unwrap();
    fs::set_permissions(to.data(), fs::metadata(from.data()).unwrap().permissions()).unwrap();
    for file in fs::read_dir(from.data()).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), Path::new(&to.data()).join(file.file_name())).unwrap();
        }
    }
}

/// Adds users until the write-ahead log has so many pages.
fn fill_log(folder: &Folder, pages: u64) {
    const PAGE: u64 = 4096 + 24;
    let log = folder.path().join("data/kazasu.db-wal");
    for count in 0..CHECKPOINT_PAGES {
        if fs::metadata(&log).unwrap().len() / PAGE >= pages {
            return;
        }
        let user = format!("more{pages}-{count}");
        folder.ask(&json!({ "do": "user_add", "user_id": user, "name": "", "mail": "" })).unwrap();
    }
    panic!("the log does not fill");
}

impl Thread {
    fn of(self, service: &Service) -> u32 {
        let name = match self {
            Self::Store => "store",
            Self::Sockets => "tokio-rt-worker",
        };
        threads(service.process.pid(), name).into_iter().next().unwrap()
    }

    fn follow(self, service: &Service, injections: &[Injection]) -> Tracer {
        Tracer::attach(service.process.pid(), self.of(service), SERVICE, injections)
    }
}

/// The calls of one registration in which nothing fails.
fn listed(before: &Before, journey: Journey, thread: Thread) -> Vec<Call> {
    let (folder, service) = before.service(journey);
    let tracer = thread.follow(&service, &[]);
    let mut person = Person::at(&folder, &service.panel);
    assert_eq!(person.register(journey.wish()), Said::Registered);
    // Behind everything that the store still has to do for it.
    person.look();
    let calls = tracer.detach();
    assert!(service.process.terminate().success());
    calls
}

/// Somebody registers while these calls fail: how many of them did, and what was said.
fn run(before: &Before, journey: Journey, faults: &[Fault], end: End) -> (usize, String) {
    let (folder, service) = before.service(journey);
    let tracers: Vec<Tracer> = Thread::ALL
        .into_iter()
        .filter_map(|thread| {
            let injections = Fault::injections(faults, thread);
            (!injections.is_empty()).then(|| thread.follow(&service, &injections))
        })
        .collect();
    let wish = journey.wish();
    let mut person = Person::at(&folder, &service.panel);
    let said = catch_unwind(AssertUnwindSafe(|| {
        let said = person.register(wish);
        person.look();
        said
    }));
    drop(person);
    let seen: Vec<Call> = tracers.into_iter().flat_map(Tracer::detach).collect();
    let failed: Vec<&Call> = seen.iter().filter(|call| call.failed).collect();
    let met = failed.len();
    let real = |call: &&Call| faults.iter().any(|it| faults_of(call).contains(&it.fault));
    if !failed.iter().all(real) {
        // The calls came in another order, and one met what it cannot meet.
        return (0, "not judged".to_owned());
    }
    let said = said.unwrap_or_else(|why| resume_unwind(why));

    let mut bound = said.clone();
    if end == End::GoOn {
        // The faults are over: whoever was refused is not, and the next person is not either.
        let mut person = Person::at(&folder, &service.panel);
        if said != Said::Registered {
            person.take();
            assert_eq!(person.register(wish), Said::Registered, "afterwards; first: {said:?}");
        }
        let next = person.register(CAROL);
        assert_eq!(next, Said::Registered, "afterwards; first: {said:?}");
        bound = Said::Registered;
    }
    let complaints = service.process.kill_for_complaints();
    assert!(!complaints.contains("panicked"), "{complaints}");
    check(&folder, journey, &bound, end);
    let word = match said {
        Said::Registered => "registered".to_owned(),
        Said::No(code) => format!("refused with {code}"),
        Said::Unknown => "K14".to_owned(),
    };
    (met, word)
}

/// Looks at what is there afterwards.
fn check(folder: &Folder, journey: Journey, said: &Said, end: End) {
    let verified = folder.kazasu(["audit", "verify"], "");
    assert_eq!(verified.code, Some(0), "{verified:#?}");
    let db = Connection::open(folder.path().join("data/kazasu.db")).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let card_of = |user: &str| -> Option<(i64, String)> {
        db.query_row(
            "SELECT cards.id, cards.number FROM users JOIN cards ON cards.user = users.id
             WHERE kind = 'registered' AND user_id = ?1",
            [user],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .unwrap()
    };
    let wish = journey.wish();
    let card = card_of(wish.user);
    let number = card.as_ref().map(|(_, number)| number.as_str());
    let (old, new) = (journey.old_card(), Some(wish.card));
    match said {
        Said::Registered => assert_eq!(number, new, "registered, it said"),
        Said::No(code) => assert_eq!(number, old, "refused, it said: {code}"),
        Said::Unknown => assert!(number == old || number == new, "{number:?}"),
    }
    let audited = db
        .query_row(
            "SELECT card FROM audit WHERE user_id = ?1 AND event IN ('card-bound', 'card-replaced')
             ORDER BY id DESC",
            [wish.user],
            |row| row.get::<_, i64>(0),
        )
        .optional()
        .unwrap();
    assert_eq!(audited, card.as_ref().map(|(row, _)| *row), "the audit log agrees");
    if end == End::GoOn {
        assert_eq!(card_of(CAROL.user).map(|(_, number)| number).as_deref(), Some(CAROL.card));
    }
}

#[test]
fn every_call_of_a_registration_fails() {
    let before = Before::new();
    let clean = |journey, thread| listed(&before, journey, thread);
    let one = |chosen: &Run| run(&before, chosen.journey, &chosen.faults, chosen.end);
    run_chosen("a registration", singles_and_pairs(clean), one);
}
