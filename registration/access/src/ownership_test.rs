//! Walks `ownership_table.md` cell by cell: each against the data, and each against what `decide`
//! then does.

use serde_json::json;

use kazasu_registration::{Limits, access::AccessSettings};

use super::*;
use crate::{
    Action, Decision, decide,
    rig_test::{self as rig, check, said},
};

const ROWS: [(&str, Category); 10] = [
    ("S30-7-01", Category::BoxSheet),
    ("S30-7-02", Category::SharedSheet),
    ("S30-7-03", Category::SharedFolder),
    ("S30-7-04", Category::KeyOperator),
    ("S30-7-05", Category::Personal),
    ("S30-7-06", Category::BoxSheet),
    ("S30-7-07", Category::SharedSheet),
    ("S30-7-08", Category::SharedFolder),
    ("S30-7-09", Category::KeyOperator),
    ("S30-7-10", Category::Personal),
];
const OFF: [Column; 2] = [Column::Off, Column::OffKo];
const ON: [Column; 4] = [Column::Outsider, Column::Unidentified, Column::Identified, Column::Ko];
const RIGHTS: [Right; 5] =
    [Right::Read, Right::Create, Right::Edit, Right::Store, Right::ChangeOwner];

/// The table: row number, column, right, mark.
fn marks() -> Vec<(String, Category, Column, Right, String)> {
    let mut marks = Vec::new();
    let mut rows = ROWS.iter();
    for line in include_str!("ownership_table.md").lines().filter(|l| l.starts_with("| S30")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (number, category) = rows.next().expect("the table has more rows");
        assert_eq!(cells[0], *number);
        let columns = if cells.len() == 4 { OFF.to_vec() } else { ON.to_vec() };
        assert_eq!(cells.len(), columns.len() + 2, "{line}");
        for (column, text) in columns.into_iter().zip(&cells[2..]) {
            let five: Vec<_> = text.split(' ').collect();
            assert_eq!(five.len(), RIGHTS.len(), "{line}");
            for (right, mark) in RIGHTS.into_iter().zip(five) {
                marks.push((cells[0].to_owned(), *category, column, right, mark.to_owned()));
            }
        }
    }
    assert!(rows.next().is_none(), "the table has fewer rows");
    assert_eq!(marks.len(), 5 * 5 * OFF.len() + 5 * 5 * ON.len());
    marks
}

/// Everybody who has this column.
fn people(column: Column) -> Vec<Who> {
    let modes = ["local", "accounting-verified", "accounting-unverified", "remote"];
    let in_all = |make: fn(&str) -> Who| modes.map(make);
    match column {
        Column::Off => vec![rig::nobody("off"), rig::user("off")],
        Column::OffKo => vec![rig::key_operator("off"), rig::engineer("off")],
        Column::Outsider => {
            let mut people = in_all(rig::nobody).to_vec();
            people.push(rig::guest());
            people.push(rig::provisional("local", Limits::ALLOW_ALL));
            people.push(rig::provisional("off", Limits::ALLOW_ALL));
            people
        }
        Column::Unidentified => vec![
            rig::unidentified(None),
            rig::unidentified(Some("tanaka")),
            rig::user("accounting-unverified"),
        ],
        Column::Identified => ["local", "accounting-verified", "remote"].map(rig::user).to_vec(),
        Column::Ko => {
            let mut people = in_all(rig::key_operator).to_vec();
            people.extend(in_all(rig::engineer));
            people
        }
    }
}

fn folder_of(owner: Owner, password: FolderPassword) -> Folder {
    Folder { owner, password }
}

fn personal(user: &str) -> Owner {
    Owner::Personal(rig::id(user))
}

fn restricting(print: bool, output: bool) -> AccessSettings {
    rig::settings(json!({"folders": {
        "restrict-unauthenticated-print": print,
        "restrict-unauthenticated-output": output,
    }}))
}

const PASSWORDS: [FolderPassword; 3] =
    [FolderPassword::None, FolderPassword::Due, FolderPassword::Given];
const FOLDER_STORE: [FolderAction; 5] = [
    FolderAction::List,
    FolderAction::DeleteDocument,
    FolderAction::PutIn,
    FolderAction::Print,
    FolderAction::OutputFile,
];

fn folder_actions(right: Right) -> &'static [FolderAction] {
    match right {
        Right::Read | Right::Create => &[],
        Right::Edit => &[FolderAction::Change, FolderAction::Delete],
        Right::Store => &FOLDER_STORE,
        Right::ChangeOwner => &[FolderAction::ChangeOwner],
    }
}

fn sheet_actions(right: Right) -> &'static [SheetAction<'static>] {
    match right {
        Right::Read => &[SheetAction::View, SheetAction::Run],
        Right::Create | Right::Store => &[],
        Right::Edit => &[SheetAction::Edit, SheetAction::Delete],
        Right::ChangeOwner => &[SheetAction::ChangeOwner],
    }
}

const NO: &str = "panel: not-yours";
const PASSWORD: &str = "panel: folder-password-needed";

/// What a mark says of a folder.
fn of_folder(mark: &str, own: bool, password: FolderPassword, both_restricted: bool) -> &str {
    match (mark, password) {
        ("y", _) => "allow",
        ("y4", _) if own => "allow",
        ("t2", _) if both_restricted => "panel: sign-in-needed",
        ("y2" | "t2", FolderPassword::Due) => PASSWORD,
        ("y2" | "t2", _) => "allow",
        ("n" | "n3" | "y4", _) => NO,
        _ => panic!("the test knows no mark {mark} of a folder"),
    }
}

fn walk_folders(row: &str, category: Category, column: Column, right: Right, mark: &str) -> usize {
    if folder_actions(right).is_empty() {
        return 0;
    }
    let owners = match category {
        Category::BoxSheet | Category::SharedSheet => return 0,
        Category::SharedFolder => vec![Owner::Shared],
        Category::KeyOperator => vec![Owner::KeyOperator],
        Category::Personal => vec![personal("tanaka"), personal("sato")],
    };
    let mut walked = 0;
    for who in people(column) {
        for owner in &owners {
            for password in PASSWORDS {
                let folder = folder_of(owner.clone(), password);
                let own = *owner == personal("tanaka");
                for (print, output) in [(false, false), (true, false), (false, true), (true, true)]
                {
                    let settings = restricting(print, output);
                    for action in folder_actions(right) {
                        let granted = of_folder(mark, own, password, print && output);
                        let taken_out = match action {
                            FolderAction::Print => print,
                            FolderAction::OutputFile => output,
                            _ => false,
                        };
                        let expected = match granted {
                            "allow" if mark == "t2" && taken_out => "panel: output-restricted",
                            other => other,
                        };
                        check(row, &who, Action::Folder(&folder, *action), &settings, expected);
                        walked += 1;
                    }
                }
            }
        }
    }
    walked
}

fn walk_sheets(row: &str, category: Category, column: Column, right: Right, mark: &str) -> usize {
    if sheet_actions(right).is_empty() {
        return 0;
    }
    let owners = match category {
        Category::SharedFolder => return 0,
        Category::BoxSheet => vec![SheetOwner::Box],
        Category::SharedSheet => vec![SheetOwner::Owned(Owner::Shared)],
        Category::KeyOperator => vec![SheetOwner::Owned(Owner::KeyOperator)],
        Category::Personal => ["tanaka", "sato"].map(|u| SheetOwner::Owned(personal(u))).to_vec(),
    };
    // Folders to be linked to: (folders, what a person with S only meets, with E in mode off).
    let shared = |password| folder_of(Owner::Shared, password);
    let ko = |password| folder_of(Owner::KeyOperator, password);
    let anothers = folder_of(personal("sato"), FolderPassword::None);
    let [none, due, given] = PASSWORDS;
    let links: [(Vec<Folder>, &str, &str); 7] = [
        (vec![], NO, NO),
        (vec![anothers.clone()], NO, NO),
        (vec![ko(none)], "allow", NO),
        (vec![ko(due)], PASSWORD, NO),
        (vec![ko(given), anothers], "allow", NO),
        (vec![shared(none)], "-", "allow"),
        (vec![shared(due), shared(given)], "-", "allow"),
    ];
    let settings = AccessSettings::default();
    let mut walked = 0;
    for who in people(column) {
        for owner in &owners {
            for (linked_to, with_store, with_edit) in &links {
                let sheet = Sheet { owner: owner.clone(), linked_to };
                let own = *owner == SheetOwner::Owned(personal("tanaka"));
                let expected = match mark {
                    "y" => "allow",
                    "n" => NO,
                    "y4" => {
                        if own {
                            "allow"
                        } else {
                            NO
                        }
                    }
                    "y1" => *with_edit,
                    "n3" if *with_store == "-" => match column {
                        // A shared folder grants S to the unidentified only (S30-7-08).
                        Column::Unidentified => "allow",
                        _ => NO,
                    },
                    "n3" => *with_store,
                    other => panic!("the test knows no mark {other} of a sheet"),
                };
                for action in sheet_actions(right) {
                    check(row, &who, Action::Sheet(&sheet, *action), &settings, expected);
                    walked += 1;
                }
            }
        }
    }
    walked
}

/// S30-7-01 to S30-7-10.
#[test]
fn the_data_and_the_decisions_are_what_the_table_says() {
    let (mut walked, mut read) = (0, 0);
    for (row, category, column, right, mark) in marks() {
        let name = match cell(column, category, right) {
            Cell::Yes => "y",
            Cell::No => "n",
            Cell::NotApplicable => "-",
            Cell::WithEdit => "y1",
            Cell::WithPassword => "y2",
            Cell::Linked => "n3",
            Cell::Own => "y4",
            Cell::Unauthenticated => "t2",
        };
        assert_eq!(name, mark, "{row} {column:?} {right:?}");
        read += 1;
        // S is a folder's right and R a sheet's, also where a row holds both things.
        if mark != "-" {
            walked += walk_folders(&row, category, column, right, &mark);
            walked += walk_sheets(&row, category, column, right, &mark);
        }
    }
    assert_eq!(read, 150);
    assert!(walked > 5_000, "{walked} decisions");
}

/// C of S30-7-01, 03, 04, 06 to 10: whose a new thing is, and whether it may be made.
#[test]
fn a_new_thing_belongs_to_who_made_it_and_who_owns_nothing_makes_nothing() {
    let open = folder_of(Owner::Shared, FolderPassword::None);
    let closed = folder_of(Owner::Shared, FolderPassword::Due);
    let own = folder_of(personal("tanaka"), FolderPassword::Due);
    let nothing = "panel: owns-nothing";
    let shared = Some(SheetOwner::Owned(Owner::Shared));
    let ko = Some(SheetOwner::Owned(Owner::KeyOperator));
    let mine = Some(SheetOwner::Owned(personal("tanaka")));
    let mut rows = vec![
        ("S30-7-01", Column::Off, Some(&open), Some(SheetOwner::Box), "allow"),
        ("S30-7-01", Column::Off, Some(&closed), Some(SheetOwner::Box), PASSWORD),
        ("S30-7-01", Column::Off, Some(&own), Some(SheetOwner::Box), NO),
        ("S30-7-02", Column::Off, None, shared.clone(), NO),
        ("S30-7-04", Column::OffKo, None, ko.clone(), "allow"),
        ("S30-7-06", Column::Outsider, Some(&open), None, nothing),
        ("S30-7-07", Column::Outsider, None, None, nothing),
        ("S30-7-07", Column::Unidentified, None, shared.clone(), "allow"),
        ("S30-7-07", Column::Unidentified, Some(&open), shared, "allow"),
        ("S30-7-09", Column::Ko, None, ko, "allow"),
        ("S30-7-10", Column::Identified, None, mine.clone(), "allow"),
        ("S30-7-10", Column::Identified, Some(&own), mine, "allow"),
    ];
    let settings = AccessSettings::default();
    for (row, column, folder, owner, expected) in rows.drain(..) {
        for who in people(column) {
            assert_eq!(SheetOwner::of_new_sheet(&who, folder.is_some()), owner, "{row} {who:?}");
            check(row, &who, Action::MakeSheet(folder), &settings, expected);
        }
    }
    let folders = [
        ("S30-7-03", Column::Off, Some(Owner::Shared), "allow"),
        ("S30-7-04", Column::OffKo, Some(Owner::KeyOperator), "allow"),
        ("S30-7-08", Column::Outsider, None, nothing),
        ("S30-7-08", Column::Unidentified, Some(Owner::Shared), "allow"),
        ("S30-7-09", Column::Ko, Some(Owner::KeyOperator), "allow"),
        ("S30-7-10", Column::Identified, Some(personal("tanaka")), "allow"),
    ];
    for (row, column, owner, expected) in folders {
        for who in people(column) {
            assert_eq!(Owner::of_new_folder(&who), owner, "{row} {who:?}");
            check(row, &who, Action::OpenFolder, &settings, expected);
        }
    }
}

#[test]
fn copying_and_linking_need_a_right_on_both_sides() {
    let settings = AccessSettings::default();
    let [none, due, _] = PASSWORDS;
    let open = folder_of(Owner::Shared, none);
    let closed = folder_of(Owner::Shared, due);
    let ko_folder = folder_of(Owner::KeyOperator, none);
    let own = folder_of(personal("tanaka"), due);
    let shared = Sheet { owner: SheetOwner::Owned(Owner::Shared), linked_to: &[] };
    let ko = Sheet { owner: SheetOwner::Owned(Owner::KeyOperator), linked_to: &[] };
    let anothers = Sheet { owner: SheetOwner::Owned(personal("sato")), linked_to: &[] };
    let rows = [
        // R on the sheet, C on what the copy will be.
        ("R and C", rig::user("local"), &ko, SheetAction::Copy(None), "allow"),
        ("no R", rig::user("local"), &anothers, SheetAction::Copy(None), NO),
        ("no C", rig::nobody("off"), &shared, SheetAction::Copy(None), NO),
        ("R and C", rig::nobody("off"), &shared, SheetAction::Copy(Some(&open)), "allow"),
        ("no E", rig::nobody("off"), &shared, SheetAction::Copy(Some(&closed)), PASSWORD),
        (
            "copy of another's",
            rig::key_operator("local"),
            &anothers,
            SheetAction::Copy(None),
            "allow",
        ),
        // R on the sheet, E on the folder.
        ("R and E", rig::user("local"), &ko, SheetAction::Link(&own), "allow"),
        ("no R", rig::user("local"), &anothers, SheetAction::Link(&own), NO),
        ("no E", rig::user("local"), &ko, SheetAction::Link(&ko_folder), NO),
        ("E with password", rig::nobody("off"), &ko, SheetAction::Link(&closed), PASSWORD),
        ("R and E", rig::nobody("off"), &ko, SheetAction::Link(&open), "allow"),
        ("KO", rig::key_operator("local"), &anothers, SheetAction::Link(&closed), "allow"),
    ];
    for (row, who, sheet, action, expected) in &rows {
        check(row, who, Action::Sheet(sheet, *action), &settings, expected);
    }
    // S deletes documents, not folders.
    let who = rig::user("local");
    let delete = Action::Folder(&ko_folder, FolderAction::DeleteDocument);
    check("S", &who, delete, &settings, "allow");
    check("not E", &who, Action::Folder(&ko_folder, FolderAction::Delete), &settings, NO);
}

#[test]
fn added_administrators_have_the_sheets_and_not_the_folders_of_others() {
    let settings = AccessSettings::default();
    let who = rig::administrator("local");
    let none = FolderPassword::None;
    let folders = [
        (personal("suzuki"), "allow"),
        (personal("tanaka"), NO),
        (Owner::Shared, NO),
        (Owner::KeyOperator, "allow"),
    ];
    for (owner, expected) in folders {
        let folder = folder_of(owner, none);
        for action in FOLDER_STORE {
            check("S40 1", &who, Action::Folder(&folder, action), &settings, expected);
        }
    }
    for owner in [Owner::Shared, Owner::KeyOperator, personal("tanaka"), personal("suzuki")] {
        let sheet = Sheet { owner: SheetOwner::Owned(owner), linked_to: &[] };
        check("R", &who, Action::Sheet(&sheet, SheetAction::Run), &settings, "allow");
        check("E", &who, Action::Sheet(&sheet, SheetAction::Delete), &settings, "allow");
    }
    assert_eq!(Owner::of_new_folder(&who), Some(personal("suzuki")));
    let sheet = SheetOwner::of_new_sheet(&who, false);
    assert_eq!(sheet, Some(SheetOwner::Owned(Owner::KeyOperator)));
}

#[test]
fn linked_sheets_run_by_themselves_whoever_is_signed_in_and_whatever_is_locked() {
    let settings = rig::settings(json!({"locked-areas": ["all-services"]}));
    let folders = [folder_of(personal("sato"), FolderPassword::Due)];
    for column in OFF.into_iter().chain(ON) {
        for who in people(column) {
            for owner in [SheetOwner::Box, SheetOwner::Owned(personal("sato"))] {
                let linked = Sheet { owner: owner.clone(), linked_to: &folders };
                let alone = Sheet { owner, linked_to: &[] };
                let run = |sheet| {
                    said(decide(&who, Action::Sheet(sheet, SheetAction::RunByItself), &settings))
                };
                assert_eq!(run(&linked), "allow", "{who:?}");
                assert_eq!(run(&alone), NO, "{who:?}");
            }
        }
    }
}

#[test]
fn who_is_not_signed_in_never_reads_a_sheet_through_its_folder() {
    let settings = AccessSettings::default();
    let folders = [folder_of(Owner::KeyOperator, FolderPassword::None)];
    for owner in [SheetOwner::Box, SheetOwner::Owned(personal("sato"))] {
        let sheet = Sheet { owner, linked_to: &folders };
        for who in people(Column::Outsider) {
            let decision = decide(&who, Action::Sheet(&sheet, SheetAction::Run), &settings);
            assert!(matches!(decision, Decision::Deny { .. }), "{who:?}");
        }
    }
}
