//! The events that the table is walked with, each with the guards that are tried in every state.
//!
//! A guard is words between commas: one that says what the event carries, and words for the site
//! (see `rig_test::site`) and for what is the case already.

use super::{rig_test::*, *};
use crate::{ErrorCode, JobEnd, JobReport, JobType, Role, Source, UserId, UserKey};

pub(super) const SAMPLES: &[(&str, &[&str])] = &[
    (
        "CardPresented",
        &[
            "the same",
            "another",
            "random",
            "untrusted",
            "another, switches user",
            "another, contact",
            "another, mode off",
            "another, mode unverified",
            "another, mode remote",
            "another, paid",
            "another, paid, payment first",
            "another, no cards",
        ],
    ),
    ("CardConfirmed", &["the same", "another"]),
    (
        "CardRemoved",
        &[
            "the same",
            "another",
            "the same, contact",
            "another, contact",
            "the same, contact, panel asks nothing",
        ],
    ),
    ("MultipleCards", &["-"]),
    ("ReaderReady", &["ready", "gone"]),
    ("JobStarted", &["-"]),
    ("JobEnded", &["-", "job runs", "told how"]),
    ("PrintRefused", &["-"]),
    ("PaymentEnabled", &["-"]),
    ("PaymentDisabled", &["-", "paid"]),
    ("PowerSave", &["-"]),
    (
        "Waking",
        &["-", "page by itself", "page by itself, payment fitted", "page by itself, mode off"],
    ),
    ("ResetKey", &["-"]),
    (
        "Altered",
        &[
            "the same",
            "another",
            "the card's",
            "the key operator's",
            "the guests'",
            "the engineer's",
            "everything",
        ],
    ),
    ("Site", &["the same mode", "another mode"]),
    (
        "AuthenticationKey",
        &[
            "-",
            "contact, panel asks nothing",
            "mode off",
            "mode off, no administrator",
            "mode remote",
            "card only",
            "paid already",
            "page by itself",
        ],
    ),
    ("OpenSignIn", &["-", "contact, panel asks nothing", "mode off, no administrator"]),
    (
        "SignInAs",
        &[
            "user",
            "user, card only",
            "user, paid already",
            "administrator",
            "guest",
            "guest, mode remote, guests",
        ],
    ),
    (
        "SignIn",
        &[
            "user",
            "user ID breaks a rule",
            "password breaks a rule",
            "user, panel asks nothing",
            "user, mode unverified",
            "user, mode remote",
            "user, paid already, mode remote",
            "empty password, mode remote",
            "administrator",
            "administrator, card only",
        ],
    ),
    ("Password", &["fine", "breaks a rule"]),
    ("NewPassword", &["fine", "fine, many new cards", "differ", "too short", "breaks a rule"]),
    ("SpecialKey", &["-"]),
    ("OpenRegistration", &["-", "off the menu"]),
    (
        "Submit",
        &[
            "fine",
            "fine, job runs",
            "fine, unconfirmed",
            "user ID breaks a rule",
            "user ID is reserved",
            "user ID is the administrator's",
            "user ID is the card's number",
            "password breaks a rule",
            "directory",
            "directory, both sources",
            "directory with a short password, both sources",
        ],
    ),
    ("Confirm", &["yes", "yes, job runs", "no"]),
    ("OpenOwnRecord", &["-", "nothing to edit", "mode remote"]),
    (
        "SaveOwn",
        &[
            "nothing differs",
            "another name",
            "another mail",
            "another mail without the password",
            "name breaks a rule",
            "another password",
            "passwords differ",
            "password breaks a rule",
        ],
    ),
    ("UnlinkCard", &["-", "may unlink"]),
    ("Cancel", &["-", "card tapped"]),
    ("Touch", &["-"]),
    (
        "LookedUp",
        &[
            "unknown",
            "unknown, not by card",
            "unknown, card asks",
            "unknown, many new cards",
            "unknown, many new cards, logged",
            "unknown, mode remote",
            "unknown, mode remote, not at sign-in",
            "unknown, mode verified",
            "provisional",
            "provisional, page stays closed",
            "provisional, off the menu",
            "registered",
            "registered, card asks",
            "registered without password, card asks",
            "registered, altered meanwhile",
            "registered, contact",
            "registered, contact, panel asks nothing",
            "failed",
            "another number",
        ],
    ),
    (
        "ProvisionalMade",
        &["made", "made, page stays closed", "full", "taken", "failed", "another number"],
    ),
    (
        "Verified",
        &[
            "right, has none",
            "right, has none, job runs",
            "right, has another card",
            "right, has this card",
            "right, from the directory",
            "right, an administrator",
            "right, has none, altered meanwhile",
            "the device's",
            "never set",
            "wrong password",
            "unknown user",
            "failed",
            "another number",
        ],
    ),
    (
        "Committed",
        &[
            "done",
            "conflict",
            "taken",
            "full",
            "other source",
            "ID is a number",
            "user is gone",
            "failed",
            "another number",
        ],
    ),
    (
        "OwnSaved",
        &[
            "saved",
            "saved, altered meanwhile",
            "wrong password",
            "user is gone",
            "failed",
            "another number",
        ],
    ),
    (
        "Tick",
        &[
            "due",
            "due, page by itself",
            "not due",
            "due, card tapped",
            "due, contact, panel asks nothing",
        ],
    ),
];

pub(super) fn panel_action(event: &str, first: &str) -> Option<PanelAction> {
    Some(match (event, first) {
        ("AuthenticationKey", _) => PanelAction::AuthenticationKey,
        ("OpenSignIn", _) => PanelAction::OpenSignIn,
        ("SignInAs", "user") => PanelAction::SignInAs(SignInAs::User),
        ("SignInAs", "guest") => PanelAction::SignInAs(SignInAs::Guest),
        ("SignInAs", _) => PanelAction::SignInAs(SignInAs::Administrator),
        ("SignIn", "user ID breaks a rule") => sign_in("a:b", "sesame"),
        ("SignIn", "password breaks a rule") => sign_in("tanaka", "s\u{e9}same"),
        ("SignIn", "empty password") => sign_in("tanaka", ""),
        ("SignIn", "administrator") => sign_in("admin", "sesame"),
        ("SignIn", _) => sign_in("tanaka", "sesame"),
        ("Password", "breaks a rule") => PanelAction::Password(secret("s\u{e9}same")),
        ("Password", _) => PanelAction::Password(secret("sesame")),
        ("NewPassword", "differ") => new_password("sesame", "sesami"),
        ("NewPassword", "too short") => new_password("abc", "abc"),
        ("NewPassword", "breaks a rule") => new_password("    ", "    "),
        ("NewPassword", _) => new_password("sesame", "sesame"),
        ("SpecialKey", _) => PanelAction::SpecialKey,
        ("OpenRegistration", _) => PanelAction::OpenRegistration,
        ("Submit", "user ID breaks a rule") => submit("a:b", "sesame"),
        ("Submit", "user ID is reserved") => submit("guest", "sesame"),
        ("Submit", "user ID is the administrator's") => submit("admin", "sesame"),
        // Digits alone can be a user ID too.
        ("Submit", "user ID is the card's number") => submit("00000010", "sesame"),
        ("Submit", "password breaks a rule") => submit("tanaka", "s\u{e9}same"),
        ("Submit", "directory with a short password") => {
            submit_to(Source::Directory, "tanaka", "abc")
        }
        ("Submit", "directory") => submit_to(Source::Directory, "tanaka", "sesame"),
        ("Submit", _) => submit("tanaka", "sesame"),
        ("Confirm", "no") => PanelAction::Confirm(false),
        ("Confirm", _) => PanelAction::Confirm(true),
        ("OpenOwnRecord", _) => PanelAction::OpenOwnRecord,
        ("SaveOwn", what) => PanelAction::SaveOwn(own_record(what)),
        ("UnlinkCard", _) => PanelAction::UnlinkCard,
        ("Cancel", _) => PanelAction::Cancel,
        ("Touch", _) => PanelAction::Touch,
        _ => return None,
    })
}

fn own_record(what: &str) -> TypedRecord {
    let mut typed = TypedRecord {
        name: "tanaka".to_owned(),
        mail: "a@example.org".to_owned(),
        ..TypedRecord::default()
    };
    let mut change = |current: &str, new: &str, again: &str| {
        (typed.current, typed.new, typed.again) = (secret(current), secret(new), secret(again));
    };
    match what {
        "another password" => change("sesame", "opensezam", "opensezam"),
        "passwords differ" => change("sesame", "opensezam", "opensezami"),
        "password breaks a rule" => change("sesame", "abc", "abc"),
        "another mail" => {
            change("sesame", "", "");
            typed.mail = "b@example.org".to_owned();
        }
        "another mail without the password" => typed.mail = "b@example.org".to_owned(),
        "another name" => typed.name = "Taro".to_owned(),
        "name breaks a rule" => typed.name = "x".repeat(33),
        _ => {}
    }
    typed
}

pub(super) fn machine_input(event: &str, first: &str, newest: Request) -> Input {
    let request = if first == "another number" { Request(newest.0 + 7) } else { newest };
    let card = || match first {
        "another" => card_b(),
        "random" => random_card(),
        "untrusted" => untrusted_card(),
        _ => card_a(),
    };
    if event == "JobEnded" {
        let report = JobReport { job: JobType::Copy, end: JobEnd::Completed };
        return Input::Device(DeviceEvent::JobEnded((first == "told how").then_some(report)));
    }
    if let Some(event) = DeviceEvent::ALL.into_iter().find(|e| format!("{e:?}") == event) {
        return Input::Device(event);
    }
    match event {
        "CardPresented" => Input::CardPresented(card()),
        "CardConfirmed" => Input::CardConfirmed(card()),
        "CardRemoved" => Input::CardRemoved(card()),
        "MultipleCards" => Input::MultipleCards,
        "Altered" => Input::Altered(altered(first)),
        "ReaderReady" => Input::ReaderReady(first == "ready"),
        "Tick" => Input::Tick,
        "LookedUp" => Input::LookedUp(request, looked_up(first)),
        "ProvisionalMade" => Input::ProvisionalMade(
            request,
            match first {
                "full" => Ok(ProvisionalOutcome::Full),
                "taken" => Ok(ProvisionalOutcome::CardTaken),
                "failed" => Err(ErrorCode::StoreUnavailable),
                _ => Ok(ProvisionalOutcome::Made),
            },
        ),
        "Committed" => Input::Committed(
            request,
            match first {
                "conflict" => Ok(CommitOutcome::Conflict(number(&card_b()))),
                "taken" => Ok(CommitOutcome::CardTaken),
                "full" => Ok(CommitOutcome::Full),
                "other source" => Ok(CommitOutcome::OtherSource),
                "user is gone" => Ok(CommitOutcome::UserGone),
                "ID is a number" => Ok(CommitOutcome::IdIsNumber),
                "failed" => Err(ErrorCode::StoreUnavailable),
                _ => Ok(CommitOutcome::Done),
            },
        ),
        "OwnSaved" => Input::OwnSaved(
            request,
            match first {
                "wrong password" => Ok(OwnOutcome::WrongPassword),
                "user is gone" => Ok(OwnOutcome::UserGone),
                "failed" => Err(ErrorCode::StoreUnavailable.into()),
                _ => Ok(OwnOutcome::Saved(account("tanaka", Some(card_a())))),
            },
        ),
        other => panic!("the test knows no event {other}"),
    }
}

pub(super) fn altered(first: &str) -> Altered {
    match first {
        "the same" => Altered::Record(UserId::new("tanaka").unwrap().into()),
        "another" => Altered::Record(UserId::new("suzuki").unwrap().into()),
        "the card's" => Altered::Record(UserKey::Provisional(number(&card_a()))),
        "the key operator's" => Altered::Secret(DeviceSecret::KeyOperator),
        "the guests'" => Altered::Secret(DeviceSecret::Guest),
        "the engineer's" => Altered::Secret(DeviceSecret::Engineer),
        "everything" => Altered::Everything,
        other => panic!("the test knows no record {other}"),
    }
}

fn looked_up(first: &str) -> Result<LookUp, ErrorCode> {
    let registered = account("tanaka", Some(card_a()));
    match first {
        "provisional" => Ok(LookUp::Provisional),
        "registered" => Ok(LookUp::Registered(registered)),
        "registered without password" => {
            Ok(LookUp::Registered(Account { has_password: false, ..registered }))
        }
        "failed" => Err(ErrorCode::StoreUnavailable),
        _ => Ok(LookUp::Unknown),
    }
}

pub(super) fn verified(guard: &str, newest: Request) -> Input {
    let request = if guard == "another number" { Request(newest.0 + 7) } else { newest };
    let none = account("tanaka", None);
    Input::Verified(
        request,
        match guard {
            "the device's" => Ok(Verdict::RightDevice),
            "never set" => Ok(Verdict::NotSetUp),
            "wrong password" => Ok(Verdict::WrongPassword),
            "unknown user" => Ok(Verdict::UnknownUser),
            "failed" => Err(ErrorCode::StoreUnavailable.into()),
            "right, has another card" => Ok(Verdict::Right(account("tanaka", Some(card_old())))),
            "right, has this card" => Ok(Verdict::Right(account("tanaka", Some(card_a())))),
            "right, from the directory" => {
                Ok(Verdict::Right(Account { source: Source::Directory, ..none }))
            }
            "right, an administrator" => {
                Ok(Verdict::Right(Account { role: Role::Administrator, ..none }))
            }
            _ => Ok(Verdict::Right(none)),
        },
    )
}
