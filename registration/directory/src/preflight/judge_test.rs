use kazasu_texts::Lang;

use super::*;

fn config(lines: &str) -> DirectoryConfig {
    toml::from_str(&format!(
        "kind = 'ldap'\nservers = ['dc1']\nbase_dn = 'dc=x'\nbind_name.dn_template = 'uid={{}}'\n{lines}"
    ))
    .unwrap()
}

/// The words that are not fine, each with its severity.
fn words(findings: &[Finding]) -> Vec<(&'static str, Severity)> {
    let bad = findings.iter().filter(|finding| finding.severity != Severity::Fine);
    for finding in findings {
        let ends = |text: &String| text.ends_with('.') || text.starts_with("chmod");
        assert!(Lang::En.what(&finding.cause).ends_with('.'), "{finding:?}");
        assert!(Lang::En.advice(&finding.cause).iter().all(ends), "{finding:?}");
    }
    bad.map(|finding| (finding.word, finding.severity)).collect()
}

#[test]
fn attributes_are_told_to_be_unfit() {
    use Severity::{Error, Note, Warning};
    let attribute = |max, single, indexed, text| Attribute {
        name: "pager".to_owned(),
        max,
        single,
        indexed,
        text,
    };
    let check = |lines: &str, card: Option<Attribute>, expected: &[(&str, Severity)]| {
        let known = ["uid", "mail"].map(|name| Attribute {
            name: name.to_owned(),
            ..attribute(None, true, Some(true), true)
        });
        let found: Vec<_> = known.into_iter().chain(card).collect();
        let findings = attributes(&config(lines), &CardNumberRule::default(), Some(&found));
        assert_eq!(words(&findings), expected, "{lines} {found:?}");
    };
    let pager = "attributes.card = 'Pager'";
    let keyed = "attributes.card = 'pager'\nkeyed = true";
    check("", None, &[("card-attribute", Note)]);
    check("attributes.mail = 'post'", None, &[("schema", Error), ("card-attribute", Note)]);
    check(pager, None, &[("schema", Error)]);
    check(pager, Some(attribute(Some(64), true, Some(true), true)), &[]);
    check(pager, Some(attribute(None, true, Some(false), true)), &[("card-index", Warning)]);
    check(pager, Some(attribute(None, true, None, true)), &[("card-index", Note)]);
    check(pager, Some(attribute(None, false, Some(true), true)), &[("card-values", Note)]);
    check(pager, Some(attribute(Some(16), true, Some(true), true)), &[("card-length", Error)]);
    check(pager, Some(attribute(Some(20), true, Some(true), true)), &[]);
    check(keyed, Some(attribute(Some(20), true, Some(true), true)), &[("card-length", Error)]);
    check(pager, Some(attribute(None, true, Some(true), false)), &[("card-attribute", Error)]);
    assert_eq!(
        words(&attributes(&config(""), &CardNumberRule::default(), None)),
        [("schema", Note)]
    );
}

#[test]
fn rights_that_are_too_few_or_too_many() {
    use Severity::{Error, Note, Warning};
    let check = |lines: &str, known: Rights, expected: &[(&str, Severity)]| {
        let findings = rights(
            &config(&format!("attributes.card = 'pager'\n{lines}")),
            &CardNumberRule::default(),
            known,
        );
        assert_eq!(words(&findings), expected, "{lines} {known:?}");
        findings
    };
    let all =
        Rights { writes_own: Some(true), reads_others: Some(false), service_writes: Some(true) };
    check("", all, &[]);
    check("", Rights::default(), &[("write-own", Note), ("read-others", Note)]);
    check("", Rights { writes_own: Some(false), ..all }, &[("write-own", Error)]);
    check("", Rights { service_writes: Some(false), ..all }, &[("delete", Note)]);
    let open = Rights { reads_others: Some(true), ..all };
    let plain = check("", open, &[("read-others", Warning)]);
    let keyed = check("keyed = true", open, &[("read-others", Warning)]);
    let offers = |findings: &[Finding]| {
        let mut advice = findings.iter().filter_map(|finding| Lang::En.advice(&finding.cause));
        advice.any(|advice| advice.contains("card.number=keyed"))
    };
    assert!(offers(&plain) && !offers(&keyed), "the keyed form is offered where it is not used");
}

#[test]
fn servers_clocks_and_ends() {
    let server = Server { host: "dc1".to_owned(), port: 636 };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let day = Duration::from_secs(24 * 3600);
    let word = |finding: Finding| (finding.word, finding.severity);
    let ends = |until| word(certificate(&server, until, now));
    assert_eq!(ends(Some(now + 31 * day)), ("certificate", Severity::Fine));
    assert_eq!(ends(Some(now + 29 * day)), ("certificate", Severity::Warning));
    assert_eq!(ends(None), ("certificate", Severity::Fine));
    let minute = Duration::from_secs(60);
    assert_eq!(clock(&server, None, now), None);
    assert_eq!(
        clock(&server, Some(now + 4 * minute), now).map(word),
        Some(("clock", Severity::Fine))
    );
    assert_eq!(
        clock(&server, Some(now - 6 * minute), now).map(word),
        Some(("clock", Severity::Warning))
    );
    assert_eq!(unreachable(&server, Fault::Unresolved).word, "name");
    assert_eq!(unreachable(&server, Fault::Refused).word, "connection");
}
