use serde_json::json;

use super::*;
use crate::{
    Limits, Settings,
    access::{RemoteKind, SignIn},
};

fn mode(word: &str) -> AuthenticationMode {
    serde_json::from_value(word.into()).unwrap()
}

fn settings(json: serde_json::Value) -> AccessSettings {
    serde_json::from_value(json).unwrap()
}

fn findings(json: serde_json::Value, mode_word: &str) -> Vec<Finding> {
    settings(json).check(mode(mode_word))
}

#[test]
fn settings_that_do_not_fit_together_are_found() {
    let rows = [
        (json!({}), "off", vec![]),
        (json!({"locks": {"copy": "locked-shown"}}), "local", vec![]),
        (json!({"locks": {"copy": "unlocked"}}), "off", vec![]),
        (json!({"locks": {"copy": "locked-hidden"}}), "off", vec![Finding::LockedWithoutSignIn]),
        (json!({"locked-areas": ["setup"]}), "off", vec![Finding::LockedWithoutSignIn]),
        (
            json!({"locks": {"report": "locked-shown", "diagnostics": "locked-hidden"}}),
            "off",
            vec![
                Finding::LockAsksNobody(Service::Report),
                Finding::LockAsksNobody(Service::Diagnostics),
            ],
        ),
        (
            json!({
                "locks": {"folder-operation": "locked-shown"},
                "folders": {"mailbox": false, "copy-resave": true},
            }),
            "local",
            vec![Finding::LockIgnored(Service::FolderOperation)],
        ),
        (
            json!({
                "locks": {"folder-operation": "locked-shown"},
                "folders": {"mailbox": false},
            }),
            "local",
            vec![Finding::LockIgnored(Service::FolderOperation)],
        ),
        (
            json!({"released-copy": {"black": true}, "locked-areas": ["all-services"]}),
            "local",
            vec![Finding::ReleasedBehindLock],
        ),
        (json!({"released-copy": {"black": true}, "locked-areas": ["setup"]}), "local", vec![]),
        (
            json!({"accessory-control": {"print": true, "by-service-access": true}}),
            "local",
            vec![Finding::FlagsIgnored],
        ),
        (json!({"accessory-control": {"by-service-access": true}}), "local", vec![]),
        (
            json!({"private-print": {"typed-id-counts": true}}),
            "local",
            vec![Finding::TypedIdsNeverUsed],
        ),
        (json!({"private-print": {"typed-id-counts": true}}), "accounting-unverified", vec![]),
        (
            json!({"private-print": {"receive": {"no-user-id": "private-print"}}}),
            "local",
            vec![Finding::PrivatePrintForNobody],
        ),
    ];
    for (json, mode, expected) in rows {
        let found = findings(json.clone(), mode);
        assert_eq!(found, expected, "{json} {mode}");
        for finding in found {
            let impossible = finding == Finding::PrivatePrintForNobody;
            assert_eq!(finding.severity() == Severity::Impossible, impossible, "{finding:?}");
        }
    }
}

#[test]
fn a_limit_that_acts_on_nothing_is_found() {
    let on = |remote, mode_word| SignIn { mode: mode(mode_word), remote };
    let local = on(RemoteKind::Ldap, "local");
    let no_copy: UserLimits = Limits { copy: false, ..Limits::ALLOW_ALL }.into();
    let no_print: UserLimits = Limits { print: false, ..Limits::ALLOW_ALL }.into();
    let pages = UserLimits {
        scan: JobLimits { pages_left: Some(100), ..JobLimits::NONE },
        ..Limits::ALLOW_ALL.into()
    };
    let no_menu = UserLimits { bmlinks_menu: false, ..Limits::ALLOW_ALL.into() };
    let open = json!({});
    let copy = json!({"locks": {"copy": "locked-shown"}});
    let print = json!({"locks": {"print": "locked-shown"}});
    let all = json!({"locked-areas": ["all-services"]});
    let mail = json!({"locks": {"scan-mail": "locked-shown"}});
    let copies = vec![Service::Copy];
    use Service::*;
    let scans = vec![ScanFolder, ScanTemplate, ScanNetwork, ScanUsb, ScanUrl, ScanWsd, BmlinksScan];
    let rows = [
        (Limits::ALLOW_ALL.into(), &open, local, vec![]),
        (no_copy, &open, local, copies.clone()),
        (no_copy, &copy, local, vec![]),
        (no_copy, &all, local, vec![]),
        (no_copy, &copy, on(RemoteKind::Ldap, "off"), copies.clone()),
        (no_copy, &copy, on(RemoteKind::Ldap, "accounting-verified"), vec![]),
        (no_copy, &copy, on(RemoteKind::Agent, "accounting-unverified"), copies.clone()),
        (no_copy, &copy, on(RemoteKind::Agent, "remote"), vec![]),
        (no_copy, &copy, on(RemoteKind::Ldap, "remote"), copies.clone()),
        (no_copy, &copy, on(RemoteKind::Kerberos, "remote"), copies.clone()),
        (no_copy, &copy, on(RemoteKind::Smb, "remote"), copies),
        (no_print, &open, local, vec![Print, StoredPrint, BmlinksPullPrint]),
        (no_print, &print, local, vec![BmlinksPullPrint]),
        (pages, &mail, local, scans),
        (no_menu, &open, local, vec![BmlinksMenu]),
    ];
    for (limits, json, sign_in, services) in rows {
        let found = settings(json.clone()).check_limits(&limits, sign_in.has_user_limits());
        let expected: Vec<_> = services.into_iter().map(Finding::LimitActsOnNothing).collect();
        assert_eq!(found, expected, "{json} {sign_in:?} {limits:?}");
    }
}

/// S40-2-06, S40-2-20: everything is open by default, and what is written reads back.
#[test]
fn settings_are_open_by_default_and_read_back_as_written() {
    let open = AccessSettings::default();
    assert_eq!(settings(json!({})), open);
    assert!(Service::ALL.iter().all(|service| !open.restricts(*service)));
    assert!(open.user_reports);
    let written = json!({
        "locks": {"copy": "locked-shown", "bmlinks-pull-print": "locked-hidden"},
        "locked-areas": ["setup", "machine-status", "all-services"],
        "released-copy": {"black": true, "colour": false},
        "accessory-control":
            {"copy": true, "print": false, "scan-fax": true, "by-service-access": false},
        "user-reports": false,
        "administrator-diagnostics": ["fax", "component-control"],
        "folders": {
            "mailbox": false,
            "copy-resave": true,
            "restrict-unauthenticated-print": true,
            "restrict-unauthenticated-output": true,
        },
        "private-print": {
            "typed-id-counts": true,
            "combined-secure-print": true,
            "receive":
                {"signed-in": "private-print", "failed": "delete", "no-user-id": "print"},
        },
    });
    let read: AccessSettings = settings(written.clone());
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    for wrong in [
        json!({"lock": {}}),
        json!({"locks": {"coffee": "unlocked"}}),
        json!({"locks": {"copy": "locked"}}),
        json!({"locked-areas": ["roof"]}),
        json!({"folders": {"mail": true}}),
    ] {
        assert!(serde_json::from_value::<AccessSettings>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn what_does_nothing_is_told() {
    let check = |changes: &[(&str, &str)], says: &str| {
        let settings = Settings::default().changed(changes.iter().copied()).unwrap();
        let findings = settings.access.check(settings.sign_in.mode);
        let said: Vec<_> = findings.into_iter().map(|finding| finding.to_string()).collect();
        assert!(said.iter().any(|text| text.contains(says)), "{changes:?}: {said:?}");
    };
    let off = [("sign-in.mode", "off"), ("registration.card-matching", "false")];
    check(&[("access.locks.colour-calibration", "locked-shown")], "locks.colour-calibration does");
    check(
        &[("access.folders.mailbox", "false"), ("access.locks.folder-operation", "locked-shown")],
        "not offered",
    );
    check(&[off[0], off[1], ("access.locks.copy", "locked-shown")], "sign-in.mode is off");
    check(
        &[("access.released-copy.black", "true"), ("access.locked-areas", "[\"all-services\"]")],
        "nobody gets at it",
    );
    check(
        &[
            ("access.accessory-control.by-service-access", "true"),
            ("access.accessory-control.copy", "true"),
        ],
        "beside it do nothing",
    );
    check(&[("access.private-print.typed-id-counts", "true")], "accounting-unverified");
    assert_eq!(Settings::default().access.check(Settings::default().sign_in.mode), []);
}
