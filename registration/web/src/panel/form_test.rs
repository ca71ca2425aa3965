//! What stands on the pages with something to type.

use std::collections::BTreeSet;

use kazasu_registration::{ErrorCode, Field, OwnRecord, Rule, SignInAs, Source, Unit};

use super::*;

/// Ids of the text fields on a page.
const TEXT_FIELDS: [&str; 6] =
    ["user-id", "password", "password-again", "current-password", "name", "mail"];

#[test]
fn a_problem_stands_beside_its_field_and_nothing_typed_is_lost() {
    let length = Rule::Length { min: 4, max: 12, unit: Unit::Characters };
    let signs_in = |problem| sign_in(SignInAs::User, true, problem);
    let new = |problem| Page::NewPassword { min: 4, max: 12, problem };
    let both: &[&str] = &["user-id=taro", "password"];
    let one: &[&str] = &["password"];
    let twice: &[&str] = &["password", "password-again"];
    let all: &[&str] = &[
        "name=A &amp; B &lt;i&gt;",
        "mail=taro@example.org",
        "current-password",
        "password",
        "password-again",
    ];
    // Page, its fields with what stands in them, then which is marked and which has the focus.
    let rows = [
        (register("", None), &["user-id=", "password"][..], None, "user-id"),
        (register("taro", None), both, None, "password"),
        (
            register("ta\"ro", of_field(Field::UserId, Rule::Forbidden('"'))),
            &["user-id=ta&quot;ro", "password"],
            Some("user-id"),
            "user-id",
        ),
        (
            register("taro", of_field(Field::Password, Rule::PrintableAscii)),
            both,
            Some("password"),
            "password",
        ),
        (register("taro", code(ErrorCode::WrongCredentials)), both, None, "password"),
        (signs_in(None), both, None, "password"),
        (signs_in(of_field(Field::UserId, Rule::OnlySpaces)), both, Some("user-id"), "user-id"),
        (sign_in(SignInAs::User, false, None), &["user-id=taro"], None, "user-id"),
        (sign_in(SignInAs::Guest, true, None), one, None, "password"),
        (Page::AskPassword { problem: None }, one, None, "password"),
        (
            Page::EngineerPassword { problem: of_field(Field::Password, Rule::PrintableAscii) },
            one,
            Some("password"),
            "password",
        ),
        (new(None), twice, None, "password"),
        (new(of_field(Field::Password, length)), twice, Some("password"), "password"),
        (own(None), all, None, "name"),
        (own(of_field(Field::UserName, Rule::OnlySpaces)), all, Some("name"), "name"),
        (own(of_field(Field::Mail, Rule::PrintableAscii)), all, Some("mail"), "mail"),
        (own(of_field(Field::Password, length)), all, Some("password"), "password"),
        (own(code(ErrorCode::PasswordsDiffer)), all, None, "password"),
        (own(code(ErrorCode::CurrentPasswordWrong)), all, None, "current-password"),
    ];
    for (page, fields, marked, focused) in rows {
        for lang in Lang::ALL {
            let html = html(page.clone(), lang, LOOK);
            let mut found = BTreeSet::new();
            for id in TEXT_FIELDS {
                let Some(input) = tag(&html, id) else { continue };
                let invalid = format!("aria-invalid=\"{}\"", marked == Some(id));
                assert!(input.contains(&invalid), "{page:?} {id}: {input}");
                assert!(input.contains(&format!("{id}-broken")), "{page:?} {id}: {input}");
                assert_eq!(input.contains("data-focus"), focused == id, "{page:?} {id}: {input}");
                let secret = id.contains("password");
                assert_eq!(input.contains("type=\"password\""), secret, "{page:?} {id}: {input}");
                let value = input.split_once(" value=\"").map(|(_, rest)| rest.split('"').next());
                assert_eq!(value.is_none(), secret, "no password comes back: {input}");
                found.insert(match value {
                    Some(value) => format!("{id}={}", value.unwrap()),
                    None => id.to_owned(),
                });
                let broken = html.split(&format!("id=\"{id}-broken\"")).nth(1).unwrap();
                let broken = broken.split_once('>').unwrap().1;
                assert_eq!(!broken.starts_with("</p>"), marked == Some(id), "{page:?} {id}");
            }
            let fields: BTreeSet<_> = fields.iter().map(|field| (*field).to_owned()).collect();
            assert_eq!(found, fields, "{page:?}");
        }
    }
}

#[test]
fn the_length_of_a_new_password_is_told_before_it_is_typed() {
    for lang in Lang::ALL {
        let html = html(Page::NewPassword { min: 9, max: 63, problem: None }, lang, LOOK);
        let rule = html.split("id=\"password-rule\"").nth(1).unwrap();
        let rule = rule.split("</p>").next().unwrap();
        assert!(rule.contains('9') && rule.contains("63"), "{rule}");
    }
}

#[test]
fn the_source_is_asked_only_where_there_is_a_choice() {
    let only = html(register("", None), Lang::En, LOOK);
    assert!(!only.contains("data-source"), "{only}");
    assert!(only.contains("type=\"hidden\" name=\"source\" value=\"device\""), "{only}");
    for chosen in [Source::Device, Source::Directory] {
        let html = html(choosing(chosen), Lang::En, LOOK);
        for source in [Source::Device, Source::Directory] {
            let radio = tag(&html, &format!("source-{}", source.as_str())).unwrap();
            assert!(radio.contains(&format!("data-source=\"{}\"", source.as_str())), "{radio}");
            assert_eq!(radio.contains(" checked"), source == chosen, "{radio}");
        }
        let first = html.find("data-source=\"directory\"").unwrap();
        assert!(first < html.find("data-source=\"device\"").unwrap(), "the order of the view");
    }
}

#[test]
fn a_record_offers_what_may_be_changed() {
    let all = OwnRecord { mail: String::new(), ..record() };
    // What may be changed, and the ids that are there and that are not.
    let rows: [(OwnRecord, &[&str], &[&str]); 6] = [
        (
            all.clone(),
            &["own-id", "name", "mail", "change-password", "unlink", "submit", "reset", "cancel"],
            &[],
        ),
        (OwnRecord { may_name: false, ..all.clone() }, &["mail"], &["name"]),
        (OwnRecord { may_mail: false, ..all.clone() }, &["name"], &["mail"]),
        (
            OwnRecord { may_password: false, ..all.clone() },
            &["name"],
            &["change-password", "current-password", "password", "password-again"],
        ),
        (
            OwnRecord { has_password: false, ..all.clone() },
            &["password", "password-again", "show-password"],
            &["current-password"],
        ),
        (OwnRecord { may_unlink: false, ..all }, &["name"], &["unlink", "unlink-card"]),
    ];
    for (record, there, absent) in rows {
        let html = html(Page::OwnRecord { record: record.clone(), problem: None }, Lang::En, LOOK);
        for id in there {
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}: {record:?}");
        }
        for id in absent {
            assert!(tag(&html, id).is_none(), "{id}: {record:?}");
        }
    }
    // Unlinking is asked for twice: its button is folded away, and in a form of its own.
    let html = html(own(None), Lang::En, LOOK);
    let before = html.split("id=\"unlink\"").next().unwrap();
    let folded = before.rsplit("<details").next().unwrap();
    assert!(folded.contains("id=\"unlink-card\"") && !folded.contains("</details>"), "{folded}");
    assert!(!tag(&html, "unlink-card").unwrap().contains(" open"));
    assert!(tag(&html, "unlink").unwrap().contains("form=\"unlink-form\""));
    assert!(tag(&html, "unlink-form").unwrap().starts_with("form "));
}

#[test]
fn the_password_fields_of_a_record_open_where_one_of_them_is_wrong() {
    let length = Rule::Length { min: 4, max: 12, unit: Unit::Characters };
    let rows = [
        (None, false),
        (of_field(Field::UserName, Rule::OnlySpaces), false),
        (code(ErrorCode::NotOffered), false),
        (of_field(Field::Password, length), true),
        (code(ErrorCode::PasswordTooShort), true),
        (code(ErrorCode::PasswordsDiffer), true),
        (code(ErrorCode::CurrentPasswordWrong), true),
    ];
    for (problem, open) in rows {
        let html = html(own(problem.clone()), Lang::Ja, LOOK);
        let details = tag(&html, "change-password").unwrap();
        assert_eq!(details.contains(" open"), open, "{problem:?}: {details}");
    }
}

/// One field for both: beside the mail address where that needs it, else folded with the new one.
#[test]
fn the_current_password_is_asked_for_once() {
    for (asks_password, may_password, may_mail, beside) in [
        (false, true, true, false),
        (true, true, true, true),
        (true, false, true, true),
        (true, true, false, false),
    ] {
        let record = OwnRecord { asks_password, may_password, may_mail, ..record() };
        let html = html(Page::OwnRecord { record, problem: None }, Lang::En, LOOK);
        assert_eq!(html.matches("name=\"current_password\"").count(), 1);
        let at = |text: &str| html.find(text);
        let folded = at("id=\"change-password\"");
        let current = at("id=\"current-password\"");
        assert_eq!(folded.is_none() || current < folded, beside, "{asks_password} {may_password}");
    }
}
