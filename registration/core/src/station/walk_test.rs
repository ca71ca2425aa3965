//! Every event in every state that can be reached in six steps: no panic, no state that is there
//! for nothing, and a way out of each.

use std::collections::{BTreeMap, BTreeSet};

use super::{rig_test::*, samples_test::*, *};

/// How many events after each other.
const DEPTH: usize = 6;

/// An event and what it carries; guards about the site are the site's matter here.
fn events() -> Vec<(&'static str, &'static str)> {
    let site = [
        "mode",
        "paid",
        "payment",
        "page",
        "contact",
        "card asks",
        "panel",
        "job",
        "un",
        "altered",
    ];
    let about_site = |guard: &str| {
        guard.split(", ").skip(1).any(|word| site.iter().any(|s| word.starts_with(s)))
    };
    SAMPLES
        .iter()
        .flat_map(|(event, guards)| guards.iter().map(|guard| (*event, *guard)))
        .filter(|(event, guard)| *event != "Site" && !about_site(guard) && *guard != "not due")
        .collect()
}

fn replay(words: &[&str], path: &[(&str, &str)]) -> Rig {
    let mut rig = Rig::new(words);
    for (event, guard) in path {
        let first = guard.split(", ").next().unwrap();
        match (panel_action(event, first), *event) {
            (Some(action), _) => drop(rig.panel(action)),
            (None, "Tick") => drop(rig.expire()),
            (None, "Verified") => drop(rig.input(verified(guard, rig.request()))),
            (None, event) => drop(rig.input(machine_input(event, first, rig.request()))),
        }
    }
    rig
}

/// The station without its numbers: those of requests, sessions and times make no difference.
fn shape(rig: &Rig) -> String {
    rig.shape().chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect()
}

#[test]
fn every_state_is_reached_within_six_events_and_can_be_left() {
    let sites: [&[&str]; 5] = [
        &["page stays closed"],
        &["card asks", "both sources"],
        &["mode remote", "guests"],
        &["contact", "panel asks nothing"],
        &["payment first", "switches user", "may unlink"],
    ];
    let events = events();
    assert!(events.len() > 70, "{}", events.len());
    let mut reached = BTreeMap::<&str, usize>::new();
    for words in sites {
        let mut seen = BTreeSet::from([shape(&Rig::new(words))]);
        let mut edge = vec![Vec::new()];
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for path in edge {
                for event in &events {
                    let longer = [path.as_slice(), &[*event]].concat();
                    let rig = replay(words, &longer);
                    if seen.insert(shape(&rig)) {
                        *reached.entry(rig.state()).or_default() += 1;
                        leaves(rig, &longer);
                        next.push(longer);
                    }
                }
            }
            edge = next;
        }
    }
    let missing: Vec<_> = STATES.iter().filter(|state| !reached.contains_key(*state)).collect();
    // Where every station begins.
    assert_eq!(missing, [&"Nobody"; 0], "{reached:?}");
}

/// By timers, and where there is none by the key that the state is for.
fn leaves(mut rig: Rig, path: &[(&str, &str)]) {
    for _ in 0..8 {
        match rig.state() {
            "Nobody" => return,
            "Engineer" => drop(rig.panel(PanelAction::SpecialKey)),
            _ if rig.station.poll_timeout().is_none() => drop(rig.panel(PanelAction::Cancel)),
            _ => drop(rig.expire()),
        }
    }
    panic!("no way back from {} after {path:?}", rig.state());
}
