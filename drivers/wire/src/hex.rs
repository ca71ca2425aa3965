//! How bytes stand in serialised messages: hex in upper case.

use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

fn parse<E: Error>(text: &str) -> Result<Vec<u8>, E> {
    let digits = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<Vec<u8>>>();
    let pairs = digits.as_ref().map(|digits| digits.as_chunks::<2>());
    match pairs {
        Some((pairs, [])) => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err(E::custom("expected an even number of hex digits")),
    }
}

fn parse_as<T: TryFrom<Vec<u8>>, E: Error>(text: &str) -> Result<T, E> {
    parse(text)?.try_into().map_err(|_| E::custom("wrong number of bytes"))
}

/// Byte strings and arrays.
pub(crate) mod bytes {
    use super::{Deserialize, Deserializer, Hex, Serializer, String, Vec, parse_as};

    pub(crate) fn serialize<S: Serializer>(
        bytes: &impl AsRef<[u8]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(bytes.as_ref()))
    }

    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        parse_as(&String::deserialize(deserializer)?)
    }
}

/// Arrays that may be absent.
pub(crate) mod option {
    use super::{Deserialize, Deserializer, Hex, Serializer, String, Vec, parse_as};

    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<impl AsRef<[u8]>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.collect_str(&Hex(bytes.as_ref())),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| parse_as(&text)).transpose()
    }
}

/// Codes of two bytes, written as the number they are.
pub(crate) mod word {
    use super::{Deserialize, Deserializer, Hex, Serializer, String, parse_as};

    pub(crate) fn serialize<S: Serializer>(word: &u16, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(&word.to_be_bytes()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
        parse_as(&String::deserialize(deserializer)?).map(u16::from_be_bytes)
    }
}

/// Lists of them.
pub(crate) mod words {
    use super::{Deserialize, Deserializer, Serializer, String, Vec, Write, parse_as};

    pub(crate) fn serialize<S: Serializer>(
        words: &[u16],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words.iter().map(|word| {
            let mut text = String::new();
            // Writing to a string does not fail.
            let _ = write!(text, "{word:04X}");
            text
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u16>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| parse_as(text).map(u16::from_be_bytes)).collect()
    }
}

impl Serialize for crate::Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for crate::Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bytes::deserialize(deserializer).map(Self)
    }
}

impl Serialize for crate::iso14443a::Uid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(self.as_bytes()))
    }
}

impl<'de> Deserialize<'de> for crate::iso14443a::Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: Vec<u8> = parse(&String::deserialize(deserializer)?)?;
        Self::new(&bytes).ok_or_else(|| D::Error::custom("a UID has 4, 7 or 10 bytes"))
    }
}
