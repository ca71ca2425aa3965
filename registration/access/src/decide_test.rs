use serde_json::json;

use kazasu_registration::{
    Limits,
    access::{Colour, JobLimits, RemoteKind, UserLimits},
};

use super::*;
use crate::rig_test::*;

/// Which limit is looked at where: before the job, at its start, while it runs; "-" is allowed.
#[test]
fn section_6_names_who_refuses_what_when() {
    use Service::*;
    // Service, counts as, then what is said of a service, colour and page limit per phase.
    let panel = ["panel", "start", "continue"];
    let start = ["-", "start", "continue"];
    let controller = ["-", "start", "abort"];
    let never = ["-"; 3];
    let mut rows = vec![(Copy, JobKind::Copy, panel, panel, start)];
    let scans =
        [ScanMail, ScanFolder, ScanTemplate, ScanNetwork, ScanUsb, ScanUrl, ScanWsd, BmlinksScan];
    rows.extend(scans.map(|scan| (scan, JobKind::Scan, panel, panel, start)));
    rows.push((Fax, JobKind::Fax, panel, never, never));
    rows.push((InternetFax, JobKind::InternetFax, panel, never, never));
    for print in [Print, StoredPrint, BmlinksPullPrint] {
        rows.push((print, JobKind::Print, controller, controller, controller));
    }
    for (service, kind, of_service, of_colour, of_pages) in rows {
        let settings = lock(&[&word(service)]);
        let checks = [
            ("service", of_service, "service-forbidden"),
            ("colour", of_colour, "colour-forbidden"),
            ("pages", of_pages, "pages-used-up"),
        ];
        for (what, places, reason) in checks {
            for (phase, place) in PHASES.into_iter().zip(places) {
                let who = limited("local", limit(kind, what));
                let (colour, pages) = (Some(Colour::Colour), Some(11));
                let what = Action::Run(Job { colour, pages, ..Job::new(service, phase) });
                let expected = match place {
                    "-" => "allow".to_owned(),
                    place => format!("{place}: {reason}"),
                };
                check(&word(service), &who, what, &settings, &expected);
                // Inside the limits.
                let (colour, pages) = (Some(Colour::Black), Some(10));
                let what = Action::Run(Job { colour, pages, ..Job::new(service, phase) });
                if reason != "service-forbidden" {
                    check(&word(service), &who, what, &settings, "allow");
                }
            }
        }
    }
}

#[test]
fn section_6_the_fax_page_is_usable_if_either_fax_is_allowed() {
    let settings = lock(&["fax", "internet-fax"]);
    let both = UserLimits { internet_fax: false, ..limit(JobKind::Fax, "service") };
    let rows = [
        ("both", limited("local", UserLimits::from(Limits::ALLOW_ALL)), "allow"),
        ("internet fax", limited("local", limit(JobKind::Fax, "service")), "allow"),
        ("fax", limited("local", limit(JobKind::InternetFax, "service")), "allow"),
        ("neither", limited("local", both), "panel: service-forbidden"),
        ("not signed in", nobody("local"), "panel: sign-in-needed"),
    ];
    for (row, who, expected) in &rows {
        for page in [Service::Fax, Service::InternetFax] {
            check(row, who, Action::Enter(page), &settings, expected);
        }
    }
    let no_fax = limited("local", limit(JobKind::Fax, "service"));
    let send = job(Service::Fax, Phase::Before);
    check("the job itself", &no_fax, send, &settings, "panel: service-forbidden");
}

#[test]
fn section_6_stored_documents_and_flows_are_found_out_late_and_no_way_round() {
    let print = lock(&["print"]);
    let own = lock(&["stored-print", "job-flow"]);
    let copy = lock(&["copy"]);
    let stored = |kind, phase, colour| Action::Run(Job { colour, ..Job::stored(kind, phase) });
    let flow = |kind, phase, colour| Action::Run(Job { colour, ..Job::flow_part(kind, phase) });
    let black = limited("local", limit(JobKind::Print, "colour"));
    let no_copy = limited("local", limit(JobKind::Copy, "service"));
    let no_scan = limited("local", limit(JobKind::Scan, "service"));
    let (at_start, running) = (Phase::Start, Phase::Running);
    let colour = Some(Colour::Colour);
    let rows = [
        ("colour not known", &black, stored(JobKind::Print, at_start, None), &own, "allow"),
        (
            "colour known",
            &black,
            stored(JobKind::Print, at_start, colour),
            &own,
            "start: colour-forbidden",
        ),
        (
            "colour found",
            &black,
            stored(JobKind::Print, running, colour),
            &own,
            "abort: colour-forbidden",
        ),
        (
            "print is locked",
            &black,
            stored(JobKind::Print, running, colour),
            &print,
            "abort: colour-forbidden",
        ),
        ("flow", &black, flow(JobKind::Print, running, colour), &own, "abort: colour-forbidden"),
        (
            "flow, print is locked",
            &black,
            flow(JobKind::Print, running, colour),
            &print,
            "abort: colour-forbidden",
        ),
        (
            "a stored copy",
            &no_copy,
            stored(JobKind::Copy, at_start, None),
            &copy,
            "start: service-forbidden",
        ),
        (
            "a stored copy is no print",
            &black,
            stored(JobKind::Copy, at_start, colour),
            &own,
            "allow",
        ),
        ("flow, before", &no_scan, flow(JobKind::Scan, Phase::Before, None), &own, "allow"),
        (
            "flow, start",
            &no_scan,
            flow(JobKind::Scan, at_start, None),
            &own,
            "start: service-forbidden",
        ),
        ("nothing is locked", &no_scan, flow(JobKind::Scan, at_start, None), &copy, "allow"),
    ];
    for (row, who, what, settings, expected) in rows {
        check(row, who, what, settings, expected);
    }
}

#[test]
fn section_6_limits_act_only_where_the_service_is_restricted_and_the_mode_has_them() {
    let no_copy = limit(JobKind::Copy, "service");
    let locked = lock(&["copy"]);
    let open = AccessSettings::default();
    let other = lock(&["print"]);
    let all = settings(json!({"locked-areas": ["all-services"]}));
    let setup = settings(json!({"locked-areas": ["setup", "machine-status"]}));
    let forbidden = "panel: service-forbidden";
    let remote = |kind| limited("remote", no_copy).by(kind);
    let rows = [
        ("locked", limited("local", no_copy), &locked, forbidden),
        ("open", limited("local", no_copy), &open, "allow"),
        ("another is locked", limited("local", no_copy), &other, "allow"),
        ("all are locked", limited("local", no_copy), &all, forbidden),
        ("other areas are locked", limited("local", no_copy), &setup, "allow"),
        ("accounting", limited("accounting-verified", no_copy), &locked, forbidden),
        ("not verified", limited("accounting-unverified", no_copy), &locked, "allow"),
        ("agent", remote(RemoteKind::Agent), &locked, forbidden),
        ("kerberos", remote(RemoteKind::Kerberos), &locked, "allow"),
        ("ldap", remote(RemoteKind::Ldap), &locked, "allow"),
        ("smb", remote(RemoteKind::Smb), &locked, "allow"),
        ("not signed in", nobody("local"), &locked, "panel: sign-in-needed"),
        ("mode off", nobody("off"), &locked, "panel: sign-in-needed"),
        ("guest", guest(), &locked, "allow"),
        ("no guests here", who(Person::Guest, "local"), &locked, "panel: sign-in-needed"),
        ("unidentified", unidentified(None), &locked, "allow"),
        ("administrator", administrator("local"), &locked, "allow"),
        ("key operator", key_operator("off"), &locked, "allow"),
        ("engineer", engineer("remote"), &locked, "allow"),
    ];
    for (row, who, settings, expected) in &rows {
        check(row, who, job(Service::Copy, Phase::Before), settings, expected);
    }
}

#[test]
fn section_6_a_job_that_does_not_tell_its_pages_needs_one() {
    let settings = lock(&["print"]);
    for (left, expected) in [(0, "start: pages-used-up"), (1, "allow")] {
        let limits = UserLimits {
            print: JobLimits { pages_left: Some(left), ..JobLimits::NONE },
            ..Limits::ALLOW_ALL.into()
        };
        let who = limited("local", limits);
        check("none left", &who, job(Service::Print, Phase::Start), &settings, expected);
    }
}

#[test]
fn section_6_hidden_services_are_shown_to_whoever_may_use_them() {
    let locks = json!({"locks": {"copy": "locked-hidden", "print": "locked-shown"}});
    let on = settings(locks);
    let rows = [
        (nobody("local"), Service::Copy, false),
        (nobody("local"), Service::Print, true),
        (nobody("local"), Service::ScanMail, true),
        (user("local"), Service::Copy, true),
        (limited("local", limit(JobKind::Copy, "service")), Service::Copy, true),
        (key_operator("off"), Service::Copy, true),
    ];
    for (who, service, shown) in rows {
        assert_eq!(is_shown(&who, service, &on), shown, "{who:?} {service:?}");
    }
}

/// What any card brings: whoever finds one must not get further than a stranger.
#[test]
fn section_6_provisional_users_get_what_their_limits_name_and_nothing_else() {
    let all = settings(json!({"locked-areas": ["setup", "machine-status", "all-services"]}));
    let nothing = provisional("local", Limits::FORBID_ALL);
    let copies = provisional("local", Limits { copy: true, ..Limits::FORBID_ALL });
    let remote = provisional("remote", Limits::FORBID_ALL).by(RemoteKind::Ldap);
    let each = lock(&["copy", "job-flow", "folder-operation", "bmlinks-menu", "print"]);
    let copy = job(Service::Copy, Phase::Before);
    let print = job(Service::Print, Phase::Start);
    let (forbidden, sign_in) = ("panel: service-forbidden", "panel: sign-in-needed");
    // With all areas locked, and with services locked one by one.
    let rows = [
        ("forbidden", &nothing, copy, forbidden, forbidden),
        ("allowed", &copies, copy, "allow", "allow"),
        ("print", &copies, print, "start: service-forbidden", "start: service-forbidden"),
        ("whoever checks users", &remote, copy, forbidden, forbidden),
        ("flow", &copies, Action::Enter(Service::JobFlow), sign_in, forbidden),
        ("folders", &copies, Action::Enter(Service::FolderOperation), sign_in, forbidden),
        ("menu", &copies, Action::Enter(Service::BmlinksMenu), sign_in, forbidden),
        ("scan from the menu", &copies, Action::Enter(Service::BmlinksScan), forbidden, forbidden),
        ("report", &copies, Action::Enter(Service::Report), sign_in, "allow"),
        ("setup", &copies, Action::Open(Area::Setup), sign_in, "allow"),
        ("status", &copies, Action::Open(Area::MachineStatus), sign_in, "allow"),
        ("services", &copies, Action::Open(Area::AllServices), "allow", "allow"),
    ];
    for (row, who, what, with_all, with_each) in rows {
        check(row, who, what, &all, with_all);
        check(row, who, what, &each, with_each);
    }
}

#[test]
fn reasons_have_a_word_each() {
    let mut words: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Reason::ALL.len());
}
