//! Walks the table in `station_table.md` against the code, row by row, and everything that is not
//! in it.

use std::collections::HashMap;

use super::{rig_test::*, samples_test::*, *};
use kazasu_hal::Mono;

use crate::{Notice, Page};

struct Row {
    id: String,
    next: String,
    effects: String,
    shows: String,
    /// From any state: also from those that a site of this guard has no way into.
    any: bool,
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
        let (from, except) = from.split_once(" but ").unwrap_or((from, ""));
        let except: Vec<_> = except.split(", ").collect();
        let any = from == "any";
        let from: Vec<_> = if any { STATES.to_vec() } else { from.split(", ").collect() };
        for state in from.into_iter().filter(|state| !except.contains(state)) {
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
                    any,
                };
                if let Some(first) = rows.insert(key, row) {
                    panic!("{id} and {} say both what {event} ({guard}) does in {state}", first.id);
                }
            }
        }
    }
    rows
}

/// A rig in this state, set up as the guard wants it; `None` where such a site has no way there.
fn set_up(state: &str, event: &str, guard: &str) -> Option<Rig> {
    let guards: Vec<_> = guard.split(", ").collect();
    let mut words = needs(state).to_vec();
    // Two modes in one guard would be none.
    if guards.iter().any(|word| word.starts_with("mode ")) {
        words.retain(|word| !word.starts_with("mode ") && *word != "guests");
    }
    words.extend(&guards);
    if words.contains(&"mode remote") && words.contains(&"card asks") {
        return None;
    }
    if words.contains(&"mode off") && words.contains(&"guests") {
        return None;
    }
    if guard == "user ID is the card's number" {
        words.push("number is digits");
    }
    let mut rig = Rig::new(&words);
    if words.contains(&"paid already") {
        rig.input(Input::Device(DeviceEvent::PaymentEnabled));
    }
    let unconfirmed = guards.contains(&"unconfirmed")
        || (["CardPresented", "CardConfirmed"].contains(&event) && guard == "the same");
    if !rig.enter(state, !unconfirmed) {
        return None;
    }
    for word in guards {
        match word {
            "job runs" => drop(rig.input(Input::Device(DeviceEvent::JobStarted))),
            "paid" => drop(rig.input(Input::Device(DeviceEvent::PaymentEnabled))),
            "altered meanwhile" => drop(rig.input(Input::Altered(altered("the same")))),
            "many new cards" => while rig.station.new_cards.take(Mono(rig.time), 30) {},
            "logged" => assert!(rig.station.new_cards.log(Mono(rig.time))),
            "card tapped" => drop(rig.input(Input::CardPresented(card_b()))),
            _ => {}
        }
    }
    if rig.state() != state {
        return None;
    }
    rig.time += std::time::Duration::from_secs(1);
    Some(rig)
}

fn perform(rig: &mut Rig, event: &str, guard: &str) -> Vec<Effect> {
    let first = guard.split(", ").next().unwrap();
    let newest = rig.request();
    match (panel_action(event, first), event) {
        (Some(action), _) => rig.panel(action),
        (None, "Tick") if first == "due" => rig.expire(),
        (None, "Verified") => {
            let guard = guard.trim_end_matches(", job runs");
            let guard = guard.trim_end_matches(", altered meanwhile");
            rig.input(verified(guard, newest))
        }
        (None, "Site") => {
            let mut settings = rig.station.site.settings.clone();
            if first == "another mode" {
                settings.sign_in.mode = crate::AuthenticationMode::Off;
                settings.registration.card_matching = false;
                settings.sign_in.guests = false;
            }
            let site = Site { has_directory: true, ..Site::new(settings).unwrap() };
            rig.input(Input::Site(Arc::new(site)))
        }
        (None, event) => rig.input(machine_input(event, first, newest)),
    }
}

fn shown(rig: &Rig) -> String {
    match (rig.page(), rig.shown_code()) {
        (_, Some(code)) => code.to_string(),
        (Page::Notice(Notice::Registered { .. }), None) => "Registered".to_owned(),
        (Page::Notice(Notice::Unlinked), None) => "Unlinked".to_owned(),
        (Page::SignedIn { saved: true, .. }, None) => "Saved".to_owned(),
        _ => "-".to_owned(),
    }
}

pub(super) fn kinds(effects: &[Effect]) -> String {
    let kinds: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::LookUp(..) => "LookUp",
            Effect::MakeProvisional(..) => "MakeProvisional",
            Effect::Verify(..) => "Verify",
            Effect::Commit(..) => "Commit",
            Effect::SaveOwn(..) => "SaveOwn",
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
                let key = (state.to_owned(), (*event).to_owned(), (*guard).to_owned());
                let case = format!("{event} ({guard}) in {state}");
                let Some(mut rig) = set_up(state, event, guard) else {
                    let named = rows.remove(&key).is_some_and(|row| !row.any);
                    assert!(!named, "{case}: this site has no way there");
                    continue;
                };
                let before = format!("{:?}", rig.station);
                let shown_before = shown(&rig);
                let effects = perform(&mut rig, event, guard);
                let after = format!("{:?}", rig.station);
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
                        let did = before != after || !effects.is_empty();
                        assert!(did, "{id}: {case} changed nothing");
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
                let first = guard.split(", ").next().unwrap();
                let Some(action) = panel_action(event, first) else { continue };
                let Some(mut rig) = set_up(state, event, guard) else { continue };
                let before = format!("{:?}", rig.station);
                let session = rig.station.session + 1;
                let effects = rig.input(Input::Panel { session, action });
                assert_eq!(kinds(&effects), "-", "{event} in {state}");
                assert_eq!(before, format!("{:?}", rig.station), "{event} in {state}");
            }
        }
    }
}

/// The page says of every page that closes by itself that a touch keeps it.
#[test]
fn a_touch_keeps_whatever_page_clears_by_itself() {
    let mut kept = 0;
    for state in STATES {
        let mut rig = rig_in(state, &[]);
        let Some(before) = rig.station.view().clears_at else { continue };
        rig.time += std::time::Duration::from_secs(1);
        rig.panel(PanelAction::Touch);
        assert_eq!(rig.state(), state);
        assert!(rig.station.view().clears_at > Some(before), "{state}");
        kept += 1;
    }
    assert!(kept > 10, "{kept}");
}
