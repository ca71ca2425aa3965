//! Every call that a registration makes to store, directory and hasher fails, one after the other
//! and in pairs, before it took effect or after (S10-3.6-08); and each time it asks for the date,
//! the calendar clock is set, or stops.
//!
//! Whatever happens: there is the old card or the new one, the audit log says the same, and the
//! panel did not say anything else. Afterwards the same person can register.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

mod clock;
mod world;

use std::fmt;

use kazasu_ports::{Call, Fault, Kind};
use kazasu_registration::{ErrorCode, Notice, Page, Source};
use kazasu_service::{PanelAction, Store};
use kazasu_sqlite::SqliteStore;
use kazasu_store_contract::Memory;

use world::World;

/// Who knows the person, and where the card is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeper {
    /// The device both.
    Device,
    /// The directory vouches, the device keeps a copy.
    Copy,
    /// The directory both.
    Entry,
}

impl Keeper {
    fn settings(self) -> [(&'static str, &'static str); 1] {
        match self {
            Self::Device | Self::Copy => [("registration.sources", "both")],
            Self::Entry => [("sign-in.mode", "remote")],
        }
    }
}

/// What a person wants, in words and steps.
#[derive(Clone, Copy)]
struct Journey {
    keeper: Keeper,
    /// The person has card 1 already, and replaces it.
    has_card: bool,
    /// The first password typed is wrong.
    mistypes: bool,
}

const FIRST_CARD: Journey = Journey { keeper: Keeper::Device, has_card: false, mistypes: false };
const ANOTHER_CARD: Journey = Journey { has_card: true, ..FIRST_CARD };
const MISTYPED: Journey = Journey { mistypes: true, ..FIRST_CARD };
const FROM_DIRECTORY: Journey = Journey { keeper: Keeper::Copy, ..FIRST_CARD };
const ANOTHER_FROM_DIRECTORY: Journey = Journey { has_card: true, ..FROM_DIRECTORY };
const IN_DIRECTORY: Journey = Journey { keeper: Keeper::Entry, ..FIRST_CARD };
const ANOTHER_IN_DIRECTORY: Journey = Journey { has_card: true, ..IN_DIRECTORY };

/// How often somebody tries while calls fail.
const TRIES: usize = 2;
const USER: &str = "tanaka";
const PASSWORD: &str = "sesame";

/// What the panel told of the registration, at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Registered,
    Problem(ErrorCode),
    /// The person is signed in: the card is theirs.
    SignedIn,
}

impl Journey {
    /// Holds card 2 over the reader and does what the pages ask for, until they say how it ended.
    async fn go<S: Store>(self, world: &World<S>) -> Told {
        let mut wrong = self.mistypes;
        world.tap(2);
        // Everybody gives up some time.
        for _ in 0..40 {
            let page = world.settled().await;
            let action = match page {
                Page::Notice(Notice::Registered { .. }) => return Told::Registered,
                Page::Notice(Notice::Problem(problem)) => return Told::Problem(problem.code),
                Page::SignedIn { .. } => return Told::SignedIn,
                Page::ConfirmReplace => PanelAction::Confirm(true),
                Page::Register { problem: None, .. } => self.submit(std::mem::take(&mut wrong)),
                Page::Register { problem: Some(problem), .. } => match problem.code {
                    ErrorCode::WrongCredentials | ErrorCode::Unconfirmed => self.submit(false),
                    ErrorCode::TryLater => {
                        world.pass(500).await;
                        self.submit(false)
                    }
                    code => return Told::Problem(code),
                },
                page => panic!("nobody knows what to do: {page:?}"),
            };
            world.act(action).await;
            // The answer to the press, not the page that was pressed.
            world.checked().await;
        }
        panic!("no end in sight: {:?}", world.settled().await)
    }

    fn submit(self, wrong: bool) -> PanelAction {
        let password = if wrong { "Sesame" } else { PASSWORD };
        let user_id = USER.to_owned();
        let source = match self.keeper {
            Keeper::Device => Source::Device,
            Keeper::Copy | Keeper::Entry => Source::Directory,
        };
        PanelAction::Submit { source, user_id, password: password.to_owned().into() }
    }

    /// Goes through it with these faults. Says which calls were made, and how many faults met one.
    /// Where time is virtual it also waits for the page to clear.
    async fn check<S: Store>(
        self,
        store: S,
        faults: &[(usize, Fault)],
        is_virtual: bool,
    ) -> (Vec<Call>, usize) {
        let world = World::start(store, self.keeper).await;
        if self.has_card {
            world.tap(1);
            world.settled().await;
            world.act(self.submit(false)).await;
            world.checked().await;
            assert!(matches!(world.settled().await, Page::Notice(Notice::Registered { .. })));
            world.leave().await;
        }
        let before = world.records().await;

        world.plan.fail(faults);
        let mut journey = self;
        let mut now = before.clone();
        // People try again.
        for _ in 0..TRIES {
            let told = journey.go(&world).await;
            let after = world.records().await;
            let (calls, _) = world.plan.met();
            let case = Case { faults, calls: &calls, told };
            let is_new = after.card.as_deref() == Some("02");
            assert!(is_new || after.card == before.card, "{case}: {before:?} {after:?}");
            match told {
                Told::Registered | Told::SignedIn => assert!(is_new, "{case}: not there"),
                Told::Problem(ErrorCode::OutcomeUnknown) => {}
                Told::Problem(_) => assert_eq!(after.card, now.card, "{case}: there all the same"),
            }
            let more = |count: fn(&world::Records) -> usize| count(&after) - count(&before);
            match self.keeper {
                Keeper::Device | Keeper::Copy => {
                    assert_eq!(more(|r| r.bindings), usize::from(is_new), "{case}: the log agrees");
                }
                // The directory is no part of the log's transaction: what became of a card may be
                // unknown, and a record may be lost, which the service's own log tells.
                Keeper::Entry => {
                    assert!(more(|r| r.bindings) <= usize::from(is_new), "{case}: the log agrees");
                    let said = more(|r| r.bindings) + more(|r| r.unknown) > 0;
                    assert!(!is_new || said || case.failed("append_audit"), "{case}: not logged");
                }
            }
            let copied = self.keeper == Keeper::Copy && is_new && !self.has_card;
            assert_eq!(more(|r| r.copies), usize::from(copied), "{case}: the audit log agrees");
            let is_ours = self.keeper != Keeper::Entry;
            let made = usize::from(is_new && is_ours) + after.leftovers;
            assert_eq!(more(|r| r.provisionals), made, "{case}: the audit log agrees");
            world.leave().await;
            now = after;
            journey.mistypes = false;
            if let Told::Registered | Told::SignedIn = told {
                break;
            }
        }
        let met = world.plan.met();
        world.plan.fail(&[]);

        // Afterwards everything is as if nothing had been.
        let case = Case { faults, calls: &met.0, told: journey.go(&world).await };
        let is_new = now.card.as_deref() == Some("02");
        let wanted = if is_new { Told::SignedIn } else { Told::Registered };
        assert_eq!(case.told, wanted, "{case}: later");
        let end = world.records().await;
        assert_eq!(end.card.as_deref(), Some("02"), "{case}: later");
        if self.keeper != Keeper::Entry {
            assert_eq!(end.bindings, before.bindings + 1, "{case}: later");
        }
        if is_virtual {
            world.clears().await;
        }
        world.end().await;
        met
    }

    /// Every call alone with each fault there is, and then with each later one, as their kinds say.
    async fn check_all<S: Store>(
        self,
        what: &str,
        store: impl Fn() -> (S, Option<tempfile::TempDir>),
        is_virtual: bool,
    ) {
        let fresh = async |faults: &[(usize, Fault)]| {
            let (store, _folder) = store();
            self.check(store, faults, is_virtual).await
        };
        let (calls, _) = fresh(&[]).await;
        let (mut runs, mut pairs, mut both_met) = (1, 0, 0);
        for (first, call) in calls.iter().enumerate() {
            for &fault in call.kind.faults(is_virtual) {
                let (after, met) = fresh(&[(first, fault)]).await;
                runs += 1;
                assert_eq!(met, 1, "{fault:?} did not happen to {call:?}");
                // A fault may lead to further calls, those of another try among them.
                for (second, other) in after.iter().enumerate().skip(first + 1) {
                    if !call.kind.paired(other.kind, is_virtual).contains(&fault) {
                        continue;
                    }
                    for &other in other.kind.paired(call.kind, is_virtual) {
                        let (_, met) = fresh(&[(first, fault), (second, other)]).await;
                        pairs += 1;
                        both_met += usize::from(met == 2);
                    }
                }
            }
        }
        let count = |kind| calls.iter().filter(|call| call.kind == kind).count();
        let [reads, writes, entries, hashes, dates] =
            [Kind::Reads, Kind::Writes, Kind::WritesEntry, Kind::Hashes, Kind::Dates].map(count);
        eprintln!(
            "{what}: {reads} reads, {writes} writes, {entries} of an entry, {hashes} hashes, \
             {dates} dates; {runs} runs, {pairs} with two faults, both met in {both_met}"
        );
        assert_eq!(both_met, pairs, "the same faults lead to the same calls");
    }
}

/// One run, for whoever reads a failure.
struct Case<'a> {
    faults: &'a [(usize, Fault)],
    calls: &'a [Call],
    told: Told,
}

impl Case<'_> {
    fn failed(&self, name: &str) -> bool {
        let failed = |(at, _): &(usize, Fault)| self.calls.get(*at).is_some_and(|c| c.name == name);
        self.faults.iter().any(failed)
    }
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, calls, told } = self;
        let calls: Vec<_> = calls.iter().map(|call| call.name).collect();
        write!(f, "{faults:?} in {calls:?}, told {told:?}")
    }
}

macro_rules! journeys {
    ($($name:ident: $journey:expr;)*) => {
        /// In virtual time, where a call may hang until the machine gives it up.
        mod memory_store {
            use super::*;

            $(#[tokio::test(start_paused = true)]
            async fn $name() {
                let store = || (Memory::new(), None);
                $journey.check_all(stringify!($name), store, true).await;
            })*
        }
        mod sqlite_store {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                let store = || {
                    let folder = tempfile::tempdir().unwrap();
                    let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
                    (store, Some(folder))
                };
                $journey.check_all(stringify!($name), store, false).await;
            })*
        }
    };
}

/// These tests find a panel that says too much: here, since its store lied.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "there all the same")]
async fn a_panel_that_says_nothing_happened_is_found() {
    let (calls, _) = FIRST_CARD.check(Memory::new(), &[], true).await;
    let commit = calls.iter().position(|call| call.name == "commit").unwrap();
    FIRST_CARD.check(Memory::new(), &[(commit, Fault::Lies)], true).await;
}

journeys! {
    a_first_card: FIRST_CARD;
    another_card: ANOTHER_CARD;
    a_mistyped_password: MISTYPED;
    a_copy_from_the_directory: FROM_DIRECTORY;
    another_card_from_the_directory: ANOTHER_FROM_DIRECTORY;
    a_card_in_the_directory: IN_DIRECTORY;
    another_card_in_the_directory: ANOTHER_IN_DIRECTORY;
}
