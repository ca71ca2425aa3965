use serde_json::json;

use kazasu_registration::Limits;

use super::*;
use crate::{Action, rig_test::*};

const ABSENT: Additive = Additive::Absent;

fn contact() -> Additive {
    Additive::Contact { enabled: true }
}

fn contactless() -> Additive {
    Additive::Contactless(Some(card()))
}

fn typed_counts(counts: bool) -> AccessSettings {
    settings(json!({"private-print": {"typed-id-counts": counts}}))
}

/// S30-8-01 to S30-8-07: whose prints are mine.
#[test]
fn my_user_id_comes_from_where_the_row_says() {
    const CARD: Option<&str> = Some("012E4CE1000000A1");
    const TANAKA: Option<&str> = Some("tanaka");
    let typed = || unidentified(Some("tanaka"));
    let in_off = || who(typed().person, "off");
    let rows = [
        ("S30-8-01", nobody("off"), ABSENT, None),
        ("S30-8-01", nobody("off"), contact(), None),
        ("S30-8-01", user("off"), ABSENT, None),
        ("S30-8-01", in_off(), ABSENT, None),
        ("S30-8-01", in_off(), contact(), None),
        ("S30-8-02", nobody("off"), contactless(), CARD),
        ("S30-8-02", nobody("off"), Additive::Contactless(None), None),
        ("S30-8-02", key_operator("off"), contactless(), None),
        ("S30-8-03", user("local"), ABSENT, TANAKA),
        ("S30-8-03", user("local"), contact(), TANAKA),
        ("S30-8-03", user("local"), contactless(), TANAKA),
        ("S30-8-03", user("accounting-verified"), ABSENT, TANAKA),
        ("S30-8-03", user("accounting-verified"), contact(), TANAKA),
        ("S30-8-03", user("accounting-verified"), contactless(), TANAKA),
        ("S30-8-03", nobody("local"), contactless(), None),
        ("S30-8-03", provisional("local", Limits::ALLOW_ALL), contactless(), None),
        ("S30-8-03", administrator("local"), ABSENT, Some("suzuki")),
        ("S30-8-03", key_operator("local"), contactless(), None),
        ("S30-8-03", engineer("local"), contactless(), None),
        ("S30-8-04", typed(), ABSENT, TANAKA),
        ("S30-8-04", unidentified(None), ABSENT, None),
        ("S30-8-04", nobody("accounting-unverified"), ABSENT, None),
        ("S30-8-05", typed(), contact(), None),
        ("S30-8-06", typed(), contactless(), CARD),
        ("S30-8-06", nobody("accounting-unverified"), contactless(), CARD),
        ("S30-8-06", typed(), Additive::Contactless(None), None),
        ("S30-8-07", user("remote"), ABSENT, TANAKA),
        ("S30-8-07", user("remote"), contactless(), TANAKA),
        ("S30-8-07", user("remote"), contact(), None),
        ("S30-8-07", guest(), ABSENT, None),
        ("S30-8-07", guest(), contactless(), None),
        ("S30-8-07", nobody("remote"), contactless(), None),
    ];
    for (row, who, additive, expected) in rows {
        let who = who.beside(additive);
        let mine = my_user_id(&who, &typed_counts(true));
        assert_eq!(mine.as_ref().map(PrintUserId::as_str), expected, "{row}: {who:?}");
        // Unless the site lets it count, a typed ID is nobody's.
        let expected = expected.filter(|_| row != "S30-8-04");
        let mine = my_user_id(&who, &typed_counts(false));
        assert_eq!(mine.as_ref().map(PrintUserId::as_str), expected, "{row}: {who:?}");
    }
}

#[test]
fn users_see_their_own_documents_and_administrators_everybodys() {
    let open = AccessSettings::default();
    let tanaka = PrintUserId::from_text("tanaka").unwrap();
    let other = PrintUserId::from_text("sato").unwrap();
    let of_card = PrintUserId::from_text("012E4CE1000000A1").unwrap();
    let of = |owner, password_given| PrivatePrint::Documents { owner, password_given };
    let (enter, list) = (PrivatePrint::Enter, PrivatePrint::ListOwners);
    let mut rows = vec![
        (user("local"), enter, "allow"),
        (user("local"), list, "panel: administrators-only"),
        (user("local"), of(&tanaka, false), "allow"),
        (user("local"), of(&other, false), "panel: not-yours"),
        (user("local"), of(&other, true), "panel: not-yours"),
        (nobody("local"), enter, "panel: sign-in-needed"),
        (nobody("local"), of(&tanaka, true), "panel: sign-in-needed"),
        (nobody("local"), list, "panel: administrators-only"),
        (nobody("off"), enter, "panel: no-user-id"),
        (nobody("off").beside(contactless()), enter, "allow"),
        (nobody("off").beside(contactless()), of(&of_card, false), "allow"),
        (nobody("off").beside(contactless()), of(&other, false), "panel: not-yours"),
        (guest(), enter, "panel: no-user-id"),
        (guest(), of(&tanaka, true), "panel: no-user-id"),
        (provisional("local", Limits::ALLOW_ALL), enter, "panel: no-user-id"),
        (provisional("local", Limits::ALLOW_ALL), of(&of_card, false), "panel: no-user-id"),
        (unidentified(Some("tanaka")), of(&tanaka, false), "panel: no-user-id"),
    ];
    for who in [administrator("local"), key_operator("local"), engineer("local")] {
        for action in [enter, list, of(&tanaka, false), of(&other, false), of(&of_card, false)] {
            rows.push((who.clone(), action, "allow"));
        }
    }
    for (who, action, expected) in &rows {
        check("spec 30 section 8", who, Action::PrivatePrint(*action), &open, expected);
    }
    let typed = unidentified(Some("tanaka"));
    let own = Action::PrivatePrint(of(&tanaka, false));
    check("S30-8-04", &typed, own, &typed_counts(true), "allow");
}

#[test]
fn combined_secure_print_asks_for_owner_and_password_until_somebody_signs_in() {
    let combined = settings(json!({"private-print": {"combined-secure-print": true}}));
    let tanaka = PrintUserId::from_text("tanaka").unwrap();
    let sato = PrintUserId::from_text("sato").unwrap();
    let of = |owner, password_given| PrivatePrint::Documents { owner, password_given };
    let rows = [
        (nobody("local"), PrivatePrint::Enter, "allow"),
        (nobody("local"), PrivatePrint::ListOwners, "panel: administrators-only"),
        (nobody("local"), of(&sato, false), "panel: document-password-needed"),
        (nobody("local"), of(&sato, true), "allow"),
        (nobody("off"), of(&sato, true), "allow"),
        // Whoever signs in has their own.
        (user("local"), of(&sato, true), "panel: not-yours"),
        (user("local"), of(&tanaka, false), "allow"),
        (nobody("off").beside(contactless()), of(&sato, true), "panel: not-yours"),
        (guest(), of(&sato, true), "panel: no-user-id"),
        (key_operator("local"), of(&sato, false), "allow"),
    ];
    for (who, action, expected) in &rows {
        check("spec 30 section 8", who, Action::PrivatePrint(*action), &combined, expected);
    }
}

/// Spec 30 section 8, S40-2-21.
#[test]
fn receive_control_stores_or_deletes_as_it_is_set() {
    let jobs = [JobSignIn::SignedIn, JobSignIn::Failed, JobSignIn::NoUserId];
    let of = |control: ReceiveControl| jobs.map(|job| job.becomes(control));
    assert_eq!(of(ReceiveControl::default()), [Receive::Print; 3]);
    let secure = [Receive::PrivatePrint, Receive::Delete, Receive::Delete];
    assert_eq!(of(ReceiveControl::SECURE), secure);
}

#[test]
fn print_user_ids_hide_in_debug_and_take_what_can_be_an_id() {
    assert_eq!(format!("{:?}", PrintUserId::from(&card())), "PrintUserId(..A1)");
    assert_eq!(PrintUserId::from_text(""), None);
    assert_eq!(PrintUserId::from_text("a:b"), None);
    let (typed, known) = (PrintUserId::from_text("00123456"), PrintUserId::from(&id("00123456")));
    assert_eq!(typed, Some(known));
}
