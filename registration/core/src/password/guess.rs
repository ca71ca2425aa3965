//! What is guessed first: common passwords, runs and repetitions, the user's own words.

use std::{collections::HashSet, sync::LazyLock};

use zeroize::Zeroizing;

use super::PasswordOwner;
use crate::Rule;

/// How many characters have to be there besides what everybody knows: the shortest password that
/// NIST SP 800-63B-4 takes for any purpose.
const LEAST: usize = 8;

/// Words that the place itself suggests.
const PRODUCT: &str = "kazasu";

/// Own words that are shorter turn up in any text.
const WORD_MIN: usize = 3;

/// About 15,800 common passwords of 8 and more characters, in lower case; `common.LICENSE` says
/// where they are from.
static LISTED: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common.list").lines().collect());

/// Refuses what is guessed first. The whole password counts, as NIST SP 800-63B-4 wants it: a
/// known word within a long password does no harm, so that one is refused only where too little is
/// left without it.
pub(super) fn check(text: &str, owner: PasswordOwner<'_>) -> Result<(), Rule> {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let left = without_own_words(lower, owner);
    if left.len() < LEAST {
        return Err(Rule::OwnWords { least: LEAST as u16 });
    }
    if [not_repeated(&left), not_in_runs(&left), not_listed(&left)].iter().any(|n| *n < LEAST) {
        return Err(Rule::Common);
    }
    Ok(())
}

fn without_own_words(lower: Zeroizing<String>, owner: PasswordOwner<'_>) -> Zeroizing<String> {
    let texts = [owner.user_id, owner.name, PRODUCT].map(str::to_lowercase);
    let mut words: Vec<&str> = texts
        .iter()
        .flat_map(|text| {
            let parts = text.split(|c: char| !c.is_alphanumeric());
            parts.chain([text.as_str()])
        })
        .filter(|word| word.len() >= WORD_MIN)
        .collect();
    // The longest first, so that no part of a word is taken out of the whole one.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.into_iter().fold(lower, |left, word| Zeroizing::new(left.replace(word, "")))
}

/// How many characters are there besides the longest piece that comes a second time.
fn not_repeated(text: &str) -> usize {
    let with_shifted = |by| text.bytes().zip(text.bytes().skip(by));
    let repeated =
        (1..text.len()).map(|by| longest_stretch(with_shifted(by), |(a, b)| a == b)).max();
    text.len().saturating_sub(repeated.unwrap_or_default())
}

/// How many characters are there besides the longest run up or down the order of ASCII.
fn not_in_runs(text: &str) -> usize {
    let steps = || text.bytes().zip(text.bytes().skip(1));
    let up = longest_stretch(steps(), |(a, b)| a.checked_add(1) == Some(b));
    let down = longest_stretch(steps(), |(a, b)| b.checked_add(1) == Some(a));
    text.len().saturating_sub(up.max(down))
}

fn longest_stretch<T>(items: impl Iterator<Item = T>, holds: impl Fn(T) -> bool) -> usize {
    let (longest, _) = items.fold((0, 0), |(longest, stretch), item| {
        let stretch = if holds(item) { stretch + 1 } else { 0 };
        (stretch.max(longest), stretch)
    });
    longest
}

/// How many characters are there after the listed passwords that the text begins with.
fn not_listed(text: &str) -> usize {
    let mut rest = text;
    while let Some((_, after)) = (LEAST..=rest.len())
        .rev()
        .filter_map(|len| rest.split_at_checked(len))
        .find(|(beginning, _)| LISTED.contains(beginning))
    {
        rest = after;
    }
    rest.len()
}
