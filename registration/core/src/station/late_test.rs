//! Answers that come late, twice, or after somebody else took over: nothing is bound.

use super::{rig_test::*, *};
use crate::{AuditEvent, ErrorCode, Notice, Page};

fn right(id: &str) -> Result<Verdict, crate::Problem> {
    Ok(Verdict::Right(account(id, None)))
}

fn binds(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Commit(..)))
}

#[test]
fn a_verdict_that_comes_after_the_person_left_binds_nothing() {
    type Leave = fn(&mut Rig) -> Vec<Effect>;
    let rows: &[(&str, Leave)] = &[
        ("cancel", |rig| rig.panel(PanelAction::Cancel)),
        ("authentication key", |rig| rig.panel(PanelAction::AuthenticationKey)),
        ("special key", |rig| rig.panel(PanelAction::SpecialKey)),
        ("power save", |rig| rig.input(Input::Device(DeviceEvent::PowerSave))),
        ("another card", |rig| rig.input(Input::CardPresented(card_b()))),
        ("a random card", |rig| rig.input(Input::CardPresented(random_card()))),
        ("too slow", Rig::expire),
        ("too slow, timer late too", |rig| {
            rig.time += VERIFY;
            rig.input(Input::CardRemoved(card_a()))
        }),
        ("another person's form", |rig| {
            rig.panel(PanelAction::AuthenticationKey);
            rig.input(Input::CardPresented(card_b()));
            rig.input(Input::CardConfirmed(card_b()));
            rig.input(Input::LookedUp(rig.request(), Ok(LookUp::Provisional)))
        }),
        ("another person's check", |rig| {
            rig.panel(PanelAction::AuthenticationKey);
            rig.input(Input::CardPresented(card_b()));
            rig.input(Input::CardConfirmed(card_b()));
            rig.input(Input::LookedUp(rig.request(), Ok(LookUp::Provisional)));
            rig.panel(submit("suzuki", "open"))
        }),
        ("the same person's second try", |rig| {
            rig.panel(PanelAction::Cancel);
            rig.panel(submit("suzuki", "open"))
        }),
    ];
    for (name, leave) in rows {
        let mut rig = Rig::new(&[]);
        rig.enter("Verifying", true);
        let asked = rig.request();
        leave(&mut rig);
        let before = rig.shape();
        for time in ["once", "twice"] {
            let effects = rig.input(Input::Verified(asked, right("tanaka")));
            assert!(effects.is_empty(), "{name}, {time}: {effects:?}");
            assert_eq!(before, rig.shape(), "{name}, {time}");
        }
    }
}

#[test]
fn answers_that_come_twice_count_once() {
    let mut rig = Rig::new(&[]);
    rig.enter("Verifying", true);
    let asked = rig.request();
    assert!(binds(&rig.input(Input::Verified(asked, right("tanaka")))));
    assert!(rig.input(Input::Verified(asked, right("tanaka"))).is_empty());

    let commit = rig.request();
    assert!(rig.input(Input::Committed(commit, Ok(CommitOutcome::Done))).is_empty());
    let page = rig.page();
    assert_eq!(page, Page::Notice(Notice::Registered { name: "tanaka".to_owned() }));
    assert!(rig.input(Input::Committed(commit, Ok(CommitOutcome::CardTaken))).is_empty());
    assert_eq!(rig.page(), page);
}

#[test]
fn a_commit_cannot_be_called_back_and_its_result_is_shown_truthfully() {
    let mut rig = Rig::new(&[]);
    rig.enter("Committing", true);
    let commit = rig.request();
    rig.panel(PanelAction::Cancel);
    rig.panel(PanelAction::AuthenticationKey);
    rig.input(Input::CardPresented(card_b()));
    assert_eq!(rig.page(), Page::Saving);
    rig.input(Input::Committed(commit, Ok(CommitOutcome::Done)));
    assert_eq!(rig.page(), Page::Notice(Notice::Registered { name: "tanaka".to_owned() }));
}

#[test]
fn the_card_that_is_bound_is_the_one_that_was_tapped_and_read_twice() {
    let rows = [(Input::CardConfirmed(card_a()), true), (Input::CardConfirmed(card_b()), false)];
    for (read_again, counts) in rows {
        let mut rig = Rig::new(&[]);
        rig.enter("Form", false);
        rig.input(read_again);
        rig.panel(submit("tanaka", "sesame"));
        assert_eq!(rig.state() == "Verifying", counts);
        assert_eq!(rig.shown_code(), (!counts).then_some(ErrorCode::Unconfirmed));
    }
    // Tapping again is the second read, and the page stops asking for it.
    let mut rig = Rig::new(&[]);
    rig.enter("Form", false);
    rig.panel(submit("tanaka", "sesame"));
    assert_eq!(rig.shown_code(), Some(ErrorCode::Unconfirmed));
    rig.input(Input::CardPresented(card_a()));
    assert_eq!(rig.shown_code(), None);
    rig.panel(submit("tanaka", "sesame"));
    let effects = rig.input(Input::Verified(rig.request(), right("tanaka")));
    match effects.as_slice() {
        [Effect::Commit(_, binding)] => {
            assert_eq!((&binding.card, binding.user.as_str()), (&card_a(), "tanaka"));
            assert_eq!(binding.replaces, None);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_card_that_the_person_agreed_to_is_replaced() {
    let mut rig = Rig::new(&[]);
    rig.enter("ConfirmingReplace", true);
    for replaced in [number(&card_old()), number(&card_b())] {
        let effects = rig.panel(PanelAction::Confirm(true));
        match effects.as_slice() {
            [Effect::Commit(_, binding)] => assert_eq!(binding.replaces, Some(replaced)),
            other => panic!("{other:?}"),
        }
        // Meanwhile the user got another card elsewhere: asked again, for that one.
        rig.input(Input::Committed(rig.request(), Ok(CommitOutcome::Conflict(number(&card_b())))));
        assert_eq!(rig.page(), Page::ConfirmReplace);
    }
}

#[test]
fn the_log_knows_whose_password_was_wrong_and_never_what_was_typed_for_nobody() {
    let rows = [(Verdict::WrongPassword, Some("tanaka")), (Verdict::UnknownUser, None)];
    for (verdict, logged) in rows {
        let mut rig = Rig::new(&[]);
        rig.enter("Verifying", true);
        let effects = rig.input(Input::Verified(rig.request(), Ok(verdict)));
        match effects.as_slice() {
            [Effect::Audit(record)] => {
                assert!(matches!(record.event, AuditEvent::SignInFailed(_)));
                assert_eq!(record.event.user().map(|user| user.as_str()), logged);
            }
            other => panic!("{other:?}"),
        }
        match rig.page() {
            Page::Register { user_id, .. } => assert_eq!(user_id, "tanaka"),
            other => panic!("{other:?}"),
        }
        assert_eq!(rig.shown_code(), Some(ErrorCode::WrongCredentials));
    }
}

#[test]
fn what_comes_back_of_a_typed_user_id_is_bounded() {
    let mut rig = Rig::new(&[]);
    rig.enter("Form", true);
    rig.panel(submit(&"田".repeat(100_000), "x"));
    match rig.page() {
        Page::Register { user_id, problem: Some(problem), .. } => {
            assert_eq!(user_id.chars().count(), 64);
            assert_eq!(problem.code, ErrorCode::UserIdRule);
        }
        other => panic!("{other:?}"),
    }
}
