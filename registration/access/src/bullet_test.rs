//! The bullets of spec 30 section 6, in their order.

use serde_json::json;

use kazasu_registration::{Limits, access::*};

use super::{rig_test::*, *};

fn released(copy: serde_json::Value) -> AccessSettings {
    settings(json!({
        "locks": {"copy": "locked-shown", "scan-mail": "locked-shown"},
        "released-copy": copy,
        "accessory-control": {"copy": true},
    }))
}

#[test]
fn s30_6_01_a_released_copy_colour_wins_over_a_users_limit() {
    let row = "S30-6-01";
    let black = released(json!({"black": true}));
    let colour = released(json!({"colour": true}));
    let both = released(json!({"black": true, "colour": true}));
    let none = released(json!({}));
    let no_copy = limited("local", limit(JobKind::Copy, "service"));
    let no_colour = limited("local", limit(JobKind::Copy, "colour"));
    let copy = |colour| coloured(Service::Copy, Phase::Start, colour);
    let forbidden = "start: service-forbidden";
    check(row, &no_copy, copy(Colour::Black), &black, "allow");
    check(row, &no_copy, copy(Colour::Black), &none, forbidden);
    check(row, &no_copy, copy(Colour::Colour), &black, forbidden);
    check(row, &no_copy, copy(Colour::Automatic), &black, forbidden);
    check(row, &no_copy, copy(Colour::Automatic), &both, "allow");
    check(row, &no_colour, copy(Colour::Colour), &colour, "allow");
    check(row, &no_colour, copy(Colour::Colour), &black, "start: colour-forbidden");
    // Of the page limit nothing is said, and other services release nothing.
    let few = limited("local", limit(JobKind::Copy, "pages"));
    let long = Job { colour: Some(Colour::Black), ..Job::new(Service::Copy, Phase::Start) };
    let long = Action::Run(Job { pages: Some(11), ..long });
    check(row, &few, long, &black, "start: pages-used-up");
    let no_scan = limited("local", limit(JobKind::Scan, "service"));
    let scan = coloured(Service::ScanMail, Phase::Start, Colour::Black);
    check(row, &no_scan, scan, &both, forbidden);
}

#[test]
fn s30_6_02_flags_ask_for_an_enabled_accessory_unless_the_locks_decide() {
    let row = "S30-6-02";
    let flags = |flag: &str| settings(json!({"accessory-control": {flag: true}}));
    let unlocked = flags("by-service-access");
    let contactless = |card| Additive::Contactless(card);
    let contact = |enabled| Additive::Contact { enabled };
    let needed = "start: accessory-needed";
    let services = [
        (Service::Copy, "copy", true),
        (Service::Print, "print", true),
        (Service::StoredPrint, "print", true),
        (Service::BmlinksPullPrint, "print", true),
        (Service::ScanUsb, "scan-fax", false),
        (Service::BmlinksScan, "scan-fax", false),
        (Service::Fax, "scan-fax", false),
        (Service::InternetFax, "scan-fax", false),
    ];
    for (service, own_flag, payable) in services {
        for flag in ["copy", "print", "scan-fax"] {
            let on = flags(flag);
            let asks = flag == own_flag;
            let start = job(service, Phase::Start);
            let expect = |who: Who, if_asked: &str| {
                check(row, &who, start, &on, if asks { if_asked } else { "allow" });
            };
            expect(nobody("off"), "allow");
            expect(nobody("off").beside(contact(false)), needed);
            expect(nobody("off").beside(contact(true)), "allow");
            expect(nobody("off").beside(contactless(None)), needed);
            expect(nobody("off").beside(contactless(Some(card()))), "allow");
            // Any card will do for administrators, and only a card.
            for who in [key_operator("local"), engineer("local"), administrator("local")] {
                expect(who.clone().beside(contactless(None)), needed);
                expect(who.beside(contactless(Some(card()))), "allow");
            }
            // Signing in at the panel enables it too.
            expect(user("local").beside(contactless(None)), "allow");
            expect(guest().beside(contactless(None)), "allow");
            // Payment never gates faxes and scans; of two accessories, one is enough.
            let payment = if payable { needed } else { "allow" };
            expect(user("local").paying(Subtractive::Disabled), payment);
            expect(user("local").paying(Subtractive::Enabled), "allow");
            let two = |card, paid| nobody("off").beside(contactless(card)).paying(paid);
            expect(two(None, Subtractive::Disabled), needed);
            expect(two(Some(card()), Subtractive::Disabled), "allow");
            let paid = if payable { "allow" } else { needed };
            expect(two(None, Subtractive::Enabled), paid);
            // The panel leaves it to the start.
            let before = job(service, Phase::Before);
            check(row, &nobody("off").beside(contact(false)), before, &on, "allow");
        }
        let who = nobody("off").beside(contact(false));
        check(row, &who, job(service, Phase::Start), &unlocked, "allow");
    }
    // The switch: the lock decides, and in mode off an accessory stands in for signing in.
    let switched = settings(json!({
        "locks": {"copy": "locked-shown"},
        "accessory-control": {"copy": true, "by-service-access": true},
    }));
    let rows = [
        (nobody("off").beside(contact(false)), "start: sign-in-needed"),
        (nobody("off").beside(contact(true)), "allow"),
        (nobody("local").beside(contact(true)), "start: sign-in-needed"),
        (key_operator("local").beside(contact(false)), "allow"),
        (user("local").paying(Subtractive::Disabled), "allow"),
    ];
    for (who, expected) in &rows {
        check(row, who, job(Service::Copy, Phase::Start), &switched, expected);
    }
    // A job that runs is stopped where the accessory goes.
    let paid = user("local").paying(Subtractive::Disabled);
    let next_page = paged(Service::Copy, Phase::Running, 3);
    check(row, &paid, next_page, &flags("copy"), "continue: accessory-needed");
}

#[test]
fn s30_6_03_payment_opens_no_locked_area() {
    let row = "S30-6-03";
    let words = [
        ("setup", Area::Setup),
        ("machine-status", Area::MachineStatus),
        ("all-services", Area::AllServices),
    ];
    let paying = |mode| nobody(mode).paying(Subtractive::Enabled);
    let additive = Additive::Contact { enabled: true };
    for (word, area) in words {
        let locked = settings(json!({"locked-areas": [word]}));
        let rows = [
            (nobody("local"), "panel: sign-in-needed"),
            (paying("local"), "panel: sign-in-needed"),
            (paying("off"), "panel: sign-in-needed"),
            (nobody("off").beside(additive.clone()), "allow"),
            (nobody("local").beside(additive.clone()), "panel: sign-in-needed"),
            (user("local"), "allow"),
            (guest(), "allow"),
            (key_operator("off"), "allow"),
        ];
        for (who, expected) in &rows {
            check(row, who, Action::Open(area), &locked, expected);
            check(row, who, Action::Open(area), &AccessSettings::default(), "allow");
        }
        for other in words.map(|(_, other)| other).into_iter().filter(|other| *other != area) {
            check(row, &nobody("local"), Action::Open(other), &locked, "allow");
        }
    }
    // All services: nothing of them is left to who is not signed in.
    let all = settings(json!({"locked-areas": ["all-services"]}));
    for service in Service::ALL {
        let start = job(service, Phase::Start);
        check(row, &paying("off"), start, &all, "start: sign-in-needed");
        check(row, &key_operator("local"), Action::Open(Area::AllServices), &all, "allow");
    }
    // The lock of one service is another matter: in mode off whoever pays may use it.
    let copy = lock(&["copy"]);
    check(row, &paying("off"), job(Service::Copy, Phase::Start), &copy, "allow");
    check(row, &paying("local"), Action::Enter(Service::Copy), &copy, "panel: sign-in-needed");
}

#[test]
fn s30_6_04_reports_calibration_and_diagnostics_go_by_who_it_is() {
    let row = "S30-6-04";
    let forbidden = settings(json!({"user-reports": false}));
    let locked = lock(&["report", "colour-calibration", "diagnostics"]);
    let open = AccessSettings::default();
    let some = settings(json!({"administrator-diagnostics": ["test-pattern"]}));
    let no_card = |who: Who| who.beside(Additive::Contact { enabled: false });
    let with_card = |who: Who| who.beside(Additive::Contact { enabled: true });
    let report = job(Service::Report, Phase::Start);
    let calibration = job(Service::ColourCalibration, Phase::Start);
    let diagnostics = Action::Enter(Service::Diagnostics);
    let pattern = Action::Diagnose(Diagnostic::TestPattern);
    let component = Action::Diagnose(Diagnostic::ComponentControl);
    let needed = "start: accessory-needed";
    let rows = [
        // Forbidden to users, or else the accessory only: a lock asks nobody.
        (user("local"), report, &forbidden, "start: reports-forbidden"),
        (nobody("off"), report, &forbidden, "start: reports-forbidden"),
        (administrator("local"), report, &forbidden, "allow"),
        (key_operator("local"), report, &forbidden, "allow"),
        (nobody("local"), report, &locked, "allow"),
        (no_card(nobody("local")), report, &open, needed),
        (no_card(key_operator("local")), report, &open, needed),
        (with_card(nobody("local")), report, &open, "allow"),
        (nobody("local").paying(Subtractive::Disabled), report, &open, needed),
        (nobody("local").paying(Subtractive::Enabled), report, &open, "allow"),
        // KO and CO always, the engineer's is a report.
        (no_card(nobody("local")), calibration, &locked, "allow"),
        (no_card(key_operator("local")), calibration, &locked, "allow"),
        (no_card(engineer("local")), calibration, &open, needed),
        (with_card(engineer("local")), calibration, &open, "allow"),
        (engineer("local"), calibration, &open, "allow"),
        // The engineer's, some the administrators'.
        (engineer("local"), diagnostics, &open, "allow"),
        (key_operator("local"), diagnostics, &open, "panel: engineer-only"),
        (key_operator("local"), diagnostics, &some, "allow"),
        (user("local"), diagnostics, &some, "panel: administrators-only"),
        (engineer("local"), component, &open, "allow"),
        (key_operator("local"), component, &some, "panel: engineer-only"),
        (key_operator("local"), pattern, &some, "allow"),
        (administrator("local"), pattern, &some, "allow"),
        (key_operator("local"), pattern, &open, "panel: engineer-only"),
        (user("local"), pattern, &some, "panel: administrators-only"),
    ];
    for (who, what, settings, expected) in &rows {
        check(row, who, *what, settings, expected);
    }
}

#[test]
fn s30_6_05_the_bmlinks_menu_goes_by_itself_and_folder_operation_may_follow_copy() {
    let row = "S30-6-05";
    let (menu, scan, pull) =
        (Service::BmlinksMenu, Service::BmlinksScan, Service::BmlinksPullPrint);
    let leaves = lock(&["bmlinks-scan", "bmlinks-pull-print"]);
    let menu_locked = lock(&["bmlinks-menu"]);
    let sign_in = "panel: sign-in-needed";
    let no_menu = UserLimits { bmlinks_menu: false, ..Limits::ALLOW_ALL.into() };
    let no_leaf = UserLimits {
        services: Limits { scan: false, print: false, ..Limits::ALLOW_ALL },
        ..Limits::ALLOW_ALL.into()
    };
    let all = lock(&["bmlinks-menu", "bmlinks-scan", "bmlinks-pull-print"]);
    let rows = [
        (nobody("local"), menu, &leaves, "allow"),
        (nobody("local"), scan, &leaves, sign_in),
        (nobody("local"), pull, &leaves, sign_in),
        (nobody("local"), menu, &menu_locked, sign_in),
        (nobody("local"), scan, &menu_locked, sign_in),
        (nobody("local"), pull, &menu_locked, sign_in),
        (limited("local", no_menu), menu, &all, "panel: service-forbidden"),
        (limited("local", no_menu), scan, &all, "panel: service-forbidden"),
        (limited("local", no_leaf), menu, &all, "allow"),
        (limited("local", no_leaf), scan, &all, "panel: service-forbidden"),
    ];
    for (who, service, settings, expected) in &rows {
        check(row, who, Action::Enter(*service), settings, expected);
    }

    let folders = Service::FolderOperation;
    let with = |mailbox: bool, resave: bool, locked: &str| {
        settings(json!({
            "folders": {"mailbox": mailbox, "copy-resave": resave},
            "locks": {locked: "locked-shown"},
            "accessory-control": {"copy": true},
        }))
    };
    let no_copy = limited("local", limit(JobKind::Copy, "service"));
    let spent = limit(JobKind::Copy, "pages");
    let spent = limited(
        "local",
        UserLimits { copy: JobLimits { pages_left: Some(0), ..spent.copy }, ..spent },
    );
    let unpaid = nobody("local").paying(Subtractive::Disabled);
    let rows = [
        // It has its own lock while mailbox folders are there.
        (nobody("local"), with(true, true, "copy"), "allow"),
        (nobody("local"), with(true, true, "folder-operation"), "start: sign-in-needed"),
        (no_copy.clone(), with(true, true, "copy"), "allow"),
        // Copy's, without.
        (nobody("local"), with(false, true, "copy"), "start: sign-in-needed"),
        (nobody("local"), with(false, true, "folder-operation"), "allow"),
        (no_copy, with(false, true, "copy"), "start: service-forbidden"),
        (user("local"), with(false, true, "copy"), "allow"),
        // It needs no accounting.
        (spent, with(false, true, "copy"), "allow"),
        (unpaid, with(false, true, "print"), "allow"),
        // Neither kind of folder.
        (key_operator("local"), with(false, false, "copy"), "start: not-offered"),
    ];
    for (who, settings, expected) in &rows {
        check(row, who, job(folders, Phase::Start), settings, expected);
    }
}

#[test]
fn s30_6_06_an_agent_can_refuse_a_user_the_device() {
    let row = "S30-6-06";
    let open = AccessSettings::default();
    let refused = |mode, kind| {
        let limits = Limits::ALLOW_ALL.into();
        who(Person::Identified { id: id("tanaka"), limits, device_refused: true }, mode).by(kind)
    };
    let folder = Folder { owner: Owner::Personal(id("tanaka")), password: FolderPassword::None };
    let sheet = Sheet { owner: SheetOwner::Owned(Owner::KeyOperator), linked_to: &[] };
    let mine = PrintUserId::from(&id("tanaka"));
    let documents = PrivatePrint::Documents { owner: &mine, password_given: false };
    let actions = [
        Action::Open(Area::MachineStatus),
        Action::Enter(Service::Copy),
        Action::Run(Job::new(Service::Print, Phase::Before)),
        Action::Run(Job::new(Service::ColourCalibration, Phase::Before)),
        Action::Folder(&folder, FolderAction::List),
        Action::Sheet(&sheet, SheetAction::Run),
        Action::PrivatePrint(documents),
        Action::Listed(Some(&mine)),
    ];
    for what in actions {
        let agent = refused("remote", RemoteKind::Agent);
        check(row, &agent, what, &open, "panel: device-refused");
        check(row, &user("remote"), what, &open, "allow");
        for kind in [RemoteKind::Kerberos, RemoteKind::Ldap, RemoteKind::Smb] {
            check(row, &refused("remote", kind), what, &open, "allow");
        }
        check(row, &refused("local", RemoteKind::Agent), what, &open, "allow");
    }
}

#[test]
fn s30_6_07_a_released_copy_colour_starts_without_signing_in() {
    let row = "S30-6-07";
    let black = released(json!({"black": true}));
    let none = released(json!({}));
    let copy = |phase, colour| coloured(Service::Copy, phase, colour);
    let sign_in = |place| format!("{place}: sign-in-needed");
    for mode in ["off", "local", "accounting-verified", "accounting-unverified", "remote"] {
        let who = nobody(mode).beside(Additive::Contact { enabled: false });
        check(row, &who, Action::Enter(Service::Copy), &black, "allow");
        check(row, &who, Action::Enter(Service::Copy), &none, &sign_in("panel"));
        for (phase, place) in PHASES.into_iter().zip(["panel", "start", "continue"]) {
            check(row, &who, copy(phase, Colour::Black), &black, "allow");
            check(row, &who, copy(phase, Colour::Black), &none, &sign_in(place));
            check(row, &who, copy(phase, Colour::Colour), &black, &sign_in(place));
            check(row, &who, copy(phase, Colour::Automatic), &black, &sign_in(place));
        }
        // A copy that does not tell its colour is not released.
        check(row, &who, job(Service::Copy, Phase::Start), &black, &sign_in("start"));
        let scan = coloured(Service::ScanMail, Phase::Start, Colour::Black);
        check(row, &who, scan, &black, &sign_in("start"));
    }
}

#[test]
fn s30_6_08_jobs_and_stored_lists_are_for_the_owner_and_administrators() {
    let row = "S30-6-08";
    let open = AccessSettings::default();
    let tanaka = PrintUserId::from(&id("tanaka"));
    let sato = PrintUserId::from(&id("sato"));
    let card_id = PrintUserId::from(&card());
    let with_card = || Additive::Contactless(Some(card()));
    let not_yours = "panel: not-yours";
    let rows = [
        (user("local"), Some(&tanaka), "allow"),
        (user("local"), Some(&sato), not_yours),
        (user("local"), None, not_yours),
        (nobody("local"), Some(&tanaka), not_yours),
        (nobody("local"), None, not_yours),
        (guest(), None, not_yours),
        (provisional("local", Limits::ALLOW_ALL), Some(&card_id), not_yours),
        (administrator("local"), Some(&tanaka), "allow"),
        (key_operator("local"), Some(&tanaka), "allow"),
        (key_operator("remote"), None, "allow"),
        (engineer("local"), Some(&tanaka), "allow"),
        // Where nobody is ever identified, what nobody owns is everyone's.
        (nobody("off"), None, "allow"),
        (nobody("off"), Some(&tanaka), not_yours),
        (nobody("off").beside(with_card()), Some(&card_id), "allow"),
        (unidentified(None), None, "allow"),
        (unidentified(None).beside(with_card()), Some(&card_id), "allow"),
    ];
    for (who, owner, expected) in &rows {
        check(row, who, Action::Listed(*owner), &open, expected);
    }
}
