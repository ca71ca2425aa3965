//! Names that are sent to a server. Whatever a person typed is escaped here and nowhere else.

use kazasu_registration::UserId;
use ldap3::{dn_escape, ldap_escape, parse_filter};

use crate::config::{BindName, DirectoryConfig};

/// What was typed, without blanks that no directory heeds and the suffix that is ours anyway.
pub(crate) fn meant(typed: &UserId, config: &DirectoryConfig) -> UserId {
    let tidied = typed.tidied();
    let BindName::UpnSuffix(suffix) = &config.bind_name else { return tidied };
    let name = tidied.as_str().rsplit_once('@').filter(|(_, at)| at.eq_ignore_ascii_case(suffix));
    name.and_then(|(name, _)| UserId::typed(name).ok()).unwrap_or(tidied)
}

/// `ID@SUFFIX`; `None` where the ID has an `@` itself: the server would read two suffixes into it.
pub(crate) fn upn(typed: &UserId, suffix: &str) -> Option<String> {
    (!typed.as_str().contains('@')).then(|| format!("{}@{suffix}", typed.as_str()))
}

/// The distinguished name of a template with the ID in the place of `{}`.
pub(crate) fn dn(typed: &UserId, template: &str) -> String {
    template.replacen("{}", &dn_escape(typed.as_str()), 1)
}

/// Whether a distinguished name is written as one below another: without regard to case, and to
/// spaces beside commas.
pub(crate) fn is_below(dn: &str, base: &str) -> bool {
    let parts = |dn: &str| {
        let parts = dn.split(',').map(|part| part.trim().to_lowercase());
        parts.collect::<Vec<_>>()
    };
    let (dn, base) = (parts(dn), parts(base));
    dn.len() > base.len() && dn.ends_with(&base)
}

/// `(attribute=value)`, the value escaped. The attribute comes from the checked configuration.
pub(crate) fn equal(attribute: &str, value: &str) -> String {
    format!("({attribute}={})", ldap_escape(value))
}

/// Both filters hold.
pub(crate) fn both(a: &str, b: &str) -> String {
    format!("(&{a}{b})")
}

pub(crate) fn is_filter(text: &str) -> bool {
    text.starts_with('(') && parse_filter(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below() {
        let check = |dn: &str, expected| {
            assert_eq!(is_below(dn, "OU=People,DC=x"), expected, "{dn}");
        };
        check("uid={},ou=people,dc=x", true);
        check("uid={}, OU=People , dc=x", true);
        check("ou=people,dc=x", false);
        check("uid={},ou=other,dc=x", false);
        check("uid={},dc=x", false);
        check("uid={},ou=more-people,dc=x", false);
    }

    #[test]
    fn nothing_typed_gets_out_of_its_place() {
        let filter = |value: &str, expected: &str| {
            let made = equal("uid", value);
            assert_eq!(made, expected);
            assert!(is_filter(&made), "{made}");
        };
        filter("alice", "(uid=alice)");
        filter("*", "(uid=\\2a)");
        filter("a)(uid=*", "(uid=a\\29\\28uid=\\2a)");
        filter("\\", "(uid=\\5c)");
        filter("a\0", "(uid=a\\00)");

        // A user ID cannot have the signs that matter most; what is left is escaped.
        let id = |text| UserId::stored(text).unwrap();
        let template = "uid={},ou=people,dc=example,dc=test";
        assert_eq!(dn(&id("alice"), template), "uid=alice,ou=people,dc=example,dc=test");
        assert_eq!(dn(&id(" a "), template), "uid=\\20a\\20,ou=people,dc=example,dc=test");
        assert_eq!(upn(&id("alice"), "sim.test").as_deref(), Some("alice@sim.test"));
        assert_eq!(upn(&id("alice@other.test"), "sim.test"), None);
    }

    #[test]
    fn blanks_and_our_own_suffix_are_left_out() {
        let check = |lines: &str, typed: &str, expected: &str| {
            let config = format!("servers = ['x']\nbase_dn = 'dc=x'\n{lines}");
            let config: DirectoryConfig = toml::from_str(&config).unwrap();
            assert_eq!(meant(&UserId::stored(typed).unwrap(), &config).as_str(), expected);
        };
        let upn = "kind = 'active-directory'\nbind_name.upn_suffix = 'sim.test'";
        check(upn, "alice", "alice");
        check(upn, "  alice ", "alice");
        check(upn, "Alice@SIM.test", "Alice");
        check(upn, "alice@other.test", "alice@other.test");
        let dn = "kind = 'ldap'\nbind_name.dn_template = 'uid={}'";
        check(dn, " a   b ", "a b");
        check(dn, "alice@sim.test", "alice@sim.test");
    }
}
