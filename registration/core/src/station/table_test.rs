//! Walks the table in `station_table.md` against the code, row by row, and everything that is not
//! in it.

use std::collections::HashMap;

use super::{rig_test::*, *};
use crate::{ErrorCode, Notice, Page};

struct Row {
    id: String,
    next: String,
    effects: String,
    shows: String,
}

/// Every (event, guard) that is tried in every state.
const SAMPLES: &[(&str, &[&str])] = &[
    ("CardPresented", &["the same", "the same, confirmed", "another", "random", "untrusted"]),
    ("CardConfirmed", &["the same", "the same, confirmed", "another"]),
    ("CardRemoved", &["-"]),
    ("MultipleCards", &["-"]),
    ("ReaderReady", &["ready", "gone"]),
    ("JobStarted", &["-"]),
    ("JobEnded", &["-", "job runs"]),
    ("OpenRegistration", &["-"]),
    (
        "Submit",
        &[
            "fine",
            "fine, job runs",
            "fine, unconfirmed",
            "user ID breaks a rule",
            "user ID is reserved",
            "password breaks a rule",
        ],
    ),
    ("Confirm", &["yes", "yes, job runs", "no"]),
    ("Cancel", &["-"]),
    ("SignOut", &["-"]),
    ("Touch", &["-"]),
    (
        "LookedUp",
        &[
            "unknown",
            "provisional, page opens",
            "provisional, page stays closed",
            "registered",
            "failed",
            "another number",
        ],
    ),
    (
        "ProvisionalMade",
        &[
            "made, page opens",
            "made, page stays closed",
            "full",
            "taken",
            "failed",
            "another number",
        ],
    ),
    (
        "Verified",
        &[
            "right, has none",
            "right, has none, job runs",
            "right, has a card",
            "wrong password",
            "unknown user",
            "failed",
            "another number",
        ],
    ),
    ("Committed", &["done", "conflict", "taken", "user is gone", "failed", "another number"]),
    ("Tick", &["due", "not due"]),
];

fn panel_action(event: &str, guard: &str) -> Option<PanelAction> {
    Some(match (event, guard) {
        ("OpenRegistration", _) => PanelAction::OpenRegistration,
        ("Submit", "user ID breaks a rule") => submit("a:b", "sesame"),
        ("Submit", "user ID is reserved") => submit("guest", "sesame"),
        ("Submit", "password breaks a rule") => submit("tanaka", "s\u{e9}same"),
        ("Submit", _) => submit("tanaka", "sesame"),
        ("Confirm", _) => PanelAction::Confirm(guard != "no"),
        ("Cancel", _) => PanelAction::Cancel,
        ("SignOut", _) => PanelAction::SignOut,
        ("Touch", _) => PanelAction::Touch,
        _ => return None,
    })
}

fn machine_input(event: &str, guard: &str, newest: Request) -> Input {
    let request = if guard == "another number" { Request(newest.0 + 7) } else { newest };
    let card = |guard: &str| match guard {
        "another" => card_b(),
        "random" => random_card(),
        "untrusted" => untrusted_card(),
        _ => card_a(),
    };
    let first = guard.split(',').next().unwrap();
    match event {
        "CardPresented" => Input::CardPresented(card(first)),
        "CardConfirmed" => Input::CardConfirmed(card(first)),
        "CardRemoved" => Input::CardRemoved,
        "MultipleCards" => Input::MultipleCards,
        "ReaderReady" => Input::ReaderReady(guard == "ready"),
        "JobStarted" => Input::JobStarted,
        "JobEnded" => Input::JobEnded,
        "Tick" => Input::Tick,
        "LookedUp" => Input::LookedUp(
            request,
            match first {
                "provisional" => Ok(LookUp::Provisional),
                "registered" => Ok(LookUp::Registered(account("tanaka", Some(card_a())))),
                "failed" => Err(ErrorCode::StoreUnavailable),
                _ => Ok(LookUp::Unknown),
            },
        ),
        "ProvisionalMade" => Input::ProvisionalMade(
            request,
            match first {
                "full" => Ok(ProvisionalOutcome::Full),
                "taken" => Ok(ProvisionalOutcome::CardTaken),
                "failed" => Err(ErrorCode::StoreUnavailable),
                _ => Ok(ProvisionalOutcome::Made),
            },
        ),
        "Verified" => Input::Verified(
            request,
            match first {
                "wrong password" => Ok(Verdict::WrongPassword),
                "unknown user" => Ok(Verdict::UnknownUser),
                "failed" => Err(ErrorCode::StoreUnavailable),
                _ => Ok(Verdict::Right(account(
                    "tanaka",
                    guard.contains("has a card").then(card_old),
                ))),
            },
        ),
        "Committed" => Input::Committed(
            request,
            match first {
                "conflict" => Ok(CommitOutcome::Conflict(card_b())),
                "taken" => Ok(CommitOutcome::CardTaken),
                "user is gone" => Ok(CommitOutcome::UserGone),
                "failed" => Err(ErrorCode::StoreUnavailable),
                _ => Ok(CommitOutcome::Done),
            },
        ),
        other => panic!("the test knows no event {other}"),
    }
}

/// The table, by (state, event, guard).
fn rows() -> HashMap<(String, String, String), Row> {
    let mut rows = HashMap::new();
    for line in include_str!("../station_table.md").lines().filter(|l| l.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, from, event, guard, next, effects, shows, spec] = cells[..] else {
            panic!("a row needs eight cells: {line}");
        };
        if id == "id" || id.starts_with("---") {
            continue;
        }
        assert!(
            ["S10-", "S30-", "S40-", "spec ", "OURS"].iter().any(|s| spec.starts_with(s)),
            "{id} names no paragraph: {spec}"
        );
        let from: Vec<_> = if from == "any" { STATES.to_vec() } else { from.split(", ").collect() };
        for state in from {
            assert!(STATES.contains(&state), "{id}: no state {state}");
            for guard in guard.split("; ") {
                let known = SAMPLES.iter().any(|(e, g)| *e == event && g.contains(&guard));
                assert!(known, "{id}: the test cannot make {event} with {guard:?}");
                let key = (state.to_owned(), event.to_owned(), guard.to_owned());
                let row = Row {
                    id: id.to_owned(),
                    next: if next == "stays" { state.to_owned() } else { next.to_owned() },
                    effects: effects.to_owned(),
                    shows: shows.to_owned(),
                };
                if let Some(first) = rows.insert(key, row) {
                    panic!("{id} and {} say both what {event} ({guard}) does in {state}", first.id);
                }
            }
        }
    }
    rows
}

/// A rig in this state, set up as the guard wants it.
fn set_up(state: &str, event: &str, guard: &str) -> Rig {
    let opens = match state {
        "Provisional" => false,
        _ => !guard.contains("stays closed"),
    };
    let unconfirmed =
        guard.contains("unconfirmed") || (event.starts_with("Card") && guard == "the same");
    let mut rig = Rig::new(opens);
    rig.enter(state, !unconfirmed);
    if guard.contains("job runs") {
        rig.input(Input::JobStarted);
    }
    rig.time += std::time::Duration::from_secs(1);
    rig
}

fn perform(rig: &mut Rig, event: &str, guard: &str) -> Vec<Effect> {
    match panel_action(event, guard) {
        Some(action) => rig.panel(action),
        None if guard == "due" => rig.expire(),
        None => {
            let input = machine_input(event, guard, rig.request());
            rig.input(input)
        }
    }
}

fn shown(rig: &Rig) -> String {
    match (rig.page(), rig.shown_code()) {
        (_, Some(code)) => code.to_string(),
        (Page::Notice(Notice::Registered { .. }), None) => "Registered".to_owned(),
        _ => "-".to_owned(),
    }
}

fn kinds(effects: &[Effect]) -> String {
    let kinds: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::LookUp(..) => "LookUp",
            Effect::MakeProvisional(..) => "MakeProvisional",
            Effect::Verify(..) => "Verify",
            Effect::Commit(..) => "Commit",
            Effect::Abandon(_) => "Abandon",
            Effect::Audit(_) => "Audit",
        })
        .collect();
    if kinds.is_empty() { "-".to_owned() } else { kinds.join(", ") }
}

#[test]
fn the_code_does_what_the_table_says_and_nothing_else() {
    let mut rows = rows();
    for state in STATES {
        for (event, guards) in SAMPLES {
            for guard in *guards {
                let mut rig = set_up(state, event, guard);
                let before = format!("{:?}", rig.station);
                let shown_before = shown(&rig);
                let effects = perform(&mut rig, event, guard);
                let after = format!("{:?}", rig.station);
                let key = (state.to_owned(), (*event).to_owned(), (*guard).to_owned());
                let case = format!("{event} ({guard}) in {state}");
                match rows.remove(&key) {
                    Some(row) => {
                        let id = &row.id;
                        assert_eq!(rig.state(), row.next, "{id}: {case}");
                        assert_eq!(kinds(&effects), row.effects, "{id}: {case}");
                        let shows = match row.shows.as_str() {
                            "-" if row.next == state => &shown_before,
                            shows => shows,
                        };
                        assert_eq!(shown(&rig), shows, "{id}: {case}");
                        assert_ne!(before, after, "{id}: {case} changed nothing");
                    }
                    None => {
                        assert_eq!(kinds(&effects), "-", "{case} is not in the table");
                        assert_eq!(before, after, "{case} is not in the table");
                    }
                }
            }
        }
    }
    assert!(rows.is_empty(), "never walked: {:?}", rows.keys());
}

#[test]
fn actions_on_a_page_of_another_session_change_nothing() {
    for state in STATES {
        for (event, guards) in SAMPLES {
            for guard in *guards {
                let Some(action) = panel_action(event, guard) else { continue };
                let mut rig = set_up(state, event, guard);
                let before = format!("{:?}", rig.station);
                let session = rig.station.session + 1;
                let effects = rig.input(Input::Panel { session, action });
                assert_eq!(kinds(&effects), "-", "{event} in {state}");
                assert_eq!(before, format!("{:?}", rig.station), "{event} in {state}");
            }
        }
    }
}
