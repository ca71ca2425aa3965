//! Every combination that matters, decided.

use std::collections::BTreeSet;

use serde_json::json;

use kazasu_registration::{Limits, access::*};

use super::{rig_test::*, *};

const MODES: [&str; 5] = ["off", "local", "accounting-verified", "accounting-unverified", "remote"];

fn all_people() -> Vec<Who> {
    let black =
        JobLimits { colours: ColourModes { black: true, colour: false }, pages_left: Some(2) };
    let narrow = UserLimits {
        internet_fax: false,
        bmlinks_menu: false,
        copy: black,
        scan: black,
        print: black,
        ..Limits { fax: false, ..Limits::ALLOW_ALL }.into()
    };
    let mut people = Vec::new();
    for mode in MODES {
        let typed = Some(id("tanaka"));
        let refused = Person::Identified { id: id("tanaka"), limits: narrow, device_refused: true };
        people.extend([
            nobody(mode),
            who(Person::Guest, mode),
            who(Person::Unidentified { typed }, mode),
            provisional(mode, Limits::FORBID_ALL),
            provisional(mode, Limits::ALLOW_ALL),
            user(mode),
            limited(mode, narrow),
            limited(mode, Limits::FORBID_ALL.into()),
            who(refused, mode),
            administrator(mode),
            key_operator(mode),
            engineer(mode),
        ]);
    }
    let kerberos = people.iter().filter(|who| who.sign_in.mode == mode("remote")).cloned();
    let kerberos: Vec<_> = kerberos.map(|who| who.by(RemoteKind::Kerberos)).collect();
    people.extend(kerberos);
    people
}

fn all_accessories() -> Vec<Accessories> {
    let additive = [
        Additive::Absent,
        Additive::Contact { enabled: false },
        Additive::Contact { enabled: true },
        Additive::Contactless(None),
        Additive::Contactless(Some(card())),
    ];
    let payment = [Subtractive::Absent, Subtractive::Disabled, Subtractive::Enabled];
    let both = |additive: &Additive| {
        payment.map(|subtractive| Accessories { additive: additive.clone(), subtractive })
    };
    additive.iter().flat_map(both).collect()
}

fn all_settings() -> Vec<AccessSettings> {
    let locks: serde_json::Map<String, serde_json::Value> = Service::ALL
        .iter()
        .map(|s| serde_json::to_value(s).unwrap().as_str().unwrap().to_owned())
        .map(|word| (word, json!("locked-hidden")))
        .collect();
    let flags = json!({"copy": true, "print": true, "scan-fax": true});
    let restricted = json!({
        "restrict-unauthenticated-print": true, "restrict-unauthenticated-output": true,
    });
    [
        json!({}),
        json!({"locks": locks, "user-reports": false, "folders": restricted}),
        json!({"locks": locks, "accessory-control": flags, "released-copy": {"black": true}}),
        json!({"locked-areas": ["setup", "machine-status", "all-services"]}),
        json!({
            "accessory-control": flags,
            "folders": {"mailbox": false, "restrict-unauthenticated-output": true},
            "administrator-diagnostics": ["fax"],
            "private-print": {"combined-secure-print": true, "typed-id-counts": true},
        }),
        json!({
            "locks": locks,
            "accessory-control": {"by-service-access": true},
            "folders": {"mailbox": false, "copy-resave": true},
        }),
    ]
    .map(settings)
    .to_vec()
}

/// Things to act on, so that actions can borrow them.
struct Things {
    folders: Vec<Folder>,
    ids: Vec<PrintUserId>,
}

impl Things {
    fn new() -> Self {
        let owners = [Owner::Shared, Owner::KeyOperator, personal("tanaka"), personal("sato")];
        let passwords = [FolderPassword::None, FolderPassword::Due, FolderPassword::Given];
        let folder =
            |owner: &Owner| passwords.map(|password| Folder { owner: owner.clone(), password });
        Self {
            folders: owners.iter().flat_map(folder).collect(),
            ids: vec![
                PrintUserId::from(&id("tanaka")),
                PrintUserId::from(&id("sato")),
                PrintUserId::from(&card()),
            ],
        }
    }

    fn sheets(&self) -> Vec<Sheet<'_>> {
        let mut owners = vec![SheetOwner::Box];
        owners.extend(
            [Owner::Shared, Owner::KeyOperator, personal("tanaka"), personal("sato")]
                .map(SheetOwner::Owned),
        );
        let links = [&self.folders[..0], &self.folders[..1], &self.folders[3..4]];
        let sheets =
            |owner: &SheetOwner| links.map(|linked_to| Sheet { owner: owner.clone(), linked_to });
        owners.iter().flat_map(sheets).collect()
    }

    fn actions<'a>(&'a self, sheets: &'a [Sheet<'a>]) -> Vec<Action<'a>> {
        let mut all = vec![Action::OpenFolder, Action::MakeSheet(None), Action::Listed(None)];
        all.extend(Area::ALL.map(Action::Open));
        all.extend(Service::ALL.map(Action::Enter));
        all.extend([Diagnostic::Fax, Diagnostic::TestPattern].map(Action::Diagnose));
        for phase in [Phase::Before, Phase::Start, Phase::Running] {
            let mut jobs: Vec<_> = Service::ALL.map(|service| Job::new(service, phase)).to_vec();
            jobs.extend(JobKind::ALL.map(|kind| Job::stored(kind, phase)));
            jobs.extend(JobKind::ALL.map(|kind| Job::flow_part(kind, phase)));
            for job in jobs {
                for colour in [None, Some(Colour::Black), Some(Colour::Automatic)] {
                    for pages in [None, Some(3)] {
                        all.push(Action::Run(Job { colour, pages, ..job }));
                    }
                }
            }
        }
        for folder in &self.folders {
            use FolderAction::*;
            let actions =
                [List, DeleteDocument, PutIn, Print, OutputFile, Change, Delete, ChangeOwner];
            all.extend(actions.map(|action| Action::Folder(folder, action)));
            all.push(Action::MakeSheet(Some(folder)));
        }
        for sheet in sheets {
            use SheetAction::*;
            let folder = &self.folders[0];
            let actions = [
                View,
                Run,
                RunByItself,
                Copy(None),
                Copy(Some(folder)),
                Edit,
                Delete,
                Link(folder),
                ChangeOwner,
            ];
            all.extend(actions.map(|action| Action::Sheet(sheet, action)));
        }
        all.extend([PrivatePrint::Enter, PrivatePrint::ListOwners].map(Action::PrivatePrint));
        for owner in &self.ids {
            all.push(Action::Listed(Some(owner)));
            for password_given in [false, true] {
                all.push(Action::PrivatePrint(PrivatePrint::Documents { owner, password_given }));
            }
        }
        all
    }
}

fn personal(user: &str) -> Owner {
    Owner::Personal(id(user))
}

fn is_allowed(decision: Decision) -> bool {
    decision == Decision::Allow
}

/// Calls this with every combination.
fn for_all(mut each: impl FnMut(&Who, Action<'_>, &AccessSettings)) -> usize {
    let things = Things::new();
    let sheets = things.sheets();
    let actions = things.actions(&sheets);
    let (accessories, settings) = (all_accessories(), all_settings());
    let mut combinations = 0;
    for person in all_people() {
        for fitted in &accessories {
            let who = Who { accessories: fitted.clone(), ..person.clone() };
            for settings in &settings {
                for action in &actions {
                    each(&who, *action, settings);
                    combinations += 1;
                }
            }
        }
    }
    combinations
}

#[test]
fn everything_is_decided_and_every_reason_and_place_comes_up() {
    let (mut reasons, mut places, mut allowed) = (BTreeSet::new(), BTreeSet::new(), 0);
    let combinations = for_all(|who, what, settings| match decide(who, what, settings) {
        Decision::Allow => allowed += 1,
        Decision::Deny { reason, place } => {
            let fits = match what {
                Action::Run(job) => match place {
                    Place::Panel => job.phase == Phase::Before,
                    Place::Start => job.phase == Phase::Start,
                    Place::Continue | Place::Abort => job.phase == Phase::Running,
                },
                _ => place == Place::Panel,
            };
            assert!(fits, "{what:?} is refused at {place:?}");
            reasons.insert(reason);
            places.insert(place);
        }
    });
    assert!(combinations > 1_000_000, "{combinations}");
    assert!(allowed > combinations / 10 && allowed < combinations, "{allowed}");
    assert_eq!(reasons, Reason::ALL.into_iter().collect());
    assert_eq!(places.len(), 4);
}

/// Who is not known for good never holds what is somebody's own.
#[test]
fn guests_and_provisional_users_own_nothing() {
    let settings = AccessSettings::default();
    let mut strangers = Vec::new();
    for who in all_people() {
        let stranger = matches!(who.person, Person::Guest | Person::Provisional { .. });
        if stranger {
            strangers.extend(
                all_accessories().into_iter().map(|a| Who { accessories: a, ..who.clone() }),
            );
        }
    }
    let things = Things::new();
    for who in &strangers {
        assert_eq!(Owner::of_new_folder(who), None, "{who:?}");
        for for_a_folder in [false, true] {
            assert_eq!(SheetOwner::of_new_sheet(who, for_a_folder), None, "{who:?}");
        }
        assert_eq!(my_user_id(who, &settings), None, "{who:?}");
        assert_eq!(who.identified(), None, "{who:?}");
        for owner in &things.ids {
            assert!(!is_allowed(decide(who, Action::Listed(Some(owner)), &settings)), "{who:?}");
        }
    }
    assert!(strangers.len() > 200, "{}", strangers.len());
}

/// A card that nobody registered opens nothing that is closed to who has none, but what the limits
/// of provisional users name.
#[test]
fn provisional_users_gain_nothing_but_what_their_limits_name() {
    for_all(|who, what, settings| {
        let Person::Provisional { limits, .. } = &who.person else { return };
        if limits.services != Limits::FORBID_ALL || !is_allowed(decide(who, what, settings)) {
            return;
        }
        // The card that made the user enables the accessory, as any card does in other modes.
        let additive = match who.accessories.additive {
            Additive::Contactless(None) => Additive::Contactless(Some(card())),
            Additive::Contact { .. } => Additive::Contact { enabled: true },
            ref other => other.clone(),
        };
        let stranger = Who { person: Person::Nobody, ..who.clone() }.beside(additive);
        let opens_services = what == Action::Open(Area::AllServices);
        // Entering the page of a print promises nothing: the controller looks at limits later.
        let later = match what {
            Action::Enter(service) => service.kind() == Some(JobKind::Print),
            Action::Run(job) => {
                job.phase == Phase::Before && job::checks(job.service).service == Phase::Start
            }
            _ => false,
        };
        assert!(
            is_allowed(decide(&stranger, what, settings)) || opens_services || later,
            "{who:?} {what:?} {settings:?}"
        );
    });
}

/// What a general user may, the key operator may, but for what the table itself keeps from them
/// and what is the user's own.
#[test]
fn the_key_operator_never_loses_against_a_user() {
    for_all(|who, what, settings| {
        let is_user = matches!(
            who.person,
            Person::Nobody | Person::Unidentified { .. } | Person::Identified { .. }
        );
        if !is_user || !is_allowed(decide(who, what, settings)) {
            return;
        }
        // Signing in as a user enables an additive accessory, signing in as key operator does not.
        let mut key_operator = Who { person: Person::KeyOperator, ..who.clone() };
        if who.additive_enabled() {
            key_operator.accessories.additive = Additive::Contact { enabled: true };
        }
        assert!(is_allowed(decide(&key_operator, what, settings)), "{who:?} {what:?} {settings:?}");
    });
}
