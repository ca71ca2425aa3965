//! Why something did not work, or what was found: a word, and what fills the places of its sentence.
//!
//! Rooms report causes. The sentences, and what to do, stand in the catalogue of texts, in each
//! language, and whoever shows them chooses that.

use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::{fmt, iter};

/// One cause: a word of a room's table ([`causes!`](crate::causes)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The fixed word, for scripts and for the catalogue of texts.
    pub word: &'static str,
    /// What fills the places of the sentences, by their names. Never a password or a card number.
    pub places: Vec<(&'static str, Filling)>,
}

/// What fills a place of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filling {
    /// As it stands in every language: a name, a path, a key.
    Text(String),
    /// A number; a sentence may depend on it.
    Number(u64),
    /// The sentence of what is behind.
    Cause(Box<Cause>),
}

/// A row of a room's table: what the catalogue of texts has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CauseRow {
    /// See [`Cause::word`].
    pub word: &'static str,
    /// The names of the places.
    pub places: &'static [&'static str],
}

/// For logs: the word, and what fills the places.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        let marks = [" ("].into_iter().chain(iter::repeat(", "));
        for ((name, filling), mark) in self.places.iter().zip(marks) {
            write!(f, "{mark}{name}: {filling}")?;
        }
        if self.places.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl fmt::Display for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Cause(cause) => write!(f, "{cause}"),
        }
    }
}

impl From<String> for Filling {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Filling {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Cause> for Filling {
    fn from(cause: Cause) -> Self {
        Self::Cause(Box::new(cause))
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Filling {
            fn from(number: $kind) -> Self {
                Self::Number(number.into())
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, bool);

/// More than 2^64 - 1 are told as that many.
impl From<usize> for Filling {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

/// A room's table of causes: a function for each, which takes what fills its places, and `CAUSES`, by
/// which a test holds that each has its sentences in every language.
///
/// ```
/// mod cause {
///     kazasu_hal::causes! {
///         /// Another program has the reader.
///         held(reader, holder) = "example-held";
///     }
/// }
///
/// let cause = cause::held("/dev/ttyUSB0", "nfc-poll");
/// assert_eq!(cause.to_string(), "example-held (reader: /dev/ttyUSB0, holder: nfc-poll)");
/// assert_eq!(cause::CAUSES[0].places, ["reader", "holder"]);
/// ```
#[macro_export]
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident($($place:ident),*) = $word:literal;)*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name($($place: impl Into<$crate::Filling>),*) -> $crate::Cause {
                $crate::Cause { word: $word, places: [$((stringify!($place), $place.into())),*].into() }
            }
        )*

        /// Every cause of this room.
        pub const CAUSES: &[$crate::CauseRow] =
            &[$($crate::CauseRow { word: $word, places: &[$(stringify!($place)),*] }),*];
    };
}
