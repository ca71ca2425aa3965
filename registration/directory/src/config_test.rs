use super::*;

const LEAST: &str = "kind = 'ldap'\nservers = ['dc1']\nbase_dn = 'dc=x'\n\
                     bind_name.dn_template = 'uid={},dc=x'\n";

/// Checks a section; `expected` is how it is refused, empty where it is not.
fn check(section: &str, expected: &str) {
    let found = match toml::from_str::<DirectoryConfig>(section) {
        Ok(config) => config.check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    };
    assert!(
        found.contains(expected) && found.is_empty() == expected.is_empty(),
        "{section}\n{found}"
    );
}

/// The least section with a line replaced or added.
fn with(line: &str) -> String {
    let key = line.split([' ', '.']).next().unwrap();
    let kept = LEAST.lines().filter(|kept| !kept.starts_with(key));
    kept.chain([line]).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_a_section_can_be() {
    check(LEAST, "");
    check("", "missing field");
    check(&with("servers = []"), "directory.servers: 1 to 8 servers");
    check(&with("servers = ['1','2','3','4','5','6','7','8','9']"), "1 to 8 servers");
    check(&with("servers = ['ldaps://dc1']"), "without ldap://");
    check(&with("base_dn = ' '"), "directory.base_dn");
    check(&with("base_dn = \"dc=x\\u0000\""), "directory.base_dn");
    check(&with("bind_name.dn_template = 'uid=x'"), "{} once");
    check(&with("bind_name.dn_template = 'uid={},cn={}'"), "{} once");
    check(&with("bind_name.dn_template = 'uid={},dc=y'"), "ends with base_dn");
    check(&with("bind_name.upn_suffix = 'x.test'"), "is for active-directory");
    check(&with("bind_name.search_attribute = 'uid'"), "needs an account that searches");
    check(&with("bind_name.search_attribute = 'u)(id'"), "an attribute's name");
    check(&with("tls = 'off'"), "unknown variant `off`");
    check(&with("verify = false"), "unknown field `verify`");
    check(&with("attributes.card = 'a*'"), "directory.attributes.card: an attribute's name");
    check(&with("attributes.card = 'UID'"), "an attribute of its own");
    check(&with("person_filter = 'uid=*)'"), "directory.person_filter");
    check(&with("person_filter = '(uid=*'"), "directory.person_filter");
    check(&with("person_filter = '(uid=*)'"), "");
    check(&with("groups.device = ''"), "directory.groups.device");
    let features = |group: &str, allow: &str, times| {
        let one = format!("{{ group = '{group}', allow = [{allow}] }},");
        with(&format!("groups.features = [{}]", one.repeat(times)))
    };
    check(&features("cn=a", "'copy', 'scan'", 32), "");
    check(&features("cn=a", "", 1), "");
    check(&features("cn=a", "'copy'", 33), "directory.groups.features: at most 32");
    check(&features("", "'copy'", 1), "directory.groups.features: the distinguished name");
    check(&features("cn=a", "'colour'", 1), "\"copy\", \"fax\", \"scan\", \"print\"");
    check(&with("connect_timeout_ms = 0"), "100 to 30000");
    check(&with("answer_timeout_ms = 30001"), "100 to 30000");
    check(&with("max_connections = 0"), "1 to 64");
    let windows = "kind = 'active-directory'\nservers = ['dc1', 'dc2:3269']\nbase_dn = 'DC=x'\n\
                   tls = 'starttls'\nbind_name.upn_suffix = 'x.test'\n";
    check(windows, "");
    check(&windows.replace("x.test", "@x.test"), "what stands behind the @");
    // All that is wrong is told at once.
    let two = with("servers = []\nmax_connections = 0");
    assert_eq!(toml::from_str::<DirectoryConfig>(&two).unwrap().check().len(), 2);
}

#[test]
fn defaults_fit_the_kind() {
    let config: DirectoryConfig = toml::from_str(LEAST).unwrap();
    assert_eq!((config.user_id(), config.key()), ("uid", "entryUUID"));
    let config: DirectoryConfig =
        toml::from_str(&LEAST.replace("'ldap'", "'active-directory'")).unwrap();
    assert_eq!((config.user_id(), config.key()), ("sAMAccountName", "objectGUID"));
    assert_eq!((config.name(), config.mail(), config.card()), ("displayName", "mail", None));
    assert!(config.enabled && !config.keyed && config.replace == Replace::CardNumbers);
}

/// The example as it stands, and with every line in use that it comments out.
#[test]
fn the_example_is_a_section() {
    #[derive(serde::Deserialize)]
    struct File {
        directory: DirectoryConfig,
    }
    let example = include_str!("../example.toml");
    let is_setting = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let lines = example.lines().map(|line| match line.strip_prefix("# ") {
        // The other ways to bind exclude the first.
        Some(line) if line.starts_with("bind_name") => "",
        Some(line) if is_setting(line) => line,
        _ => line,
    });
    let all: Vec<&str> = lines.collect();
    for text in [example.to_owned(), all.join("\n")] {
        let file: File = toml::from_str(&text).unwrap();
        assert_eq!(file.directory.check(), [], "{text}");
    }
    let file: File = toml::from_str(&all.join("\n")).unwrap();
    assert_eq!(file.directory.card(), Some("pager"));
    let features = &file.directory.groups.features;
    assert_eq!(features[0].allow.to_text(), "no-fax");
    assert!(!file.directory.groups.is_empty() && file.directory.service_account.is_some());
}
