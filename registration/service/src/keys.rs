use std::fmt;

use kazasu_registration::NumberKey;

/// The port to where the key of the keyed card numbers is kept.
pub trait Keys: fmt::Debug + Send + Sync + 'static {
    /// The key, made where there is none. It is kept before this returns: numbers are made with it.
    ///
    /// # Errors
    /// [`KeyError`].
    fn number_key_or_new(&self) -> Result<NumberKey, KeyError>;

    /// Where it is, for whoever is to keep a copy.
    fn place(&self) -> String;
}

/// Why there is no key; says what and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub String);

/// No place for a key: the keyed card number form cannot be chosen.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn number_key_or_new(&self) -> Result<NumberKey, KeyError> {
        Err(KeyError(
            "there is no place where the key of the card numbers could be kept".to_owned(),
        ))
    }

    fn place(&self) -> String {
        "of the card numbers".to_owned()
    }
}
