use std::collections::HashSet;

use kazasu_hal::{CardId, CardIdentity, Stability};

use super::{
    CardNumber, CardNumberRule, PlainRule,
    rule::{Cut, Digits},
};
use crate::Rule;

/// Fewest cards a rule is learned from: with fewer, a rule that fits by chance is likely.
const SAMPLES_MIN: usize = 3;

/// Most cards a rule is learned from.
const SAMPLES_MAX: usize = 16;

/// What fits every card that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Learned {
    /// One rule.
    One(CardNumberRule),
    /// Several, simplest first, which give other cards different numbers. One more card can tell
    /// them apart, if it differs from the others in more than its last bytes.
    Ambiguous(Vec<CardNumberRule>),
}

/// Why nothing was learned. Cards are counted from 1, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LearnError {
    /// Not as many cards as are wanted.
    #[error("{0} cards: a rule is learned from {SAMPLES_MIN} to {SAMPLES_MAX}")]
    Count(usize),
    /// A card whose identifier is another one at the next tap.
    #[error("the number of card {0} may change from tap to tap")]
    Unstable(usize),
    /// A text that no card can have as its number.
    #[error("card {0}: a card number {1}")]
    NotANumber(usize, Rule),
    /// The same card twice.
    #[error("cards {0} and {1} are the same card")]
    SameCard(usize, usize),
    /// Two cards with the same number.
    #[error("cards {0} and {1} have the same number")]
    SameNumber(usize, usize),
    /// Nothing fits all of them.
    #[error("no rule gives these numbers for these cards")]
    NoRule,
}

/// Finds the rules that give each card the number the site knows it by.
///
/// Of rules that cannot be told apart by any card as long as one of these, only the simplest is
/// named. The keyed form is no answer: its numbers come from here and nowhere else.
///
/// # Errors
/// What is wrong with the cards and numbers, or that no rule fits.
pub fn learn(samples: &[(CardIdentity, &str)]) -> Result<Learned, LearnError> {
    check(samples)?;
    let samples: Vec<(&[u8], &str)> =
        samples.iter().map(|(card, number)| (card.id().as_bytes(), *number)).collect();
    let mut fitting: Vec<PlainRule> =
        bodies().flat_map(|body| fitting_frames(body, &samples)).collect();
    fitting.sort_by_cached_key(complexity);
    let probes = probes(&samples);
    let mut seen = HashSet::new();
    fitting.retain(|rule| seen.insert(probes.iter().map(|p| rule.text(p)).collect::<Vec<_>>()));
    let mut rules: Vec<_> = fitting.into_iter().map(CardNumberRule::Plain).collect();
    match (rules.pop(), rules.is_empty()) {
        (None, _) => Err(LearnError::NoRule),
        (Some(rule), true) => Ok(Learned::One(rule)),
        (Some(last), false) => {
            rules.push(last);
            Ok(Learned::Ambiguous(rules))
        }
    }
}

fn check(samples: &[(CardIdentity, &str)]) -> Result<(), LearnError> {
    if !(SAMPLES_MIN..=SAMPLES_MAX).contains(&samples.len()) {
        return Err(LearnError::Count(samples.len()));
    }
    for (at, (card, number)) in (1..).zip(samples) {
        if card.stability() != Stability::Stable {
            return Err(LearnError::Unstable(at));
        }
        CardNumber::new(number).map_err(|rule| LearnError::NotANumber(at, rule))?;
        for (before, (other, other_number)) in (1..at).zip(samples) {
            // Identifiers, not identities: no rule tells the same bytes apart.
            if card.id() == other.id() {
                return Err(LearnError::SameCard(before, at));
            }
            if number == other_number {
                return Err(LearnError::SameNumber(before, at));
            }
        }
    }
    Ok(())
}

/// Every cut, order and kind of digits: 336.
fn bodies() -> impl Iterator<Item = PlainRule> {
    let longest = CardId::MAX as u8;
    let cuts = (0..longest)
        .flat_map(move |from| (1..=longest - from).map(move |count| Some(Cut { from, count })));
    [None].into_iter().chain(cuts).flat_map(|cut| {
        Digits::ALL.into_iter().flat_map(move |digits| {
            [false, true].into_iter().map(move |reversed| PlainRule {
                cut,
                reversed,
                digits,
                ..PlainRule::default()
            })
        })
    })
}

/// The prefixes and widths with which this body gives the numbers. Prefixes are beginnings of the
/// first number, so there are at most 33 times 33 to try, and only where the digits fit.
fn fitting_frames(body: PlainRule, samples: &[(&[u8], &str)]) -> Vec<PlainRule> {
    let digits_fit = samples
        .iter()
        .all(|(bytes, number)| body.text(bytes).is_some_and(|digits| number.ends_with(&digits)));
    let Some((_, first)) = samples.first().filter(|_| digits_fit) else { return Vec::new() };
    let prefixes = (0..first.len()).filter_map(|len| first.get(..len));
    prefixes
        .filter(|prefix| samples.iter().all(|(_, number)| number.starts_with(prefix)))
        .flat_map(|prefix| (0..=CardNumber::MAX as u8).map(move |width| (prefix, width)))
        .map(|(prefix, width)| PlainRule { width, prefix: prefix.to_owned(), ..body.clone() })
        .filter(|rule| {
            samples.iter().all(|(bytes, number)| rule.text(bytes).as_deref() == Some(*number))
        })
        .collect()
}

/// Fewer parts are simpler; then a shorter prefix, since padding explains zeros better than a
/// prefix does; then a larger width, since it is more often that of the longest number.
fn complexity(rule: &PlainRule) -> impl Ord + use<> {
    let parts = [
        rule.cut.is_some(),
        rule.reversed,
        rule.digits != Digits::default(),
        rule.width != 0,
        !rule.prefix.is_empty(),
    ];
    (
        parts.into_iter().filter(|set| *set).count(),
        rule.prefix.len(),
        std::cmp::Reverse(rule.width),
        rule.digits,
        rule.reversed,
        rule.cut,
    )
}

/// Identifiers as long as those of the samples, for which two rules that differ give different
/// texts: all zeros shows prefix and width, all ones how many bytes count and in which digits, and
/// bytes that all differ which ones and in which order.
fn probes(samples: &[(&[u8], &str)]) -> Vec<Vec<u8>> {
    let mut lengths: Vec<usize> = samples.iter().map(|(bytes, _)| bytes.len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let each = |len: usize| {
        let different = (0..len).map(|at| 0x1D_u8.wrapping_mul(at as u8).wrapping_add(0x5B));
        [vec![0; len], vec![0xFF; len], different.collect()]
    };
    lengths.into_iter().flat_map(each).collect()
}
