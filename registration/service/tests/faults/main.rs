//! Every call to the store that a registration makes fails, one after the other and in pairs,
//! before it took effect or after (S10-3.6-08).
//!
//! Whatever happens: there is the old card or the new one, the audit log says the same, and the
//! panel did not say anything else. Afterwards the same person can register.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test"
)]

mod faulty;
#[allow(dead_code, reason = "made for other tests too")]
#[path = "../service/memory/mod.rs"]
mod memory;
mod world;

use std::fmt;

use kazasu_registration::{ErrorCode, Notice, Page, Source};
use kazasu_service::{PanelAction, Store};
use kazasu_store::SqliteStore;

use faulty::Fault;
use memory::Memory;
use world::World;

/// What a person wants, in words and steps.
#[derive(Clone, Copy)]
struct Journey {
    source: Source,
    /// The person has card 1 already, and replaces it.
    has_card: bool,
    /// The first password typed is wrong.
    mistypes: bool,
}

const FIRST_CARD: Journey = Journey { source: Source::Device, has_card: false, mistypes: false };
const ANOTHER_CARD: Journey = Journey { has_card: true, ..FIRST_CARD };
const MISTYPED: Journey = Journey { mistypes: true, ..FIRST_CARD };
const FROM_DIRECTORY: Journey = Journey { source: Source::Directory, ..FIRST_CARD };
const ANOTHER_FROM_DIRECTORY: Journey = Journey { has_card: true, ..FROM_DIRECTORY };

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
        PanelAction::Submit { source: self.source, user_id, password: password.to_owned().into() }
    }

    /// Goes through it with these faults. Says which calls were made, and how many faults met one.
    async fn check<S: Store>(
        self,
        store: S,
        faults: &[(usize, Fault)],
    ) -> (Vec<&'static str>, usize) {
        let world = World::start(store, self.source).await;
        if self.has_card {
            world.tap(1);
            world.settled().await;
            world.act(self.submit(false)).await;
            world.checked().await;
            assert!(matches!(world.settled().await, Page::Notice(Notice::Registered { .. })));
            world.leave().await;
        }
        let before = world.records().await;

        world.store.fail(faults);
        let mut journey = self;
        let mut now = before.clone();
        // People try again.
        for _ in 0..TRIES {
            let told = journey.go(&world).await;
            let after = world.records().await;
            let (calls, _) = world.store.met();
            let case = Case { faults, calls: &calls, told };
            let is_new = after.card.as_deref() == Some("02");
            assert!(is_new || after.card == before.card, "{case}: {before:?} {after:?}");
            match told {
                Told::Registered | Told::SignedIn => assert!(is_new, "{case}: not there"),
                Told::Problem(ErrorCode::OutcomeUnknown) => {}
                Told::Problem(_) => assert_eq!(after.card, now.card, "{case}: there all the same"),
            }
            let more = |count: fn(&world::Records) -> usize| count(&after) - count(&before);
            assert_eq!(more(|r| r.bindings), usize::from(is_new), "{case}: the audit log agrees");
            let copied = self.source == Source::Directory && is_new && !self.has_card;
            assert_eq!(more(|r| r.copies), usize::from(copied), "{case}: the audit log agrees");
            let made = usize::from(is_new) + after.leftovers;
            assert_eq!(more(|r| r.provisionals), made, "{case}: the audit log agrees");
            world.leave().await;
            now = after;
            journey.mistypes = false;
            if let Told::Registered | Told::SignedIn = told {
                break;
            }
        }
        let met = world.store.met();
        world.store.fail(&[]);

        // Afterwards everything is as if nothing had been.
        let case = Case { faults, calls: &met.0, told: journey.go(&world).await };
        let is_new = now.card.as_deref() == Some("02");
        let wanted = if is_new { Told::SignedIn } else { Told::Registered };
        assert_eq!(case.told, wanted, "{case}: later");
        let end = world.records().await;
        assert_eq!(end.card.as_deref(), Some("02"), "{case}: later");
        assert_eq!(end.bindings, before.bindings + 1, "{case}: later");
        world.end().await;
        met
    }

    /// Every call alone with each of these faults, and each two calls with each two of `paired`.
    async fn check_all<S: Store>(
        self,
        what: &str,
        store: impl Fn() -> (S, Option<tempfile::TempDir>),
        single: &[Fault],
        paired: &[Fault],
    ) {
        let fresh = async |faults: &[(usize, Fault)]| {
            let (store, _folder) = store();
            self.check(store, faults).await
        };
        let (calls, _) = fresh(&[]).await;
        let (mut runs, mut met_one, mut met_two) = (1, 0, 0);
        // A fault may lead to further calls.
        let last = calls.len() + 2;
        for first in 0..last {
            for &fault in single {
                let (_, met) = fresh(&[(first, fault)]).await;
                runs += 1;
                met_one += met;
            }
            for second in first + 1..last {
                for (&one, &two) in paired.iter().flat_map(|a| paired.iter().map(move |b| (a, b))) {
                    let (_, met) = fresh(&[(first, one), (second, two)]).await;
                    runs += 1;
                    met_two += usize::from(met == 2);
                }
            }
        }
        eprintln!("{what}: {calls:?}; {runs} runs, {met_one} calls failed alone, {met_two} pairs");
        assert!(met_one >= calls.len() * single.len(), "a call did not fail");
        assert!(met_two > 0, "no pair failed");
    }
}

/// One run, for whoever reads a failure.
struct Case<'a> {
    faults: &'a [(usize, Fault)],
    calls: &'a [&'static str],
    told: Told,
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, calls, told } = self;
        write!(f, "{faults:?} in {calls:?}, told {told:?}")
    }
}

const ANSWERED: [Fault; 3] = [Fault::Refused, Fault::UnknownBefore, Fault::UnknownAfter];
const SILENT: [Fault; 2] = [Fault::SilentBefore, Fault::SilentAfter];

macro_rules! journeys {
    ($($name:ident: $journey:expr;)*) => {
        /// In virtual time, where a call may hang until the machine gives it up.
        mod memory_store {
            use super::*;

            $(#[tokio::test(start_paused = true)]
            async fn $name() {
                let single: Vec<_> = ANSWERED.into_iter().chain(SILENT).collect();
                let paired = [Fault::UnknownAfter, Fault::SilentAfter];
                let store = || (Memory::new(), None);
                $journey.check_all(stringify!($name), store, &single, &paired).await;
            })*
        }
        mod sqlite_store {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                let paired = [Fault::Refused, Fault::UnknownAfter];
                let store = || {
                    let folder = tempfile::tempdir().unwrap();
                    let store = SqliteStore::open(folder.path().join("kazasu.db")).unwrap();
                    (store, Some(folder))
                };
                $journey.check_all(stringify!($name), store, &ANSWERED, &paired).await;
            })*
        }
    };
}

/// These tests find a panel that says too much: here, since its store lied.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "there all the same")]
async fn a_panel_that_says_nothing_happened_is_found() {
    let commit = 4;
    FIRST_CARD.check(Memory::new(), &[(commit, Fault::Lies)]).await;
}

journeys! {
    a_first_card: FIRST_CARD;
    another_card: ANOTHER_CARD;
    a_mistyped_password: MISTYPED;
    a_copy_from_the_directory: FROM_DIRECTORY;
    another_card_from_the_directory: ANOTHER_FROM_DIRECTORY;
}
