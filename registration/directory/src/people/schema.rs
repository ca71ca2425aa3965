//! What a server's schema says about attributes.

use std::sync::atomic::{AtomicBool, Ordering};

use kazasu_registration::ErrorCode;
use kazasu_service::DirectoryError;
use ldap3::Scope;

use crate::{
    config::{DirectoryConfig, Kind},
    fault::{Fault, failed},
    people::{entry::Entry, names},
    wire::connection::{Connection, Query},
};

/// An attribute as the schema has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    /// Longest value, in characters; `None` where the schema sets no bound.
    pub(crate) max: Option<u32>,
    pub(crate) single: bool,
    /// Whether a search for a value is quick; `None` where the server does not tell.
    pub(crate) indexed: Option<bool>,
    /// Whether its values are text.
    pub(crate) text: bool,
}

/// Whether the configured attributes were all found in the schema once.
#[derive(Debug, Default)]
pub(crate) struct KnownAttributes(AtomicBool);

impl KnownAttributes {
    /// Refuses attributes that no entry can have. Asks the server until all are known; a server
    /// that hides its schema is believed.
    pub(crate) async fn check(
        &self,
        connection: &mut Connection,
        config: &DirectoryConfig,
    ) -> Result<(), DirectoryError> {
        if self.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Ok(Some(found)) = describe(connection, config.kind, &in_use(config)).await else {
            return Ok(());
        };
        if let Some((name, code)) = unknown(config, &found) {
            let what = format!("the directory's schema has no attribute {name}");
            return Err(failed(code, what));
        }
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// The attributes that a registration reads and writes.
pub(crate) fn in_use(config: &DirectoryConfig) -> Vec<&str> {
    [config.user_id(), config.mail()].into_iter().chain(config.card()).collect()
}

/// The first configured attribute that is not in the schema, and its error.
pub(crate) fn unknown<'a>(
    config: &'a DirectoryConfig,
    found: &[Attribute],
) -> Option<(&'a str, ErrorCode)> {
    let rows = [
        (Some(config.user_id()), ErrorCode::DirectoryUserIdAttributeUnknown),
        (Some(config.mail()), ErrorCode::DirectoryMailAttributeUnknown),
        (config.card(), ErrorCode::DirectoryCardAttributeUnknown),
    ];
    rows.into_iter()
        .filter_map(|(name, code)| Some((name?, code)))
        .find(|(name, _)| !found.iter().any(|attribute| attribute.name.eq_ignore_ascii_case(name)))
}

/// Reads what the schema says about these attributes; those that it does not have are left out.
/// `None` where the server does not show its schema.
pub(crate) async fn describe(
    connection: &mut Connection,
    kind: Kind,
    wanted: &[&str],
) -> Result<Option<Vec<Attribute>>, Fault> {
    let place = match kind {
        Kind::ActiveDirectory => "schemaNamingContext",
        Kind::Ldap => "subschemaSubentry",
    };
    let root = connection.read("", &[place.to_owned()]).await?;
    let Some(base) = root.as_ref().and_then(|root| root.text(place)) else { return Ok(None) };
    match kind {
        Kind::ActiveDirectory => {
            let any: String = wanted.iter().map(|name| names::equal(NAME, name)).collect();
            let filter = format!("(&(objectClass=attributeSchema)(|{any}))");
            let attributes =
                [NAME, "rangeUpper", "isSingleValued", "searchFlags", "attributeSyntax"];
            let query = Query {
                base,
                scope: Scope::OneLevel,
                filter: &filter,
                attributes: &attributes.map(str::to_owned),
                max: wanted.len(),
            };
            let found = connection.search(query).await?;
            Ok(Some(found.iter().filter_map(active_directory).collect()))
        }
        Kind::Ldap => {
            const TYPES: &str = "attributeTypes";
            let Some(entry) = connection.read(base, &[TYPES.to_owned()]).await? else {
                return Ok(None);
            };
            let definitions = entry.texts(TYPES);
            if definitions.is_empty() {
                return Ok(None);
            }
            Ok(Some(wanted.iter().filter_map(|name| ldap(&definitions, name)).collect()))
        }
    }
}

const NAME: &str = "lDAPDisplayName";

/// An attributeSchema object ([MS-ADTS] section 3.1.1.2.3).
fn active_directory(entry: &Entry) -> Option<Attribute> {
    const INDEXED: u32 = 1;
    /// Printable, IA5, case-ignoring (teletex) and Unicode strings.
    const TEXTS: [&str; 3] = ["2.5.5.5", "2.5.5.4", "2.5.5.12"];
    let flags: u32 = entry.text("searchFlags").and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(Attribute {
        name: entry.text(NAME)?.to_owned(),
        max: entry.text("rangeUpper").and_then(|text| text.parse().ok()),
        single: entry.text("isSingleValued") == Some("TRUE"),
        indexed: Some(flags & INDEXED != 0),
        text: entry.text("attributeSyntax").is_some_and(|syntax| TEXTS.contains(&syntax)),
    })
}

/// An attribute type description (RFC 4512 section 4.1.2), with what it inherits.
pub(crate) fn ldap(definitions: &[&str], name: &str) -> Option<Attribute> {
    /// Directory String, IA5 String, Printable String, Numeric String.
    const TEXTS: [&str; 4] = ["15", "26", "44", "36"];
    const SYNTAXES: &str = "1.3.6.1.4.1.1466.115.121.1.";
    const GENERATIONS_MAX: usize = 8;
    let mut at = definition(definitions, name)?;
    let single = words(at).any(|word| word == "SINGLE-VALUE");
    for _ in 0..GENERATIONS_MAX {
        if let Some(syntax) = word_after(at, "SYNTAX") {
            let (oid, bound) = syntax.split_once('{').unwrap_or((syntax, ""));
            let number = oid.strip_prefix(SYNTAXES).unwrap_or_default();
            return Some(Attribute {
                name: name.to_owned(),
                max: bound.strip_suffix('}').and_then(|bound| bound.parse().ok()),
                single,
                indexed: None,
                text: TEXTS.contains(&number),
            });
        }
        at = definition(definitions, word_after(at, "SUP")?)?;
    }
    None
}

fn definition<'a>(definitions: &[&'a str], name: &str) -> Option<&'a str> {
    definitions.iter().copied().find(|definition| {
        let mut words = words(definition).skip_while(|word| *word != "NAME").skip(1);
        match words.next() {
            Some("(") => words
                .take_while(|word| *word != ")")
                .any(|word| unquoted(word).eq_ignore_ascii_case(name)),
            Some(word) => unquoted(word).eq_ignore_ascii_case(name),
            None => false,
        }
    })
}

/// Words of a description; a text within quotes falls into words too, which harms nobody here.
fn words(definition: &str) -> impl Iterator<Item = &str> {
    definition.split_whitespace()
}

fn word_after<'a>(definition: &'a str, word: &str) -> Option<&'a str> {
    words(definition).skip_while(|w| *w != word).nth(1)
}

fn unquoted(word: &str) -> &str {
    word.trim_matches('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_with_what_they_inherit() {
        let definitions = [
            "( 2.5.4.41 NAME 'name' DESC 'x' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
            "( 2.5.4.3 NAME ( 'cn' 'commonName' ) DESC 'y' SUP name )",
            "( 2.16.840.1.113730.3.1.3 NAME 'employeeNumber' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
            "( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28 )",
            "( 1.2.3 NAME 'loop' SUP loop )",
        ];
        let check = |name: &str, expected: Option<(Option<u32>, bool, bool)>| {
            let found = ldap(&definitions, name);
            assert_eq!(found.map(|a| (a.max, a.single, a.text)), expected, "{name}");
        };
        check("CommonName", Some((Some(32768), false, true)));
        check("employeenumber", Some((None, true, true)));
        check("jpegPhoto", Some((None, false, false)));
        check("loop", None);
        check("pager", None);
    }
}
