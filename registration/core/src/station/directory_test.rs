//! The registration page with a directory, under both methods (spec 10 sections 3.2, 3.3).

use super::{rig_test::*, *};
use crate::{ErrorCode, Source};

#[test]
fn people_of_the_directory_are_copied_with_a_password_that_keeps_the_devices_rule() {
    let mut rig = rig_in("Form", &["both sources"]);
    rig.panel(submit_to(Source::Directory, "sato", "abc"));
    assert_eq!(rig.shown_code(), Some(ErrorCode::FieldRule), "S10-4-04: nothing is stored");
    let effects = rig.panel(submit_to(Source::Directory, "sato", "opensezam"));
    assert!(
        matches!(effects.as_slice(), [Effect::Verify(_, Claim::Directory(..), Some(_))]),
        "{effects:?}"
    );
    let person = Account { source: Source::Directory, ..account("sato", None) };
    match rig.verified(Verdict::Right(person)).as_slice() {
        [Effect::Commit(_, Binding { keep: Keep::Copy(copy), user, .. })] => {
            assert_eq!((user.as_str(), copy.password.reveal()), ("sato", "opensezam"));
        }
        other => panic!("{other:?}"),
    }
    // Once registered from one source, never from the other (spec 10 section 3.4).
    let mut rig = rig_in("Form", &["both sources"]);
    rig.panel(submit_to(Source::Directory, "tanaka", "opensezam"));
    rig.verified(Verdict::Right(account("tanaka", None)));
    assert_eq!(rig.shown_code(), Some(ErrorCode::OtherSource));
}

#[test]
fn the_external_method_writes_the_card_with_the_persons_own_rights() {
    let mut rig = rig_in("LookingUp", &["mode remote"]);
    assert!(rig.looked_up(LookUp::Unknown).is_empty(), "no provisional user is made");
    assert_eq!(rig.state(), "Form", "S10-2-13");
    rig.panel(submit_to(Source::Directory, "sato", "x"));
    let person = Account { source: Source::Directory, ..account("sato", None) };
    match rig.verified(Verdict::Right(person)).as_slice() {
        [Effect::Commit(_, Binding { keep: Keep::Entry { typed, password }, .. })] => {
            assert_eq!((typed.as_str(), password.reveal()), ("sato", "x"));
        }
        other => panic!("{other:?}"),
    }
}
