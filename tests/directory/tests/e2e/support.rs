//! What the tests ask of a directory, in few words.

use std::{fs, path::Path};

use kazasu_directory::{Client, DirectoryConfig};
use kazasu_registration::{CardNumber, CardNumberRule, ErrorCode, TypedPassword, UserId};
use kazasu_service::{Answer, Directory, DirectoryError, Rights, Written};
use zeroize::Zeroizing;

/// A client of this section of a configuration file.
pub(crate) fn client(section: &str) -> Client {
    let config: DirectoryConfig =
        toml::from_str(section).unwrap_or_else(|e| panic!("{e}\n{section}"));
    Client::new(config).unwrap()
}

pub(crate) fn id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(crate) fn password(text: &str) -> TypedPassword {
    TypedPassword::new(Zeroizing::new(text.to_owned())).unwrap()
}

pub(crate) fn number(text: &str) -> CardNumber {
    CardNumber::from_text(text).unwrap()
}

/// The rule of card numbers where nobody set one.
pub(crate) fn hex_rule() -> CardNumberRule {
    CardNumberRule::default()
}

/// What a call came to, in a word that tables can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Right,
    WrongPassword,
    UnknownUser,
    Code(ErrorCode),
}

pub(crate) async fn verify(client: &Client, typed: &str, secret: &str) -> Outcome {
    match client.verify(id(typed), password(secret), hex_rule()).await {
        Ok(Answer::Right(_)) => Outcome::Right,
        Ok(Answer::WrongPassword) => Outcome::WrongPassword,
        Ok(Answer::UnknownUser) => Outcome::UnknownUser,
        Err(error) => Outcome::Code(checked(error, secret)),
    }
}

/// What the groups of somebody with these credentials make of them.
pub(crate) async fn rights(
    client: &Client,
    typed: &str,
    secret: &str,
) -> Result<Rights, ErrorCode> {
    match client.verify(id(typed), password(secret), hex_rule()).await {
        Ok(Answer::Right(person)) => Ok(person.rights),
        Ok(other) => panic!("{typed}: {other:?}"),
        Err(error) => Err(checked(error, secret)),
    }
}

pub(crate) async fn write(
    client: &Client,
    (typed, secret): (&str, &str),
    card: &str,
    replaces: Option<&str>,
) -> Result<Written, ErrorCode> {
    let replaces = replaces.map(number);
    // A number of 32 digits is a keyed one.
    let rule = if card.len() == 32 { CardNumberRule::Keyed } else { hex_rule() };
    let written =
        client.write_card(id(typed), password(secret), number(card), replaces, rule).await;
    written.map_err(|error| checked(error, secret))
}

/// The code of an error that names no secret.
pub(crate) fn checked(error: DirectoryError, secret: &str) -> ErrorCode {
    let shown = format!("{error} {error:?}");
    assert!(secret.is_empty() || !shown.contains(secret), "a password in: {shown}");
    assert!(!shown.contains("012E4C"), "a card number in: {shown}");
    error.code
}

/// Writes a file of the test and gives its path as TOML text.
pub(crate) fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    format!("'{}'", path.display())
}
