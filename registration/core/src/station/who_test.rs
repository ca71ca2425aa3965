use super::{rig_test::*, *};
use crate::{
    Role,
    access::{Additive, Person, Subtractive},
};

#[test]
fn access_sees_whoever_the_station_shows() {
    for state in STATES {
        let who = rig_in(state, &[]).station.who();
        let word = match &who.person {
            Person::Nobody => "nobody",
            Person::Guest => "guest",
            Person::Unidentified { .. } => "unidentified",
            Person::Provisional { .. } => "provisional",
            Person::Identified { .. } => "identified",
            Person::Administrator(_) => "administrator",
            Person::KeyOperator => "key operator",
            Person::Engineer => "engineer",
        };
        let expected = match state {
            "SignedIn by card" | "SignedIn by panel" | "OwnPage" | "SavingOwn" => "identified",
            "Guest" => "guest",
            "Administrator" => "key operator",
            "Engineer" => "engineer",
            "Provisional" | "Form" | "Verifying" | "ConfirmingReplace" | "Committing" => {
                "provisional"
            }
            _ => "nobody",
        };
        assert_eq!(word, expected, "{state}");
    }
}

#[test]
fn users_with_the_role_and_unchecked_people_are_told_apart() {
    let mut rig = rig_in("SignInPage", &[]);
    rig.panel(PanelAction::SignInAs(SignInAs::Administrator));
    rig.panel(sign_in("boss", "sesame"));
    let boss = Account { role: Role::Administrator, ..account("boss", None) };
    rig.verified(Verdict::Right(boss));
    assert!(matches!(rig.station.who().person, Person::Administrator(id) if id.as_str() == "boss"));

    let mut rig = Rig::new(&["mode unverified"]);
    rig.enter("SignInPage", true);
    rig.panel(sign_in("tanaka", ""));
    let typed = crate::UserId::new("tanaka").ok();
    assert_eq!(rig.station.who().person, Person::Unidentified { typed });
    rig.input(Input::CardPresented(card_b()));
    let who = rig.station.who();
    assert_eq!(who.person, Person::Unidentified { typed: None });
    assert_eq!(who.accessories.additive, Additive::Contactless(Some(number(&card_b()))));

    let mut rig = Rig::new(&["mode off", "no administrator"]);
    assert_eq!(rig.station.who().person, Person::KeyOperator);
    rig.input(Input::CardPresented(card_a()));
    assert_eq!(rig.station.who().person, Person::KeyOperator);
    let mut rig = Rig::new(&["mode off"]);
    rig.input(Input::CardPresented(card_a()));
    assert_eq!(rig.station.who().person, Person::Nobody);
}

#[test]
fn accessories_are_enabled_by_cards_and_payment() {
    let rig = rig_in("SignedIn by card", &["contact", "panel asks nothing"]);
    assert_eq!(rig.station.who().accessories.additive, Additive::Contact { enabled: true });
    assert_eq!(rig.station.who().accessories.subtractive, Subtractive::Absent);
    let mut rig = rig_in("Administrator", &["payment fitted"]);
    assert_eq!(rig.station.who().accessories.additive, Additive::Contactless(None));
    assert_eq!(rig.station.who().accessories.subtractive, Subtractive::Disabled);
    rig.input(Input::CardPresented(card_b()));
    rig.input(Input::Device(DeviceEvent::PaymentEnabled));
    let accessories = rig.station.who().accessories;
    assert_eq!(accessories.additive, Additive::Contactless(Some(number(&card_b()))));
    assert_eq!(accessories.subtractive, Subtractive::Enabled);
    assert_eq!(Rig::new(&["no cards"]).station.who().accessories.additive, Additive::Absent);
}
