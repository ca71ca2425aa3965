use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use kazasu_hal::Technology;
use kazasu_registration::{Settings, Site};
use proptest::prelude::*;

use super::*;
use crate::{Loaded, WallClock};

const SOMEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn guard(limit: u8) -> Guard<()> {
    let limit = limit.to_string();
    let settings = Settings::default().changed([("lock-out.user", limit.as_str())]).unwrap();
    let current = Current::new(Loaded::from(Site::new(settings).unwrap()));
    Guard::new(Arc::new(()), Arc::new(current), Clock::new(WallClock::default()))
}

fn user(n: u8) -> Guessed {
    Guessed::User(UserId::new(&format!("user{n}")).unwrap())
}

fn card(n: u8) -> Guessed {
    let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, n];
    Guessed::Card(CardIdentity::new(Technology::Felica, &idm, None).unwrap())
}

/// At a panel, or from the network.
fn asker(n: u8) -> Asker<'static> {
    static DESK: LazyLock<StationName> = LazyLock::new(|| StationName("desk".into()));
    if n == 0 { Asker::Retrieval(SOMEWHERE) } else { Asker::Panel(&DESK, None) }
}

/// What happens next: somebody types a password beside a card or none, or one of the checks under
/// way ends: wrong, or given up.
#[derive(Clone, Debug)]
enum Step {
    Typed { user: u8, way: u8, card: Option<u8>, password: u64 },
    Wrong(usize),
    GivenUp(usize),
    Waited(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, 0..2_u8, prop::option::of(0..2_u8), any::<u64>())
            .prop_map(|(user, way, card, password)| Step::Typed { user, way, card, password }),
        3 => any::<usize>().prop_map(Step::Wrong),
        1 => any::<usize>().prop_map(Step::GivenUp),
        2 => (0..200_u64).prop_map(Step::Waited),
    ]
}

proptest! {
    /// S40-2-05: whoever types what beside which card, in whatever order the checks end: of no
    /// user and of no card are on one way more passwords checked than may be wrong.
    #[test]
    fn no_interleaving_lets_more_through(
        steps in prop::collection::vec(step(), 1..300),
        limit in 1..=10_u8,
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async move {
            let guard = guard(limit);
            let mut under_way = Vec::new();
            let mut wrong = BTreeMap::<(bool, Guessed), usize>::new();
            for step in steps {
                match step {
                    Step::Typed { user: u, way, card: c, password } => {
                        let subjects: Vec<_> =
                            std::iter::once(user(u)).chain(c.map(card)).collect();
                        let begun = guard.begin(subjects, Fingerprint(password), asker(way));
                        if let Ok(Turn::Check(attempt)) = begun {
                            under_way.push(attempt);
                        }
                    }
                    Step::Wrong(n) if !under_way.is_empty() => {
                        let mut attempt = under_way.swap_remove(n % under_way.len());
                        let way = attempt.asker.station().is_some();
                        for (whom, _) in attempt.count(true) {
                            *wrong.entry((way, whom)).or_default() += 1;
                        }
                    }
                    Step::GivenUp(n) if !under_way.is_empty() => {
                        drop(under_way.swap_remove(n % under_way.len()));
                    }
                    Step::Wrong(_) | Step::GivenUp(_) => {}
                    Step::Waited(seconds) => {
                        tokio::time::advance(Duration::from_secs(seconds)).await;
                    }
                }
                let mut checked = wrong.clone();
                for attempt in &under_way {
                    let way = attempt.asker.station().is_some();
                    for whom in &attempt.subjects {
                        *checked.entry((way, whom.clone())).or_default() += 1;
                    }
                }
                for (whom, count) in checked {
                    prop_assert!(count <= usize::from(limit), "{whom:?}: {count} of {limit}");
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_counts_nothing() {
    let guard = guard(1);
    for _ in 0..1000 {
        let begin = |subjects, typed| guard.begin(subjects, Fingerprint(typed), asker(0));
        let attempt = begin(vec![user(1), card(1)], 7).unwrap();
        // No other one meanwhile, beside whatever card.
        assert_eq!(begin(vec![user(1)], 8).err(), Some(Barred::Busy));
        assert_eq!(begin(vec![user(2), card(1)], 8).err(), Some(Barred::Busy));
        drop(attempt);
    }
    assert_eq!(guard.counted().locked(guard.now()).len(), 0);
}

#[test]
fn each_spelling_of_an_id_is_one_person() {
    let typed = TypedPassword::new("x".to_owned().into()).unwrap();
    let id = |text: &str| UserId::typed(text).unwrap();
    let sato = Guessed::User(id("sato"));
    for spelled in ["SATO", "Sato", "sato", " sato", "sato  ", "ｓａｔｏ"] {
        let claims = [
            Claim::User(id(spelled), Some(typed.clone())),
            Claim::Directory(id(spelled), typed.clone()),
            Claim::Administrator(id(spelled), typed.clone()),
        ];
        for claim in claims {
            let guess = Guess::of(&claim, None).unwrap();
            assert_eq!((guess.whom, guess.also), (sato.clone(), None), "{spelled}");
        }
    }
    assert!(Guess::of(&Claim::User(id("SATO"), None), None).is_none(), "nothing to guess");
}

#[test]
fn another_name_of_an_entry_is_counted_for_the_entry_too() {
    let typed = TypedPassword::new("x".to_owned().into()).unwrap();
    let id = |text: &str| UserId::new(text).unwrap();
    let claim = Claim::Directory(id("al"), typed);
    let also = |entry: Option<&str>| Guess::of(&claim, None).unwrap().entry_of(entry.map(id)).also;
    assert_eq!(also(None), None);
    assert_eq!(also(Some("AL")), None);
    assert_eq!(also(Some("Alice")), Some(Guessed::User(id("alice"))));
}
