//! Random sequences of events: what must hold whatever happens.
//!
//! 2,000 sequences; `PROPTEST_CASES=100000` for more.

use std::{cell::Cell, time::Duration};

use proptest::{prelude::*, test_runner::TestRunner};

use super::{rig_test::*, world_test::*, *};
use crate::Source;

#[derive(Clone, Copy, Debug)]
enum Step {
    Present(u8),
    Confirm(u8),
    Remove(u8),
    Multiple,
    Device(u8),
    Press(u8),
    SignIn(u8, bool),
    Password(bool),
    NewPassword(bool),
    Submit(u8, bool, bool),
    Agree(bool),
    SaveOwn(bool),
    /// Answers a request: how far back, and whether the port fails.
    Answer(u8, bool),
    Wait(u16),
    StalePress,
    Delete(u8),
    /// What leads on to a registration, so that sequences get far.
    Onward,
}

const PRESSES: [PanelAction; 11] = [
    PanelAction::AuthenticationKey,
    PanelAction::OpenSignIn,
    PanelAction::SignInAs(SignInAs::User),
    PanelAction::SignInAs(SignInAs::Guest),
    PanelAction::SignInAs(SignInAs::Administrator),
    PanelAction::SpecialKey,
    PanelAction::OpenRegistration,
    PanelAction::OpenOwnRecord,
    PanelAction::UnlinkCard,
    PanelAction::Cancel,
    PanelAction::Touch,
];

const USERS: [&str; 8] = ["tanaka", "suzuki", "sato", "kato", "ito", "admin", "boss", "nobody"];

const SITES: [&[&str]; 10] = [
    &[],
    &["page stays closed", "may unlink"],
    &["card asks", "both sources"],
    &["both sources", "switches user"],
    &["mode remote", "guests"],
    &["mode remote", "page by itself"],
    &["contact", "panel asks nothing"],
    &["payment first", "card only"],
    &["mode unverified"],
    &["mode off"],
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..6_u8).prop_map(Step::Present),
        3 => (0..3_u8).prop_map(Step::Confirm),
        1 => (0..3_u8).prop_map(Step::Remove),
        1 => Just(Step::Multiple),
        2 => (0..8_u8).prop_map(Step::Device),
        4 => (0..11_u8).prop_map(Step::Press),
        3 => (0..8_u8, any::<bool>()).prop_map(|(user, right)| Step::SignIn(user, right)),
        2 => any::<bool>().prop_map(Step::Password),
        1 => any::<bool>().prop_map(Step::NewPassword),
        5 => (0..8_u8, any::<bool>(), any::<bool>()).prop_map(|(u, r, d)| Step::Submit(u, r, d)),
        3 => any::<bool>().prop_map(Step::Agree),
        1 => any::<bool>().prop_map(Step::SaveOwn),
        12 => (0..6_u8, 0..6_u8).prop_map(|(back, fails)| {
            // Mostly the newest request, sometimes one that is long over.
            Step::Answer(back.saturating_sub(3), fails == 0)
        }),
        1 => (0..40_u16).prop_map(Step::Wait),
        1 => Just(Step::StalePress),
        1 => (0..8_u8).prop_map(Step::Delete),
        24 => Just(Step::Onward),
    ]
}

fn typed(right: bool) -> &'static str {
    if right { PASSWORD } else { "opensezam" }
}

fn onward(world: &World, at: usize) -> Step {
    match world.desks[at].rig.state() {
        "Provisional" => Step::Press(6),
        "Form" => match world.desks[at].rig.shown_code() {
            Some(crate::ErrorCode::Unconfirmed) => Step::Confirm(0),
            _ => Step::Submit(0, true, false),
        },
        "ConfirmingReplace" => Step::Agree(true),
        "NewPassword" => Step::NewPassword(true),
        "AwaitingPassword" => Step::Password(true),
        "Nobody" | "Notice" | "SignInPage" | "AskWho" | "SignedIn by card" => Step::Present(0),
        _ => Step::Answer(0, false),
    }
}

fn perform(world: &mut World, at: usize, step: Step) {
    match step {
        Step::Onward => perform(world, at, onward(world, at)),
        Step::Present(n) => world.input(at, Input::CardPresented(nth_card(n))),
        Step::Confirm(n) => world.input(at, Input::CardConfirmed(nth_card(n))),
        Step::Remove(n) => world.input(at, Input::CardRemoved(nth_card(n))),
        Step::Multiple => world.input(at, Input::MultipleCards),
        Step::Device(n) => {
            world.input(at, Input::Device(DeviceEvent::ALL[usize::from(n)]));
        }
        Step::Press(n) => world.panel(at, PRESSES[usize::from(n)].clone()),
        Step::SignIn(user, right) => {
            world.panel(at, sign_in(USERS[usize::from(user)], typed(right)));
        }
        Step::Password(right) => world.panel(at, PanelAction::Password(secret(typed(right)))),
        Step::NewPassword(same) => world.panel(at, new_password(PASSWORD, typed(same))),
        Step::Submit(user, right, directory) => {
            let source = if directory { Source::Directory } else { Source::Device };
            world.panel(at, submit_to(source, USERS[usize::from(user)], typed(right)));
        }
        Step::Agree(yes) => world.panel(at, PanelAction::Confirm(yes)),
        Step::SaveOwn(right) => {
            let current = secret(typed(right));
            let (new, again) = (secret("newsecret"), secret("newsecret"));
            let typed =
                TypedRecord { name: "Taro".into(), mail: String::new(), current, new, again };
            world.panel(at, PanelAction::SaveOwn(typed));
        }
        Step::Answer(back, fails) => world.answer(at, back.into(), fails),
        Step::Wait(seconds) => {
            world.desks[at].rig.time += Duration::from_secs(seconds.into());
            world.input(at, Input::Tick);
        }
        Step::StalePress => {
            let session = world.desks[at].rig.station.session.wrapping_sub(1);
            world.input(at, Input::Panel { session, action: PanelAction::Confirm(true) });
        }
        Step::Delete(user) => world.records.delete(&user_id(USERS[usize::from(user)])),
    }
}

#[test]
fn whatever_happens_the_rules_hold() {
    let default = ProptestConfig::default();
    let cases = default.cases.max(2000);
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..default });
    let totals = Cell::new((0, 0));
    let steps = prop::collection::vec((0..6_usize, step()), 1..120);
    let result = runner.run(&(0..SITES.len(), steps), |(site, steps)| {
        let mut world = World::new(SITES[site]);
        for (at, step) in steps {
            // Mostly at the first station.
            perform(&mut world, at / 5, step);
        }
        for at in 0..2 {
            world.comes_back(at);
        }
        let (commits, registered) = totals.get();
        totals.set((commits + world.commits, registered + world.registered));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (commits, registered) = totals.get();
    let (least, cases) = (cases / 4, cases);
    assert!(
        commits > least && registered > least / 2,
        "too shallow: {commits} commits, {registered} registered in {cases} sequences"
    );
}

/// One card lies on two readers in turn, and two people register it: in every order in which the
/// steps at both can come, it is bound once.
#[test]
fn one_card_at_two_stations_is_one_persons_whatever_comes_first() {
    const STEPS: u32 = 10;
    let mut commits = 0;
    for order in 0..1_u32 << STEPS {
        let mut world = World::new(SITES[0]);
        for at in 0..2 {
            for _ in 0..20 {
                if world.desks[at].rig.state() != "Form" {
                    let step = onward(&world, at);
                    perform(&mut world, at, step);
                }
            }
            assert_eq!(world.desks[at].rig.state(), "Form");
        }
        for nth in 0..STEPS {
            let at = usize::from(order >> nth & 1 == 1);
            let step = match (at, onward(&world, at)) {
                (1, Step::Submit(..)) => Step::Submit(1, true, false),
                (_, step) => step,
            };
            perform(&mut world, at, step);
        }
        commits += world.commits;
    }
    assert!(commits > 1 << STEPS, "too shallow: {commits}");
}
