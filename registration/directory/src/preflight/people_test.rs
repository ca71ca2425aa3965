use kazasu_texts::Lang;
use ldap3::SearchEntry;

use super::*;

fn config(lines: &str) -> DirectoryConfig {
    toml::from_str(&format!(
        "kind = 'ldap'\nservers = ['dc1']\nbase_dn = 'dc=x'\nbind_name.dn_template = 'uid={{}}'\n\
         attributes.card = 'pager'\n{lines}"
    ))
    .unwrap()
}

/// What is told of people with these user IDs, names and card values.
fn told(lines: &str, rule: &str, people: &[(&str, &str, &[&str])]) -> Vec<Finding> {
    let (config, rule) = (config(lines), rule.parse().unwrap());
    let mut seen = People { all: true, ..People::default() };
    for (id, name, cards) in people {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let attributes =
            [("uid", texts(&[id])), ("displayName", texts(&[name])), ("pager", texts(cards))];
        let attrs = attributes.map(|(name, values)| (name.to_owned(), values)).into();
        let entry = SearchEntry { dn: format!("uid={id}"), attrs, bin_attrs: HashMap::new() };
        seen.see(&entry.into(), &config, &rule);
    }
    let findings = seen.judge(&config, &rule);
    for Finding { cause, .. } in &findings {
        for text in
            [Some(Lang::En.what(cause).into_owned()), Lang::En.advice(cause)].iter().flatten()
        {
            assert!(text.ends_with('.') && !text.contains("4711"), "{text}");
        }
    }
    findings
}

/// Words and severities of what is not fine, with whom it is about.
fn check(rule: &str, people: &[(&str, &str, &[&str])], expected: &[(&str, Severity, &str)]) {
    let findings = told("", rule, people);
    let bad: Vec<_> = findings.iter().filter(|f| f.severity > Severity::Fine).collect();
    let words: Vec<_> = bad.iter().map(|f| (f.word, f.severity)).collect();
    let wanted: Vec<_> = expected.iter().map(|(word, severity, _)| (*word, *severity)).collect();
    assert_eq!(words, wanted, "{people:?} {findings:#?}");
    for (finding, (_, _, whom)) in bad.iter().zip(expected) {
        let told = Lang::En.what(&finding.cause);
        assert!(told.contains(whom), "{whom} in {told}");
    }
}

#[test]
fn what_an_old_directory_holds_is_named_with_whose_it_is() {
    use Severity::{Error, Note, Warning};
    let (hex, a, b) = ("digits=hex", "012E4CE1000000A1", "012E4CE1000000A2");
    check(hex, &[("alice", "Alice", &[a]), ("bob", "Bob", &[b]), ("carol", "", &[])], &[]);
    check(
        hex,
        &[("alice", "A", &[a]), ("bob", "B", &["012e4ce1000000a1 "])],
        &[("duplicates", Error, "those of alice, bob.")],
    );
    // In whatever order the directory gives them.
    let shared: &[&str] = &[a];
    let many = ["g", "b", "f", "a", "e", "c", "d"].map(|id| (id, "A", shared));
    check(hex, &many, &[("duplicates", Error, "those of a, b, c, d, e and others.")]);
    // One person who has it twice is no second one.
    check(hex, &[("alice", "A", &[a, "012e4ce1000000a1"])], &[]);
    let phones: &[(&str, &str, &[&str])] = &[
        ("alice", "A", &["090-1234-4711"]),
        ("bob", "B", &["0312344711", "ext. 4711"]),
        ("carol", "C", &[a]),
    ];
    check(hex, phones, &[("foreign", Warning, "3 values of pager")]);
    check(hex, phones, &[("foreign", Warning, "alice, bob and others.")]);
    // What is a number under one rule is none under another.
    check("digits=decimal", &[("alice", "A", &[a])], &[("foreign", Warning, "those of alice.")]);
    check("keyed", &[("alice", "A", &[a])], &[("foreign", Warning, "the rule keyed makes none")]);
    let many: Vec<String> = (0..9).map(|n| format!("p{n}")).collect();
    let many: Vec<(&str, &str, &[&str])> =
        many.iter().map(|id| (id.as_str(), "", &["ext. 4711"] as &[&str])).collect();
    check(hex, &many, &[("foreign", Warning, "9 values of pager")]);
    check(hex, &many, &[("foreign", Warning, "p0, p1, p2, p3, p4 and others.")]);
    // Eight digits are a card's number or a telephone number; when most are, they are the latter.
    check(
        hex,
        &[("alice", "A", &["31234711"]), ("bob", "B", &["0AB00001"])],
        &[("telephones", Warning, "those of alice.")],
    );
    let few: Vec<String> = (0..5).map(|n| format!("0AB0000{n}")).collect();
    let few: Vec<[&str; 1]> = few.iter().map(|card| [card.as_str()]).collect();
    let mut few: Vec<(&str, &str, &[&str])> = few.iter().map(|c| (c[0], "", &c[..])).collect();
    few.push(("alice", "A", &["31234711"]));
    check(hex, &few, &[]);
    check("digits=decimal", &[("alice", "A", &["31234711"])], &[]);

    check(
        hex,
        &[("müller", "Müller", &[]), ("a=b", "", &[]), ("alice", "Müller", &[])],
        &[("user-ids", Warning, "2 people have a user ID in uid")],
    );
    check(
        hex,
        &[
            ("tanaka", "", &[]),
            ("ｔａｎａｋａ", "", &[]),
            (" Tanaka", "", &[]),
            ("suzuki", "", &[]),
        ],
        &[("user-ids", Error, "3 people have a user ID in uid")],
    );
    check(hex, &[("", "", &[])], &[("user-ids", Warning, "uid=.")]);
    check(hex, &[("a\u{1b}[2J", "", &[])], &[("user-ids", Warning, "(122): a?[2J.")]);
    check(
        hex,
        &[
            ("alice", "株式会社例 営業部 田中太郎", &[]),
            ("bob", "Christopher Bartholomew-Montgomery", &[]),
            ("carol", "01234567890123456789012345678901", &[]),
        ],
        &[("names", Note, "2 people have a displayName of more than 32 bytes")],
    );
    check(hex, &[("alice", "a\nb", &[])], &[("names", Warning, "(301): alice.")]);
}

#[test]
fn what_becomes_of_values_that_are_no_cards_is_told() {
    let people: &[(&str, &str, &[&str])] = &[("alice", "A", &["ext. 4711"])];
    let sentence = |lines| {
        let findings = told(lines, "digits=hex", people);
        Lang::En.what(&findings.into_iter().find(|f| f.word == "foreign").unwrap().cause)
    };
    assert!(sentence("").contains("They stay"));
    assert!(sentence("replace = 'anything'").contains("They are lost"));
}
