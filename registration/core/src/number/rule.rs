use std::{fmt, str::FromStr};

use kazasu_hal::{CardId, CardIdentity};
use serde::{Deserialize, Serialize};

use super::{CardNumber, NumberKey};
use crate::Rule;

/// How a site derives the card number from the identity.
///
/// The text form, which settings hold: `keyed`, or parts in any order, of which those that are not
/// set are left out: `cut=FROM+COUNT order=reversed digits=hex|hex-lower|decimal width=N
/// prefix=TEXT`. The prefix is the last, since it goes on to the end of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CardNumberRule {
    /// Readable: whoever knows the card's identifier knows its number.
    Plain(PlainRule),
    /// Not readable without the key ([`NumberKey`]). Nothing else can be set: the number fills the
    /// 32 characters.
    Keyed,
}

/// The parts of a readable number, applied in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainRule {
    /// Which bytes count, as the card sends them; `None` for all.
    ///
    /// Bytes and not digits: older systems kept a field of the identifier (its first four bytes,
    /// three without the manufacturer's), whatever they wrote it down in. A byte means the same in
    /// hex and in decimal; the last digits of a decimal number are no field of anything, and
    /// numbers cut that way are the ones that meet.
    pub(super) cut: Option<Cut>,
    pub(super) reversed: bool,
    pub(super) digits: Digits,
    /// Zeros go before the digits up to this many; 0 for as they are.
    pub(super) width: u8,
    pub(super) prefix: String,
}

/// `count` bytes, the first of which is number `from`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cut {
    pub(super) from: u8,
    pub(super) count: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Digits {
    #[default]
    Hex,
    HexLower,
    Decimal,
}

impl Digits {
    pub(super) const ALL: [Self; 3] = [Self::Hex, Self::HexLower, Self::Decimal];

    fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::HexLower => "hex-lower",
            Self::Decimal => "decimal",
        }
    }
}

/// Why a card has no number under a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The rule cuts out bytes that this card does not have.
    #[error("the rule needs an identifier of {needed} bytes, this card has {len}")]
    Short {
        /// Bytes the rule needs.
        needed: u8,
        /// Bytes the card has.
        len: u8,
    },
    /// What comes out is no card number (S10-4-02).
    #[error("the card number {0}")]
    Broken(Rule),
    /// The rule is the keyed one, and there is no key.
    #[error("the keyed card number needs its key")]
    NoKey,
}

impl CardNumberRule {
    /// The number of a card. The key counts in the keyed form only.
    ///
    /// # Errors
    /// Why there is none.
    pub fn number(
        &self,
        card: &CardIdentity,
        key: Option<&NumberKey>,
    ) -> Result<CardNumber, NumberError> {
        match self {
            Self::Plain(rule) => {
                let bytes = card.id().as_bytes();
                let text = rule.text(bytes).ok_or_else(|| NumberError::Short {
                    needed: rule.cut.map_or(0, Cut::end),
                    len: u8::try_from(bytes.len()).unwrap_or(u8::MAX),
                })?;
                CardNumber::new(&text).map_err(NumberError::Broken)
            }
            Self::Keyed => key.map(|key| key.number(card)).ok_or(NumberError::NoKey),
        }
    }
}

impl CardNumberRule {
    /// The lengths of identifiers, of those that cards have, which are too short for the rule:
    /// such cards have no number, and are refused.
    #[must_use]
    pub fn too_short(&self) -> Vec<u8> {
        let needed = match self {
            Self::Plain(rule) => rule.cut.map_or(0, Cut::end),
            Self::Keyed => 0,
        };
        Self::LENGTHS.into_iter().filter(|len| *len < needed).collect()
    }

    /// Bytes in the identifiers of ISO/IEC 14443 (4, 7, 10) and FeliCa (8).
    pub(super) const LENGTHS: [u8; 4] = [4, 7, 8, 10];
}

impl Default for CardNumberRule {
    /// Upper-case hex of the raw bytes.
    fn default() -> Self {
        Self::Plain(PlainRule::default())
    }
}

impl Cut {
    fn end(self) -> u8 {
        self.from.saturating_add(self.count)
    }
}

impl PlainRule {
    /// What comes out for an identifier, whether it may be a number or not; `None` for one that
    /// is too short to be cut.
    pub(super) fn text(&self, identifier: &[u8]) -> Option<String> {
        let bytes = match self.cut {
            None => identifier,
            Some(cut) => identifier.get(cut.from.into()..cut.end().into())?,
        };
        let mut bytes = bytes.to_vec();
        if self.reversed {
            bytes.reverse();
        }
        let digits: String = match self.digits {
            Digits::Hex => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
            Digits::HexLower => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            // At most 80 bits.
            Digits::Decimal => bytes
                .iter()
                .fold(0_u128, |value, byte| value.wrapping_shl(8) | u128::from(*byte))
                .to_string(),
        };
        Some(format!("{}{digits:0>width$}", self.prefix, width = usize::from(self.width)))
    }
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCardNumberRule {
    /// Longer than any rule.
    #[error("longer than {} characters", CardNumberRule::TEXT_MAX)]
    Long,
    /// Not `part=value` with a part there is.
    #[error("`{0}` is none of keyed, cut=, order=, digits=, width= and prefix=")]
    Part(String),
    /// A part that is there twice.
    #[error("`{0}` is there twice")]
    Twice(&'static str),
    /// A value its part does not take.
    #[error("`{part}={value}`: {takes}")]
    Value {
        /// The part.
        part: &'static str,
        /// What it was given.
        value: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A prefix with which no card number can begin.
    #[error("`prefix=`: a card number {0}")]
    Prefix(Rule),
    /// Parts beside the keyed form.
    #[error("`keyed` stands alone: nothing else can be set beside it")]
    KeyedAlone,
}

impl CardNumberRule {
    /// Longest text form, in bytes.
    pub const TEXT_MAX: usize = 128;

    const KEYED: &str = "keyed";
}

impl fmt::Display for CardNumberRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self {
            Self::Plain(rule) => rule,
            Self::Keyed => return f.write_str(Self::KEYED),
        };
        if let Some(Cut { from, count }) = rule.cut {
            write!(f, "cut={from}+{count} ")?;
        }
        if rule.reversed {
            f.write_str("order=reversed ")?;
        }
        write!(f, "digits={}", rule.digits.as_str())?;
        if rule.width != 0 {
            write!(f, " width={}", rule.width)?;
        }
        if !rule.prefix.is_empty() {
            write!(f, " prefix={}", rule.prefix)?;
        }
        Ok(())
    }
}

impl FromStr for CardNumberRule {
    type Err = BadCardNumberRule;

    fn from_str(text: &str) -> Result<Self, BadCardNumberRule> {
        if text.len() > Self::TEXT_MAX {
            return Err(BadCardNumberRule::Long);
        }
        if text.trim() == Self::KEYED {
            return Ok(Self::Keyed);
        }
        if text.split_whitespace().next() == Some(Self::KEYED) {
            return Err(BadCardNumberRule::KeyedAlone);
        }
        let (mut cut, mut reversed, mut digits, mut width, mut prefix) =
            (None, None, None, None, None);
        let mut rest = text.trim_start();
        loop {
            let Some((part, value)) = rest.split_once('=') else {
                return Err(match rest.split_whitespace().next() {
                    Some(Self::KEYED) => BadCardNumberRule::KeyedAlone,
                    word => BadCardNumberRule::Part(word.unwrap_or_default().to_owned()),
                });
            };
            if part == "prefix" {
                once("prefix", &mut prefix, prefix_from(value)?)?;
                break;
            }
            let (value, after) = value.split_once(' ').unwrap_or((value, ""));
            match part {
                "cut" => once("cut", &mut cut, cut_from(value)?)?,
                "order" => once("order", &mut reversed, order_from(value)?)?,
                "digits" => once("digits", &mut digits, digits_from(value)?)?,
                "width" => once("width", &mut width, width_from(value)?)?,
                _ => {
                    let word = part.split_whitespace().next().unwrap_or_default();
                    return Err(if word == Self::KEYED {
                        BadCardNumberRule::KeyedAlone
                    } else {
                        BadCardNumberRule::Part(word.to_owned())
                    });
                }
            }
            rest = after.trim_start();
            if rest.is_empty() {
                break;
            }
        }
        Ok(Self::Plain(PlainRule {
            cut,
            reversed: reversed.unwrap_or_default(),
            digits: digits.unwrap_or_default(),
            width: width.unwrap_or_default(),
            prefix: prefix.unwrap_or_default(),
        }))
    }
}

fn once<T>(part: &'static str, place: &mut Option<T>, value: T) -> Result<(), BadCardNumberRule> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(BadCardNumberRule::Twice(part)),
    }
}

fn cut_from(value: &str) -> Result<Cut, BadCardNumberRule> {
    value
        .split_once('+')
        .and_then(|(from, count)| {
            Some(Cut { from: from.parse().ok()?, count: count.parse().ok()? })
        })
        .filter(|cut| cut.count > 0 && usize::from(cut.end()) <= CardId::MAX)
        .ok_or_else(|| BadCardNumberRule::Value {
            part: "cut",
            value: value.to_owned(),
            takes: "first byte, counted from 0, and number of bytes, such as 0+4; up to 10 bytes",
        })
}

fn order_from(value: &str) -> Result<bool, BadCardNumberRule> {
    match value {
        "as-read" => Ok(false),
        "reversed" => Ok(true),
        _ => Err(BadCardNumberRule::Value {
            part: "order",
            value: value.to_owned(),
            takes: "as-read or reversed",
        }),
    }
}

fn digits_from(value: &str) -> Result<Digits, BadCardNumberRule> {
    Digits::ALL.into_iter().find(|digits| digits.as_str() == value).ok_or_else(|| {
        BadCardNumberRule::Value {
            part: "digits",
            value: value.to_owned(),
            takes: "hex, hex-lower or decimal",
        }
    })
}

fn width_from(value: &str) -> Result<u8, BadCardNumberRule> {
    value.parse().ok().filter(|width| u16::from(*width) <= CardNumber::MAX).ok_or_else(|| {
        BadCardNumberRule::Value { part: "width", value: value.to_owned(), takes: "0 to 32 digits" }
    })
}

/// A prefix is what a number begins with, so a number of the prefix and one digit keeps the rule.
fn prefix_from(value: &str) -> Result<String, BadCardNumberRule> {
    CardNumber::new(&format!("{value}0")).map_err(BadCardNumberRule::Prefix)?;
    Ok(value.to_owned())
}

impl TryFrom<String> for CardNumberRule {
    type Error = BadCardNumberRule;

    fn try_from(text: String) -> Result<Self, BadCardNumberRule> {
        text.parse()
    }
}

impl From<CardNumberRule> for String {
    fn from(rule: CardNumberRule) -> Self {
        rule.to_string()
    }
}
