use super::*;

fn settings(changes: &[(&str, &str)]) -> Settings {
    // The source that is shown first has to be one of those offered.
    let only = changes.contains(&("registration.sources", "directory"));
    let first = only.then_some(("registration.default-source", "directory"));
    Settings::default().changed(changes.iter().copied().chain(first)).unwrap()
}

/// S10-2-10, S10-4-04.
#[test]
fn a_directory_that_is_named_and_cannot_do_is_told() {
    let check = |changes: &[(&str, &str)], has: Option<bool>, parts: &[&str]| {
        let warnings = of_directory(&settings(changes), has);
        assert_eq!(warnings.len(), parts.len(), "{changes:?} {warnings:?}");
        for (warning, part) in warnings.iter().zip(parts) {
            assert!(warning.contains(part), "{part} in {warning}");
        }
    };
    let long = ("password.max", "63");
    check(&[], Some(false), &[]);
    check(&[("registration.sources", "directory"), long], Some(true), &[]);
    check(&[("registration.sources", "directory"), long], None, &[]);
    for sources in ["directory", "both"] {
        let named = ("registration.sources", sources);
        check(&[named, long], Some(false), &["registration.sources names a directory"]);
        check(&[named], Some(true), &["more than 12 characters are refused (301)"]);
        let both = ["has no [directory]", "more than 12 characters"];
        check(&[named], Some(false), &both);
    }
    let named = ("registration.sources", "directory");
    let secure = [named, ("password.profile", "secure"), long];
    check(&secure, Some(true), &["without letters, digits and signs, those of fewer than 9"]);
    let modern = [named, ("password.profile", "modern")];
    check(&modern, Some(true), &["easily guessed, those of fewer than 15 characters are"]);
    check(&[named, ("password.min", "8"), long], Some(true), &["those of fewer than 8"]);
    check(&[named, ("password.profile", "group")], Some(true), &["more than 12"]);
    // In remote mode no password is kept here.
    check(&[("sign-in.mode", "remote")], Some(true), &[]);
    check(&[("sign-in.mode", "remote")], Some(false), &["sign-in.mode=remote names a directory"]);
}

/// What the warning says to do does it.
#[test]
fn the_command_that_is_told_ends_the_warning() {
    for profile in ["device", "group", "secure", "modern"] {
        let narrow = [("registration.sources", "directory"), ("password.profile", profile)];
        let narrow = settings(&narrow);
        let warning = of_directory(&narrow, Some(true)).remove(0);
        let (_, command) = warning.split_once("kazasu config set ").unwrap();
        let changes = command.split(' ').map(|change| change.split_once('=').unwrap());
        assert!(
            of_directory(&narrow.changed(changes).unwrap(), Some(true)).is_empty(),
            "{warning}"
        );
    }
}

#[test]
fn stored_ids_that_are_not_possible_any_more_are_named_with_what_mends_them() {
    let ids =
        |texts: &[&str]| texts.iter().map(|id| UserId::stored(id).unwrap()).collect::<Vec<_>>();
    let number = CardNumber::from_text("012E4CE100000001").unwrap();
    let check = |texts: &[&str], expected: &[&str]| {
        let warnings =
            of_user_ids(&Settings::default(), &ids(texts), std::slice::from_ref(&number));
        assert_eq!(warnings.len(), expected.len(), "{texts:?} {warnings:?}");
        for (warning, part) in warnings.iter().zip(expected) {
            assert!(warning.contains(part), "{part} in {warning}");
        }
    };
    check(&[], &[]);
    check(&["alice", "b2103456", "o'brien", "tanaka taro", "00123", "123"], &[]);
    let mended = "'tanaka01 ' must not begin or end with a blank: \
                  kazasu user rename 'tanaka01 ' 'tanaka01'";
    check(&["alice", "tanaka01 "], &[mended]);
    check(&[" a  b "], &["kazasu user rename ' a  b ' 'a b'"]);
    check(&["o'b "], &[r"kazasu user rename 'o'\''b ' 'o'\''b'"]);
    check(
        &["Guest"],
        &["is reserved, or is the number of a card: kazasu user rename 'Guest' NEW-ID"],
    );
    check(&["012e4ce100000001"], &["is the number of a card: kazasu user rename"]);
    let same = "'ALICE', 'Alice', 'alice ' are one name";
    check(&["ALICE", "Alice", "alice ", "bob"], &[same]);
    check(
        &["ALICE", "alice "],
        &["kazasu user rename 'ALICE' NEW-ID, or kazasu user rename 'alice ' NEW-ID"],
    );
}
