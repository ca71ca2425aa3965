//! The rows of spec 30 section 4, each as the story it tells.

use kazasu_hal::CardIdentity;

use super::{rig_test::*, *};
use crate::{AuditEvent, AuthenticationMode, Claimed, ErrorCode, Notice, Page, Source};

fn tap(rig: &mut Rig, card: CardIdentity) -> Vec<Effect> {
    rig.input(Input::CardPresented(card))
}

fn key(rig: &mut Rig) -> Vec<Effect> {
    rig.panel(PanelAction::AuthenticationKey)
}

fn device(rig: &mut Rig, event: DeviceEvent) -> Vec<Effect> {
    rig.input(Input::Device(event))
}

fn known(rig: &mut Rig) -> Vec<Effect> {
    rig.looked_up(LookUp::Registered(account("tanaka", Some(card_a()))))
}

#[track_caller]
fn refused(rig: &Rig, code: ErrorCode) {
    assert_eq!(rig.page(), Page::Notice(Notice::Problem(code.into())));
}

#[test]
fn s30_4_01_a_known_card_signs_its_owner_in() {
    let mut rig = Rig::new(&[]);
    match tap(&mut rig, card_a()).as_slice() {
        [Effect::LookUp(_, wanted)] => {
            assert_eq!(wanted.card, card_a());
            assert_eq!((&wanted.number, wanted.source), (&number(&card_a()), Source::Device));
        }
        other => panic!("S30-4-01: {other:?}"),
    }
    known(&mut rig);
    match rig.page() {
        Page::SignedIn { name: Some(name), .. } => assert_eq!(name, "tanaka"),
        other => panic!("S30-4-01: {other:?}"),
    }
}

#[test]
fn s30_4_02_a_known_card_that_needs_a_password_asks_for_it_once() {
    let mut rig = rig_in("AwaitingPassword", &[]);
    let effects = rig.panel(PanelAction::Password(secret("sesame")));
    match effects.as_slice() {
        [Effect::Verify(_, Claim::User(id, Some(typed)), _)] => {
            assert_eq!((id.as_str(), typed.reveal()), ("tanaka", "sesame"), "S30-4-02");
        }
        other => panic!("S30-4-02: {other:?}"),
    }
    rig.verified(Verdict::Right(account("tanaka", Some(card_a()))));
    assert_eq!(rig.state(), "SignedIn by card");
    // Somebody else's password does not open it.
    let mut rig = rig_in("SigningIn by card", &[]);
    rig.verified(Verdict::Right(account("suzuki", None)));
    refused(&rig, ErrorCode::SignInFailed);
}

#[test]
fn s30_4_03_an_unknown_card_becomes_a_provisional_user() {
    let mut rig = rig_in("LookingUp", &["page stays closed"]);
    match rig.looked_up(LookUp::Unknown).as_slice() {
        [Effect::MakeProvisional(_, made, capacity)] => {
            assert_eq!((&made.card, &made.number), (&card_a(), &number(&card_a())), "S30-4-03");
            assert!(made.password.is_none());
            assert_eq!((capacity.registered, capacity.records), (999, 1000));
        }
        other => panic!("S30-4-03: {other:?}"),
    }
    rig.input(Input::ProvisionalMade(rig.request(), Ok(ProvisionalOutcome::Made)));
    assert_eq!(rig.state(), "Provisional");
    // Where cards need a password it is asked for twice, and the minimum length is checked.
    let mut rig = rig_in("NewPassword", &[]);
    assert_eq!(rig.page(), Page::NewPassword { min: 4, max: 12, problem: None });
    rig.panel(new_password("abc", "abc"));
    assert_eq!(rig.shown_code(), Some(ErrorCode::PasswordTooShort), "S30-4-03: its own reason");
    rig.panel(new_password("sesame", "sesam"));
    assert_eq!(rig.shown_code(), Some(ErrorCode::PasswordsDiffer), "S30-4-03");
    match rig.panel(new_password("sesame", "sesame")).as_slice() {
        [Effect::MakeProvisional(_, made, _)] => {
            assert_eq!(made.password.as_ref().map(|p| p.reveal()), Some("sesame"), "S30-4-03");
        }
        other => panic!("S30-4-03: {other:?}"),
    }
}

#[test]
fn s30_4_04_no_slot_has_its_own_reason() {
    let mut rig = rig_in("MakingProvisional", &[]);
    rig.input(Input::ProvisionalMade(rig.request(), Ok(ProvisionalOutcome::Full)));
    refused(&rig, ErrorCode::Full);
    rig.expire();
    assert_eq!(rig.state(), "Nobody", "S30-4-04");
}

#[test]
fn s30_4_05_an_unknown_card_is_refused_where_cards_register_nobody() {
    let mut rig = rig_in("LookingUp", &["not by card"]);
    let effects = rig.looked_up(LookUp::Unknown);
    assert!(matches!(effects.as_slice(), [Effect::Audit(_)]), "S30-4-05: {effects:?}");
    refused(&rig, ErrorCode::CardRefused);
    rig.expire();
    assert_eq!(rig.state(), "Nobody", "S30-4-05");
}

#[test]
fn s30_4_06_the_authentication_key_opens_the_sign_in_page() {
    let mut rig = Rig::new(&[]);
    key(&mut rig);
    assert_eq!(rig.state(), "SignInPage", "S30-4-06");
    // By itself at power-on, after clear and on waking.
    let by_itself = ["page by itself"];
    assert_eq!(Rig::new(&by_itself).state(), "SignInPage", "S30-4-06: power-on");
    let mut rig = rig_in("Provisional", &by_itself);
    rig.expire();
    assert_eq!(rig.state(), "SignInPage", "S30-4-06: after clear");
    assert_eq!(rig.station.poll_timeout(), None, "a page that shows by itself stays");
    rig.panel(PanelAction::Cancel);
    assert_eq!(rig.state(), "Nobody");
    device(&mut rig, DeviceEvent::Waking);
    assert_eq!(rig.state(), "SignInPage", "S30-4-06: waking");
    // Never when everything is open, or while a payment accessory is fitted.
    for never in ["mode off", "payment fitted"] {
        assert_eq!(Rig::new(&["page by itself", never]).state(), "Nobody", "S30-4-06: {never}");
    }
    // Remote: as what?
    let mut rig = Rig::new(&["mode remote", "guests"]);
    key(&mut rig);
    assert_eq!(rig.page(), Page::AskWho { guests: true }, "S30-4-06");
}

#[test]
fn s30_4_07_a_card_that_waits_for_its_password_stays() {
    let mut rig = rig_in("AwaitingPassword", &[]);
    key(&mut rig);
    assert_eq!(rig.state(), "AwaitingPassword", "S30-4-07");
    rig.input(Input::CardRemoved(card_a()));
    assert_eq!(rig.state(), "AwaitingPassword", "S30-4-07: contactless");
    let mut rig = rig_in("AwaitingPassword", &["contact"]);
    rig.input(Input::CardRemoved(card_a()));
    assert_eq!(rig.state(), "Nobody", "S30-4-07: contact");
}

#[test]
fn s30_4_08_a_wrong_password_leaves_nobody_and_is_written_down() {
    for state in ["SigningIn by card", "SigningIn by panel"] {
        for (verdict, who) in [
            (Verdict::WrongPassword, Some("tanaka")),
            (Verdict::UnknownUser, (state == "SigningIn by card").then_some("tanaka")),
        ] {
            let mut rig = rig_in(state, &[]);
            match rig.verified(verdict).as_slice() {
                [Effect::Audit(record)] => {
                    assert!(matches!(record.event, AuditEvent::SignInFailed(_)), "S30-4-08");
                    assert_eq!(record.event.user().map(|u| u.as_str()), who, "S30-4-08 {state}");
                }
                other => panic!("S30-4-08: {other:?}"),
            }
            // The same sentence for both.
            refused(&rig, ErrorCode::SignInFailed);
            rig.expire();
            assert_eq!(rig.state(), "Nobody", "S30-4-08");
        }
    }
}

#[test]
fn s30_4_09_another_card_is_ignored_or_takes_over() {
    let mut rig = rig_in("SignedIn by card", &[]);
    assert!(tap(&mut rig, card_b()).is_empty(), "S30-4-09");
    assert_eq!(rig.state(), "SignedIn by card");
    let mut rig = rig_in("SignedIn by card", &["switches user"]);
    let session = rig.station.session;
    match tap(&mut rig, card_b()).as_slice() {
        [Effect::LookUp(_, wanted)] => assert_eq!(wanted.card, card_b(), "S30-4-09"),
        other => panic!("S30-4-09: {other:?}"),
    }
    assert_ne!(rig.station.session, session, "presses on the old page no longer count");
}

#[test]
fn s30_4_10_the_same_card_again_changes_nothing() {
    for words in [&[][..], &["switches user"]] {
        let mut rig = rig_in("SignedIn by card", words);
        let before = rig.shape();
        assert!(tap(&mut rig, card_a()).is_empty(), "S30-4-10");
        assert_eq!(rig.shape(), before, "S30-4-10");
    }
}

#[test]
fn s30_4_11_a_card_ends_a_session_that_began_at_the_panel() {
    for mode in [&[][..], &["mode remote"]] {
        let mut rig = rig_in("SignedIn by panel", mode);
        match tap(&mut rig, card_b()).as_slice() {
            [Effect::LookUp(_, wanted)] => assert_eq!(wanted.card, card_b(), "S30-4-11"),
            other => panic!("S30-4-11: {other:?}"),
        }
        let mut rig = rig_in("SignedIn by panel", mode);
        device(&mut rig, DeviceEvent::PaymentEnabled);
        assert_eq!(rig.state(), "SignedIn by panel", "S30-4-11: a payment changes nothing");
    }
}

#[test]
fn s30_4_12_signing_in_at_the_panel_drops_the_card() {
    let mut rig = rig_in("SignedIn by card", &[]);
    rig.panel(PanelAction::OpenSignIn);
    assert_eq!(rig.state(), "SignInPage", "S30-4-12");
    // With the card in a slot only an administrator can sign in.
    let mut rig = rig_in("SignedIn by card", &["contact", "panel asks nothing"]);
    rig.panel(PanelAction::OpenSignIn);
    let page = rig.page();
    let administrator = SignInAs::Administrator;
    assert!(
        matches!(page, Page::SignIn { signs_in, .. } if signs_in == administrator),
        "S30-4-12: {page:?}"
    );
}

#[test]
fn s30_4_13_a_verification_is_aborted_by_cancel_card_and_accessory() {
    type Abort = fn(&mut Rig) -> Vec<Effect>;
    let aborts: [(&str, Abort); 4] = [
        ("cancel", |rig| rig.panel(PanelAction::Cancel)),
        ("another card", |rig| tap(rig, card_b())),
        ("payment", |rig| device(rig, DeviceEvent::PaymentEnabled)),
        ("payment over", |rig| device(rig, DeviceEvent::PaymentDisabled)),
    ];
    for (name, abort) in aborts {
        let mut rig = rig_in("SigningIn by panel", &["mode remote"]);
        let asked = rig.request();
        let effects = abort(&mut rig);
        assert!(matches!(effects.as_slice(), [Effect::Abandon(n)] if *n == asked), "S30-4-13");
        assert_eq!(rig.state(), "Nobody", "S30-4-13: {name}");
        let before = rig.shape();
        rig.input(Input::Verified(asked, Ok(Verdict::Right(account("tanaka", None)))));
        assert_eq!(rig.shape(), before, "S30-4-13: a late answer counted after {name}");
        // Guest, KO and CE are not aborted.
        for state in ["SigningIn as guest", "SigningIn as administrator", "SigningIn as engineer"] {
            let mut rig = rig_in(state, &[]);
            abort(&mut rig);
            assert_eq!(rig.state(), state, "S30-4-13: {name}");
        }
    }
}

#[test]
fn s30_4_14_a_contact_card_is_signed_in_until_it_is_pulled() {
    let words = ["contact", "panel asks nothing"];
    let mut rig = rig_in("SignedIn by card", &words);
    key(&mut rig);
    assert_eq!(rig.state(), "SignedIn by card", "S30-4-14: the key");
    rig.input(Input::CardRemoved(card_b()));
    assert_eq!(rig.state(), "SignedIn by card", "S30-4-14: another reader's card");
    rig.input(Input::CardRemoved(card_a()));
    assert_eq!(rig.state(), "Nobody", "S30-4-14: pulled");
    let mut rig = rig_in("SignedIn by card", &words);
    rig.expire();
    assert_eq!(rig.state(), "Nobody", "S30-4-14: auto clear with the card still in");
    let mut rig = rig_in("SignedIn by card", &words);
    rig.panel(PanelAction::OpenSignIn);
    rig.panel(sign_in("admin", "sesame"));
    rig.verified(Verdict::RightDevice);
    key(&mut rig);
    assert_eq!(rig.state(), "Nobody", "S30-4-14: after an administrator, take it out first");
}

#[test]
fn s30_4_15_key_clear_power_save_and_waking_end_every_other_session() {
    type End = fn(&mut Rig) -> Vec<Effect>;
    let ends: [(&str, End); 4] = [
        ("key", key),
        ("auto clear", Rig::expire),
        ("power save", |rig| device(rig, DeviceEvent::PowerSave)),
        ("waking", |rig| device(rig, DeviceEvent::Waking)),
    ];
    let states = ["SignedIn by card", "SignedIn by panel", "Administrator", "Guest", "Provisional"];
    for state in states {
        for (name, end) in ends {
            let mut rig = rig_in(state, &[]);
            end(&mut rig);
            assert_eq!(rig.state(), "Nobody", "S30-4-15: {name} in {state}");
        }
        // Whoever acts stays.
        let mut rig = rig_in(state, &[]);
        let was = rig.station.poll_timeout();
        rig.time += std::time::Duration::from_secs(20);
        rig.panel(PanelAction::Touch);
        assert!(rig.station.poll_timeout() > was, "S30-4-15: {state}");
    }
}

#[test]
fn s30_4_16_the_reset_key_ends_an_administrator() {
    let mut rig = rig_in("Administrator", &[]);
    device(&mut rig, DeviceEvent::ResetKey);
    assert_eq!(rig.state(), "Nobody", "S30-4-16");
    let mut rig = rig_in("SignedIn by card", &[]);
    device(&mut rig, DeviceEvent::ResetKey);
    assert_eq!(rig.state(), "SignedIn by card", "S30-4-16: nobody else");
}

#[test]
fn s30_4_17_a_card_goes_on_when_the_engineers_page_closes() {
    let mut rig = rig_in("EngineerPage", &[]);
    assert!(tap(&mut rig, card_b()).is_empty());
    assert_eq!(rig.state(), "EngineerPage", "S30-4-17: the page stays");
    match rig.panel(PanelAction::Cancel).as_slice() {
        [Effect::LookUp(_, wanted)] => assert_eq!(wanted.card, card_b(), "S30-4-17"),
        other => panic!("S30-4-17: {other:?}"),
    }
    // A wrong password keeps the page and the card.
    let mut rig = rig_in("EngineerPage", &[]);
    tap(&mut rig, card_b());
    rig.panel(PanelAction::Password(secret("sesame")));
    rig.verified(Verdict::WrongPassword);
    assert_eq!(rig.shown_code(), Some(ErrorCode::SignInFailed));
    assert!(matches!(rig.expire().as_slice(), [Effect::LookUp(..)]), "S30-4-17");
}

#[test]
fn s30_4_18_the_special_key_signs_out_whoever_is_there() {
    for state in STATES {
        if ["Engineer", "EngineerPage", "SigningIn as engineer", "Committing", "SavingOwn"]
            .contains(&state)
        {
            continue;
        }
        let mut rig = rig_in(state, &[]);
        rig.panel(PanelAction::SpecialKey);
        assert_eq!(rig.state(), "EngineerPage", "S30-4-18: {state}");
        rig.panel(PanelAction::Cancel);
        assert_eq!(rig.state(), "Nobody", "S30-4-18: {state} was signed out first");
    }
}

#[test]
fn s30_4_19_the_engineer_leaves_by_the_key_and_the_power() {
    type End = fn(&mut Rig) -> Vec<Effect>;
    let ends: [End; 2] =
        [|rig| rig.panel(PanelAction::SpecialKey), |rig| device(rig, DeviceEvent::PowerSave)];
    for end in ends {
        let mut rig = rig_in("Engineer", &[]);
        key(&mut rig);
        tap(&mut rig, card_a());
        rig.panel(PanelAction::Cancel);
        assert_eq!(rig.state(), "Engineer", "S30-4-19: nothing else ends it");
        assert_eq!(rig.station.poll_timeout(), None, "S30-4-19");
        end(&mut rig);
        assert_eq!(rig.state(), "Nobody", "S30-4-19");
    }
    // Power off: a station that starts has nobody.
    assert_eq!(Rig::new(&[]).state(), "Nobody", "S30-4-19");
}

#[test]
fn s30_4_20_a_card_beside_an_administrator_lets_jobs_run() {
    let mut rig = rig_in("Administrator", &[]);
    assert_eq!(rig.page(), Page::Administrator { jobs_enabled: false });
    // Any card will do: nobody is looked up.
    assert!(tap(&mut rig, random_card()).is_empty(), "S30-4-20");
    assert_eq!(rig.page(), Page::Administrator { jobs_enabled: true }, "S30-4-20");
    let mut rig = rig_in("Administrator", &["mode off"]);
    tap(&mut rig, card_a());
    assert_eq!(rig.page(), Page::Administrator { jobs_enabled: false }, "S30-4-20: mode off");
}

#[test]
fn s30_4_21_a_card_closes_the_administrators_page() {
    let mut rig = rig_in("SignInPage", &["card only"]);
    let page = rig.page();
    assert!(matches!(page, Page::SignIn { signs_in: SignInAs::Administrator, .. }), "{page:?}");
    tap(&mut rig, card_a());
    known(&mut rig);
    assert_eq!(rig.state(), "SignedIn by card", "S30-4-21");
}

#[test]
fn s30_4_22_a_committed_registration_leaves_nobody() {
    let mut rig = rig_in("Committing", &[]);
    rig.input(Input::Committed(rig.request(), Ok(CommitOutcome::Done)));
    let name = "tanaka".to_owned();
    assert_eq!(rig.page(), Page::Notice(Notice::Registered { name }), "S30-4-22");
    // The page of the result belongs to nobody: the card that is known now signs in.
    assert!(matches!(tap(&mut rig, card_a()).as_slice(), [Effect::LookUp(..)]), "S30-4-22");
    let mut rig = rig_in("Committing", &[]);
    rig.input(Input::Committed(rig.request(), Ok(CommitOutcome::Done)));
    rig.expire();
    assert_eq!(rig.state(), "Nobody", "S30-4-22");
}

#[test]
fn administrators_are_the_key_operator_and_users_with_the_role() {
    let mut rig = rig_in("SignInPage", &[]);
    match rig.panel(sign_in("admin", "sesame")).as_slice() {
        [Effect::Verify(_, Claim::Device(DeviceSecret::KeyOperator, Some(_)), None)] => {}
        other => panic!("{other:?}"),
    }
    match rig.verified(Verdict::WrongPassword).as_slice() {
        [Effect::Audit(record)] => {
            let who = Claimed::Device(DeviceSecret::KeyOperator);
            assert_eq!(record.event, AuditEvent::SignInFailed(crate::Refused::wrong(who, None)));
        }
        other => panic!("{other:?}"),
    }
    for (role, state) in
        [(crate::Role::Administrator, "Administrator"), (crate::Role::General, "Notice")]
    {
        let mut rig = rig_in("SignInPage", &[]);
        rig.panel(PanelAction::SignInAs(SignInAs::Administrator));
        rig.panel(sign_in("tanaka", "sesame"));
        rig.verified(Verdict::Right(Account { role, ..account("tanaka", None) }));
        assert_eq!(rig.state(), state, "{role:?}");
    }
}

#[test]
fn users_are_told_why_they_cannot_sign_in_or_register_here() {
    let mut rig = Rig::new(&["card only"]);
    key(&mut rig);
    rig.panel(PanelAction::SignInAs(SignInAs::User));
    assert_eq!(rig.shown_code(), Some(ErrorCode::CardOnly));
    // Registration is switched off while the page is open.
    let mut rig = rig_in("Form", &[]);
    rig.input(Input::Site(site(&["off the menu"])));
    rig.panel(submit("tanaka", "sesame"));
    assert_eq!(rig.shown_code(), Some(ErrorCode::WrongState));
}

#[test]
fn a_mode_that_looks_nobody_up_takes_the_card_itself() {
    for mode in ["mode off", "mode unverified"] {
        let mut rig = Rig::new(&[mode]);
        assert!(tap(&mut rig, card_a()).is_empty());
        let page = rig.page();
        assert!(matches!(page, Page::SignedIn { name: None, can_edit: false, .. }), "{page:?}");
    }
}

#[test]
fn another_mode_ends_who_was_signed_in_under_the_old_one() {
    let mut rig = rig_in("SignedIn by card", &[]);
    rig.input(Input::Site(site(&["switches user"])));
    assert_eq!(rig.state(), "SignedIn by card", "the same mode");
    rig.input(Input::Site(site(&["mode remote"])));
    assert_eq!(rig.state(), "Nobody");
    assert_eq!(rig.station.settings().sign_in.mode, AuthenticationMode::Remote);
}

#[test]
fn a_payment_keeps_users_out_where_it_goes_first() {
    let mut rig = Rig::new(&["payment first"]);
    device(&mut rig, DeviceEvent::PaymentEnabled);
    tap(&mut rig, card_a());
    refused(&rig, ErrorCode::PaymentFirst);
    rig.expire();
    key(&mut rig);
    let page = rig.page();
    assert!(matches!(page, Page::SignIn { signs_in: SignInAs::Administrator, .. }), "{page:?}");
    rig.panel(PanelAction::SignInAs(SignInAs::User));
    assert_eq!(rig.shown_code(), Some(ErrorCode::PaymentFirst));
    device(&mut rig, DeviceEvent::PaymentDisabled);
    assert!(matches!(tap(&mut rig, card_a()).as_slice(), [Effect::LookUp(..)]));
}
