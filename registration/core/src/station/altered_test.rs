use super::super::{rig_test::*, samples_test::altered, *};
use crate::{Notice, Page, Problem, Role};

fn told(rig: &Rig) -> bool {
    let altered = Problem::from(ErrorCode::RecordAltered);
    rig.page() == Page::Notice(Notice::Problem(altered))
}

/// The key operator's session is another's than that of a user who administers.
#[test]
fn an_administrators_session_ends_with_their_own_account_or_password() {
    let rows = [
        (Verdict::RightDevice, "the key operator's", true),
        (Verdict::RightDevice, "the same", false),
        (Verdict::RightDevice, "the guests'", false),
        (Verdict::RightDevice, "everything", true),
        (administrator(), "the key operator's", false),
        (administrator(), "the same", true),
        (administrator(), "another", false),
        (administrator(), "everything", true),
    ];
    for (verdict, what, ends) in rows {
        for meanwhile in [false, true] {
            let mut rig = rig_in("SigningIn as administrator", &[]);
            if meanwhile {
                rig.input(Input::Altered(altered(what)));
                rig.verified(verdict.clone());
            } else {
                rig.verified(verdict.clone());
                assert_eq!(rig.state(), "Administrator");
                rig.input(Input::Altered(altered(what)));
            }
            // While it is checked, any of the device's own passwords counts.
            let unsure = meanwhile && verdict == Verdict::RightDevice && what == "the guests'";
            assert_eq!(told(&rig), ends || unsure, "{verdict:?} {what} {meanwhile}");
        }
    }
}

fn administrator() -> Verdict {
    Verdict::Right(Account { role: Role::Administrator, ..account("tanaka", None) })
}

#[test]
fn what_changed_before_anybody_asked_ends_nothing() {
    let mut rig = rig_in("Nobody", &[]);
    rig.input(Input::Altered(altered("the same")));
    assert!(rig.enter("SignedIn by card", true));
    // And what was remembered for one answer is not held against the next.
    let mut rig = rig_in("LookingUp", &[]);
    rig.input(Input::Altered(altered("the same")));
    rig.looked_up(LookUp::Registered(account("tanaka", Some(card_a()))));
    assert!(told(&rig));
    assert!(rig.enter("SignedIn by card", true));
}

/// However much changes while an answer is on its way, little is kept, and nothing is forgotten.
#[test]
fn many_changes_at_once_are_one() {
    let mut rig = rig_in("LookingUp", &[]);
    rig.input(Input::Altered(altered("the same")));
    for number in 0..1000 {
        let id = crate::UserId::new(&format!("u{number}")).unwrap();
        rig.input(Input::Altered(Altered::Record(id.into())));
        assert!(rig.station.altered.len() <= super::REMEMBERED);
    }
    rig.looked_up(LookUp::Registered(account("tanaka", Some(card_a()))));
    assert!(told(&rig));
}

#[test]
fn the_mail_address_wants_the_password_unless_it_was_typed_already() {
    let typed = |mail: &str, current: &str| {
        PanelAction::SaveOwn(TypedRecord {
            name: "tanaka".to_owned(),
            mail: mail.to_owned(),
            current: secret(current),
            ..TypedRecord::default()
        })
    };
    // State before the page, words for the site, what is asked for.
    let rows: [(&str, &[&str], bool); 6] = [
        ("SignedIn by card", &[], true),
        ("SignedIn by card", &["contact", "panel asks nothing"], true),
        ("SignedIn by card", &["asks no password"], false),
        ("SignedIn by panel", &[], false),
        ("SignedIn by panel", &["panel asks nothing"], true),
        ("SigningIn by card", &[], false),
    ];
    for (state, words, asked) in rows {
        for mail in ["b@example.org", ""] {
            let mut rig = rig_in(state, words);
            if state == "SigningIn by card" {
                rig.verified(Verdict::Right(account("tanaka", Some(card_a()))));
            }
            rig.panel(PanelAction::OpenOwnRecord);
            let Page::OwnRecord { record, .. } = rig.page() else { panic!("{:?}", rig.page()) };
            assert_eq!(record.asks_password, asked, "{state} {words:?}");
            let effects = rig.panel(typed(mail, ""));
            let refused = rig.shown_code() == Some(ErrorCode::CurrentPasswordWrong);
            assert_eq!((refused, effects.is_empty()), (asked, asked), "{state} {words:?}");
            if asked {
                let effects = rig.panel(typed(mail, "sesame"));
                let [Effect::SaveOwn(_, change)] = effects.as_slice() else {
                    panic!("{effects:?}")
                };
                assert_eq!(change.current.as_ref().map(|c| c.reveal()), Some("sesame"));
                // A wrong one is told on the page, and asked for again.
                let request = rig.request();
                rig.input(Input::OwnSaved(request, Ok(OwnOutcome::WrongPassword)));
                assert_eq!(rig.shown_code(), Some(ErrorCode::CurrentPasswordWrong));
                assert!(rig.panel(typed(mail, "")).is_empty());
            }
        }
    }
    // Nobody can be asked for a password that there is not.
    let mut rig = rig_in("LookingUp", &[]);
    let none = Account { has_password: false, ..account("tanaka", Some(card_a())) };
    rig.looked_up(LookUp::Registered(none));
    rig.panel(PanelAction::OpenOwnRecord);
    assert!(matches!(rig.panel(typed("", "")).as_slice(), [Effect::SaveOwn(..)]));
}
