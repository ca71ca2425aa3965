//! What the log says of jobs: whose, and how they ended.

use super::{rig_test::*, *};
use crate::{JobEnd, JobReport, JobType};

const REPORT: JobReport = JobReport { job: JobType::Copy, end: JobEnd::Canceled };

fn device(rig: &mut Rig, event: DeviceEvent) -> Vec<Effect> {
    rig.input(Input::Device(event))
}

/// The one record among these effects.
fn logged(effects: Vec<Effect>) -> (Claimed, Option<CardIdentity>) {
    let [Effect::Audit(AuditRecord { event, station, .. })] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(station.as_ref().map(|station| station.0.as_str()), Some("desk"));
    match event {
        AuditEvent::JobEnded { who, card, report } => {
            assert_eq!(*report, REPORT);
            (who.clone(), card.clone())
        }
        other => panic!("{other:?}"),
    }
}

fn user(id: &str) -> Claimed {
    Claimed::User(crate::UserId::new(id).unwrap())
}

/// S40-4-02: in each state, with and without news of the job's start.
#[test]
fn a_job_is_its_owners() {
    let rows: [(&str, &[&str], Claimed, bool); 10] = [
        ("Nobody", &[], Claimed::Unknown, false),
        (
            "Nobody",
            &["mode off", "no administrator"],
            Claimed::Device(DeviceSecret::KeyOperator),
            false,
        ),
        ("SignedIn by card", &[], user("tanaka"), false),
        ("SignedIn by panel", &[], user("tanaka"), false),
        ("OwnPage", &[], user("tanaka"), false),
        ("Guest", &["mode remote", "guests"], Claimed::Device(DeviceSecret::Guest), false),
        ("Engineer", &[], Claimed::Device(DeviceSecret::Engineer), false),
        ("Provisional", &["page stays closed"], Claimed::Unknown, true),
        ("Form", &[], Claimed::Unknown, true),
        ("Notice", &[], Claimed::Unknown, false),
    ];
    for (state, words, who, has_card) in rows {
        let expected = (who, has_card.then(card_a));
        for is_told in [true, false] {
            let mut rig = Rig::new(words);
            assert!(rig.enter(state, true), "{state}");
            if is_told {
                assert_eq!(device(&mut rig, DeviceEvent::JobStarted).len(), 0);
            }
            let ended = device(&mut rig, DeviceEvent::JobEnded(Some(REPORT)));
            assert_eq!(logged(ended), expected, "{state}, start told: {is_told}");
            assert_eq!(rig.state(), state);
        }
    }
}

#[test]
fn a_job_stays_its_owners_when_they_leave() {
    let mut rig = Rig::new(&[]);
    assert!(rig.enter("SignedIn by card", true));
    device(&mut rig, DeviceEvent::JobStarted);
    rig.panel(PanelAction::AuthenticationKey);
    assert_eq!(rig.state(), "Nobody");
    let ended = DeviceEvent::JobEnded(Some(REPORT));
    assert_eq!(logged(device(&mut rig, ended)), (user("tanaka"), None));
    // And not the next one's.
    assert_eq!(logged(device(&mut rig, ended)), (Claimed::Unknown, None));
}

#[test]
fn a_device_that_says_less_gets_no_record() {
    let mut rig = Rig::new(&[]);
    assert!(rig.enter("SignedIn by card", true));
    for event in [DeviceEvent::JobStarted, DeviceEvent::JobEnded(None)] {
        assert_eq!(device(&mut rig, event).len(), 0);
    }
}

/// S40-4-04: nobody's, and the job that runs goes on.
#[test]
fn a_print_job_that_was_turned_away_is_logged() {
    let mut rig = Rig::new(&[]);
    assert!(rig.enter("SignedIn by card", true));
    device(&mut rig, DeviceEvent::JobStarted);
    let effects = device(&mut rig, DeviceEvent::PrintRefused);
    let [Effect::Audit(AuditRecord { event: AuditEvent::PrintRefused, .. })] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    let ended = DeviceEvent::JobEnded(Some(REPORT));
    assert_eq!(logged(device(&mut rig, ended)), (user("tanaka"), None));
}
