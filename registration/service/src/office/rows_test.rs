use proptest::prelude::*;

use super::*;
use kazasu_registration::{CardNumber, ListedUser, Settings, UserKey};
use std::time::SystemTime;

use crate::office::export;

fn site() -> Site {
    Site::new(Settings::default()).unwrap()
}

fn parsed(csv: &[u8]) -> Result<Vec<String>, String> {
    match parse(csv, &site()) {
        Ok(users) => Ok(users
            .iter()
            .map(|(line, Imported { user: u, role, limits })| {
                let mail = u.mail.as_ref().map_or("-", |m| m.as_str());
                let password = u.password.as_ref().map_or("-", |p| p.reveal());
                let role = match role {
                    Role::General => "",
                    other => other.as_str(),
                };
                let line = format!("{line} {} {} {mail} {password}", u.id, u.name.as_str());
                format!("{line} {role} {}", limits.to_text()).trim_end().to_owned()
            })
            .collect()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn good_files() {
    let rows: &[(&str, &[&str])] = &[
        ("user_id\n", &[]),
        ("user_id\ntanaka\n", &["2 tanaka tanaka - -"]),
        ("user_id\ntanaka", &["2 tanaka tanaka - -"]),
        ("\u{FEFF}user_id,name\r\ntanaka,田中\r\n", &["2 tanaka 田中 - -"]),
        (
            "password, mail ,name,user_id\n\"a,\"\"b\",t@example.jp,Tanaka,tanaka\n,,,suzuki\n",
            &["2 tanaka Tanaka t@example.jp a,\"b", "3 suzuki suzuki - -"],
        ),
        ("user_id\n\n\ntanaka\n", &["4 tanaka tanaka - -"]),
        ("user_id,password\ntanaka, pw 1 \n", &["2 tanaka tanaka -  pw 1"]),
        // S10-4-08, S10-4-09
        (
            "user_id,role,limits\na,,\nb,administrator,no-copy no-fax\n\
             c,account-administrator,no-print\nd,general,no-scan\n",
            &[
                "2 a a - -",
                "3 b b - - administrator no-copy no-fax",
                "4 c c - - account-administrator no-print",
                "5 d d - -  no-scan",
            ],
        ),
    ];
    for (csv, users) in rows {
        let users = users.iter().map(|&user| user.to_owned()).collect();
        assert_eq!(parsed(csv.as_bytes()), Ok(users), "{csv:?}");
    }
}

#[test]
fn bad_files() {
    let rows: &[(&[u8], &str)] = &[
        (b"", "the header has no column user_id; the first line names the columns"),
        (b"hunter22,bob\n", "the header has no column user_id; the first line names the columns"),
        (b"name\nTanaka\n", "the header has no column user_id; the first line names the columns"),
        (
            b"user_id,card\n",
            "the header has an unknown column \"card\"; known are user_id, name, mail, \
             password, role, limits",
        ),
        (b"user_id,user_id\n", "the header has the column user_id twice"),
        (b"user_id\nok\n\xFF\n", "line 3 is not UTF-8: save the file as \"CSV UTF-8\""),
        (
            b"user_id,name\na\nb,B,x\nc,C\n",
            "line 2: has 1 cells where the header has 2\nline 3: has 3 cells where the header has 2",
        ),
        (
            b"user_id,password\na:b,hunter22\nguest,\nx,hun\nx,\n",
            "line 2: user_id must not contain ':'\nline 3: user_id is reserved, or is the \
             number of a card\nline 4: password must have 4 to 12 characters",
        ),
        (
            b"user_id,name\r\n\r\na,\"A\r\nB\"\r\n\r\nb:,B\r\nc:,C",
            "line 3: name must not contain '\\r'\nline 6: user_id must not contain ':'\n\
             line 7: user_id must not contain ':'",
        ),
        (
            b"user_id,role,limits\na,boss,no-copy\nb,,no-fun\nc:,KO,none\n",
            "line 2: role must be general, administrator or account-administrator\n\
             line 3: limits may hold no-copy, no-fax, no-scan and no-print, with spaces between\n\
             line 4: user_id must not contain ':'\n\
             line 4: role must be general, administrator or account-administrator\n\
             line 4: limits may hold no-copy, no-fax, no-scan and no-print, with spaces between",
        ),
        (b"user_id\nx\ny\nx\n", "line 4: has the user_id of line 2"),
    ];
    for (csv, message) in rows {
        assert_eq!(parsed(csv), Err((*message).to_owned()), "{}", String::from_utf8_lossy(csv));
    }
}

#[test]
fn the_size_of_files_and_lists_is_bounded() {
    let long = vec![b'x'; MAX_BYTES + 1];
    assert_eq!(parse(&long, &site()).err(), Some(ImportError::TooLong { bytes: MAX_BYTES + 1 }));
    let bad = format!("user_id\n{}", "a:b\n".repeat(250));
    match parse(bad.as_bytes(), &site()) {
        Err(ImportError::Lines { bad, more }) => assert_eq!((bad.len(), more), (100, 150)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_message_shows_a_password() {
    let csv =
        "user_id,name,mail,password\na,,,hunter22\u{e9}\nb,,hunter22\u{e9},hunter22hunter22\n";
    let error = parse(csv.as_bytes(), &site()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let csv = "user_id,name,mail,role,limits\na,\"A \"\"B\"\", C\",a@example.jp,administrator,no-fax\n\
               b,\"x\",,,no-copy no-scan no-print\n";
    let listed: Vec<ListedUser> = parse(csv.as_bytes(), &site())
        .unwrap()
        .into_iter()
        .map(|(_, Imported { user, role, limits })| ListedUser {
            key: user.id.into(),
            name: user.name,
            mail: user.mail,
            role,
            limits,
            has_card: false,
            created_at: SystemTime::UNIX_EPOCH,
        })
        .collect();
    let number = CardNumber::from_text("012E4CE100000001").unwrap();
    let leftover = ListedUser { key: UserKey::Provisional(number), ..listed[0].clone() };
    let all = [listed, vec![leftover]].concat();
    let exported = export::csv(&all);
    assert!(!exported.contains("012E4CE1"), "{exported}");
    assert_eq!(parsed(exported.as_bytes()), parsed(csv.as_bytes()));
    assert_eq!(parsed(exported.as_bytes()).unwrap().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_gives_users_or_an_error(
        header in "(user_id|name|mail|password|role|limits|[\\x00-\\xff]|,|\n|\"){0,6}",
        body in prop::collection::vec(any::<u8>(), 0..200),
        cells in "([a-c]|,|\n|\r|\"){0,200}",
    ) {
        for rest in [body.as_slice(), cells.as_bytes()] {
            let csv = [header.as_bytes(), b"\n", rest].concat();
            let lines = u64::try_from(csv.split(|b| *b == b'\n').count()).unwrap();
            match parse(&csv, &site()) {
                Ok(users) => prop_assert!(users.iter().all(|(line, _)| (2..=lines).contains(line))),
                Err(ImportError::Lines { bad, .. }) => {
                    prop_assert!(bad.iter().all(|bad| (2..=lines).contains(&bad.line)));
                }
                Err(_) => {}
            }
        }
    }
}
