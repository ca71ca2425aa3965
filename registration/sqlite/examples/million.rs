//! How long the store takes with very many users: looking cards up, binding them, new numbers for
//! all. `scripts/bench store` runs it.

#![expect(clippy::print_stdout, reason = "what it measures is its output")]

use std::{
    error::Error,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use kazasu_hal::{CardIdentity, StationName, Technology};
use kazasu_registration::{
    Binding, Capacity, CardNumber, CommitOutcome, Keep, Limits, LookUp, Provisional,
    ProvisionalOutcome, Role, Settings, Site, UserId, UserName,
};
use kazasu_sqlite::SqliteStore;
use kazasu_store::{CopyToStore, SaveOutcome, SettingsToStore, Store, Verifier};
use rusqlite::{Connection, params};

/// How many cards are looked up.
const LOOK_UPS: u64 = 20_000;
/// How many are bound; each waits for the disk.
const COMMITS: u64 = 1_000;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let mut arguments = std::env::args().skip(1);
    let users: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = match arguments.next() {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let path = folder.path().join("kazasu.db");
    println!("{users} users with a card each, in {}", path.display());

    let began = now();
    drop(SqliteStore::open(&path)?);
    fill(&path, users)?;
    println!("filled in {:.1?}", began.elapsed());
    println!("size {:.0} MB", std::fs::metadata(&path)?.len() as f64 / 1e6);
    let began = now();
    let store = SqliteStore::open(&path)?;
    println!("opened and checked in {:.1?}", began.elapsed());

    look_up(&store, users).await?;
    bind(&store, users).await?;
    renumber(&store, users).await
}

#[expect(clippy::disallowed_methods, reason = "measuring takes a clock")]
fn now() -> Instant {
    Instant::now()
}

/// Made-up seven-byte UIDs: card `n` in four bytes, spread over all values as those of a
/// manufacturer are, and never the same for two.
fn card(n: u64) -> Result<CardIdentity> {
    let mixed = u32::try_from(n)?.wrapping_mul(0x9E37_79B1);
    let [a, b, c, d] = mixed.to_be_bytes();
    Ok(CardIdentity::new(Technology::Iso14443a, &[0x04, a, b, c, d, 0x11, 0x80], None)?)
}

fn user(n: u64) -> Result<UserId> {
    Ok(UserId::new(&format!("user{n}"))?)
}

/// One of the users, another one for each `n`, all over the table.
fn somebody(n: u64, users: u64) -> u64 {
    n.wrapping_mul(2_654_435_761) % users
}

/// One transaction instead of two for each user.
fn fill(path: &Path, users: u64) -> Result {
    let mut db = Connection::open(path)?;
    db.pragma_update(None, "cache_size", -256_000)?;
    let tx = db.transaction()?;
    {
        let mut user_row = tx.prepare(
            "INSERT INTO users (id, user_id, kind, name, mail, verifier, may_copy, may_fax,
                                may_scan, may_print, role, created_at_ms)
             VALUES (?1, ?2, 'registered', ?2, ?2 || '@example.jp', ?3, 1, 1, 1, 1, 'general', 0)",
        )?;
        let mut card_row = tx.prepare(
            "INSERT INTO cards (user, technology, identifier, stability, system, number)
             VALUES (?1, ?2, ?3, ?4, NULL, ?5)",
        )?;
        // As long as a real one.
        let verifier = format!("$argon2id$v=19$m=19456,t=2,p=1${}", "A".repeat(66));
        for n in 0..users {
            let row = i64::try_from(n)? + 1;
            user_row.execute(params![row, user(n)?.as_str(), verifier])?;
            let card = card(n)?;
            card_row.execute(params![
                row,
                card.technology().as_str(),
                card.id().as_bytes(),
                card.stability().as_str(),
                CardNumber::of(&card).as_str(),
            ])?;
        }
    }
    Ok(tx.commit()?)
}

async fn look_up(store: &SqliteStore, users: u64) -> Result {
    for (name, known) in [("look-up, known card", true), ("look-up, unknown card", false)] {
        let mut times = Vec::new();
        for n in 0..LOOK_UPS {
            let card = card(somebody(n, users) + if known { 0 } else { users })?;
            let began = now();
            let found = store.look_up(card).await?;
            times.push(began.elapsed());
            if matches!(found, LookUp::Registered(_)) != known {
                return Err(format!("{name} {n}: {found:?}").into());
            }
        }
        tell(name, &mut times);
    }
    Ok(())
}

async fn bind(store: &SqliteStore, users: u64) -> Result {
    let at = SystemTime::UNIX_EPOCH;
    let station = StationName("desk".to_owned());
    let capacity = Capacity { registered: u32::MAX, records: u32::MAX };
    let name = UserName::new("Provisional")?;
    let verifier = Verifier::from_stored("$argon2id$".to_owned());
    let (mut made, mut replaced, mut copied) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..COMMITS {
        let card = card(users + n)?;
        let number = CardNumber::of(&card);
        let provisional = Provisional {
            card: card.clone(),
            number: number.clone(),
            name: name.clone(),
            limits: Limits::FORBID_ALL,
            password: None,
            station: station.clone(),
            at,
        };
        let began = now();
        let outcome = store.make_provisional(provisional, None, capacity).await?;
        made.push(began.elapsed());
        if outcome != ProvisionalOutcome::Made {
            return Err(format!("provisional user {n}: {outcome:?}").into());
        }

        // Half of them replace the card of somebody who is there, half come from a directory.
        let is_new = n % 2 == 1;
        let old = somebody(n, users);
        let replaces = if is_new { None } else { Some(CardNumber::of(&self::card(old)?)) };
        let user = user(if is_new { users + n } else { old })?;
        let (station, keep) = (station.clone(), Keep::Record);
        let binding = Binding { card, number, user, replaces, keep, station, at };
        let limits = Limits::ALLOW_ALL;
        let (name, verifier) = (name.clone(), verifier.clone());
        let copy =
            CopyToStore { name, mail: None, verifier, role: Role::General, limits, capacity };
        let began = now();
        let outcome = match is_new {
            true => store.commit_copy(binding, copy).await?,
            false => store.commit(binding).await?,
        };
        if is_new { &mut copied } else { &mut replaced }.push(began.elapsed());
        if outcome != CommitOutcome::Done {
            return Err(format!("commit {n}: {outcome:?}").into());
        }
    }
    tell("provisional user made", &mut made);
    tell("card replaced", &mut replaced);
    tell("copy of a person made", &mut copied);
    Ok(())
}

/// Spec 60 section 1: one rule that fits, one that does not where there are very many cards.
async fn renumber(store: &SqliteStore, users: u64) -> Result {
    for (expected, rule) in (0..).zip(["order=reversed", "cut=1+2"]) {
        let settings = Settings::default().changed([("card.number", rule)])?;
        let change = SettingsToStore {
            expected,
            json: settings.to_json(),
            keys: vec!["card.number".to_owned()],
            renumber: Some(Arc::new(Site::new(settings)?)),
            deletes_users: false,
            try_only: false,
            at: SystemTime::UNIX_EPOCH,
        };
        let before = number_of(store, users).await?;
        let began = now();
        let outcome = store.save_settings(change).await?;
        let took = began.elapsed();
        let after = number_of(store, users).await?;
        let saved = matches!(outcome, SaveOutcome::Saved { .. });
        match outcome {
            SaveOutcome::Saved { renumbered, .. } => {
                println!("rule {rule}: {renumbered} cards have other numbers after {took:.1?}");
            }
            SaveOutcome::Collisions(collisions) => {
                let count = u64::try_from(collisions.listed.len())? + collisions.more;
                println!(
                    "rule {rule}: refused after {took:.1?}, since it gives {count} numbers to"
                );
                println!("several cards; the first of them:");
                for collision in collisions.listed.iter().take(3) {
                    println!("  {collision}");
                }
            }
            SaveOutcome::Stale { version } => return Err(format!("stale: {version}").into()),
        }
        if (before != after) != saved {
            return Err(format!("rule {rule}: not all or nothing").into());
        }
    }
    Ok(())
}

/// The number of a card in the middle.
async fn number_of(store: &SqliteStore, users: u64) -> Result<CardNumber> {
    let credentials = store.credentials(user(users / 2 + 1)?).await?;
    Ok(credentials.and_then(|c| c.account.card).ok_or("the user in the middle has no card")?)
}

fn tell(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = times.len().saturating_sub(1) * percent / 100;
        times.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    let (p50, p99, max) = (at(50), at(99), at(100));
    println!("{name:<22} p50 {p50:8.3} ms   p99 {p99:8.3} ms   max {max:8.3} ms");
}
