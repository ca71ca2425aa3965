//! `kazasu card rule learn`: the rule that gives cards the numbers the site knows them by.

use std::io::{self, BufRead, Read, Write, stdin};
use std::ops::ControlFlow;

use anyhow::{Context, Result, bail, ensure};
use kazasu_hal::{CardIdentity, Stability, Technology};
use kazasu_registration::{LearnError, Learned, learn};

use super::card::{examples, rule_line, set_rule};
use super::{LINE_MAX, answer, each_line};
use crate::cli::{LearnRule, Place};
use crate::control::{End, Host, Request};
use crate::hex::unhex;
use crate::lines::EventLine;
use crate::out::Out;
use crate::speak;

pub(super) async fn run(args: LearnRule, out: Out) -> Result<End> {
    let samples = if args.taps.is_empty() {
        match ask_for(usize::from(args.cards), &args.place).await? {
            Ok(samples) => samples,
            Err(end) => return Ok(end),
        }
    } else {
        args.taps.iter().map(|tap| typed(tap)).collect::<Result<_>>()?
    };
    let pairs: Vec<_> =
        samples.iter().map(|(card, number)| (card.clone(), number.as_str())).collect();
    let rules = match learn(&pairs) {
        Ok(Learned::One(rule)) => vec![rule],
        Ok(Learned::Ambiguous(rules)) => rules,
        Err(error @ LearnError::NoRule) => {
            return Ok(End::No(format!(
                "{error}: look at the numbers again; where they have nothing to do with the \
                 cards, people register their cards under the default rule"
            )));
        }
        Err(error) => bail!("{error}"),
    };
    let mut cards: Vec<_> = samples.into_iter().map(|(card, _)| card).collect();
    // What rules that fit differ in shows on other cards.
    cards.extend(examples());
    for rule in &rules {
        out.line(&rule_line(rule, None, &cards))?;
    }
    let rule = match (rules.as_slice(), args.set) {
        ([rule], true) => rule,
        ([rule], false) => {
            out.note(&format!("it fits; `kazasu card rule set {rule}` sets it"))?;
            return Ok(End::Done);
        }
        (_, false) => {
            out.note("all of these fit; a card that differs in its first bytes tells them apart")?;
            return Ok(End::Done);
        }
        (rules, true) => {
            let question = format!("Which of these {} rules? 1 is the simplest.", rules.len());
            let chosen = answer(&question)?.and_then(|text| text.parse::<usize>().ok());
            match chosen.and_then(|number| rules.get(number.checked_sub(1)?)) {
                Some(rule) => rule,
                None => {
                    return Ok(End::No(format!(
                        "{} rules fit, nothing was set: show another card that differs in its \
                         first bytes (--cards {}), or choose one with `kazasu card rule set`",
                        rules.len(),
                        cards.len().saturating_sub(examples().len()) + 1
                    )));
                }
            }
        }
    };
    set_rule(&args.place.data, out, rule, false).await
}

/// Waits for so many cards at the readers and asks for the number of each.
async fn ask_for(
    count: usize,
    place: &Place,
) -> Result<std::result::Result<Vec<(CardIdentity, String)>, End>> {
    let mut samples: Vec<(CardIdentity, String)> = Vec::new();
    let alone = async |folder: &_| Host::readers(place, folder);
    let mut is_asked = false;
    let end = each_line(
        &place.data,
        Request::Watch { lang: speak::lang().into() },
        alone,
        |event: EventLine| {
            match event.event.as_str() {
                // The first thing told, where a reader is there: taps count from here on.
                "attached" if !is_asked => {
                    is_asked = true;
                    tell(&format!("Hold card 1 of {count} over the reader"))?;
                }
                "fault" => tell(&event.message.unwrap_or_default())?,
                "multiple" => tell("More than one card: hold one over the reader")?,
                // A card that somebody left lying is nobody's answer.
                "presented" if !event.is_resumed() => {
                    let card = event.identity().context("an answer of another version")?;
                    if card.stability() != Stability::Stable {
                        tell("The number of this card may change from tap to tap: take another")?;
                    } else if samples.iter().any(|(known, _)| known.id() == card.id()) {
                        tell("This card was there already: take another")?;
                    } else {
                        tell(&format!("Card {}: its number", card.id().to_hex()))?;
                        samples.push((card, number_line()?));
                        if samples.len() == count {
                            return Ok(ControlFlow::Break(()));
                        }
                        tell(&format!(
                            "Hold card {} of {count} over the reader",
                            samples.len() + 1
                        ))?;
                    }
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        },
    )
    .await?;
    Ok(if samples.len() == count { Ok(samples) } else { Err(end) })
}

/// For the person at the terminal; not among the results.
fn tell(text: &str) -> Result<()> {
    Ok(writeln!(io::stderr(), "{text}")?)
}

/// What somebody typed.
fn number_line() -> Result<String> {
    let mut line = String::new();
    let read = stdin().lock().take(LINE_MAX).read_line(&mut line);
    ensure!(
        read.context("standard input")? > 0,
        "standard input ended before every card had its number"
    );
    Ok(line.trim().to_owned())
}

/// A card and its number as `HEX=NUMBER`.
fn typed(tap: &str) -> Result<(CardIdentity, String)> {
    let wanted = "a card's identifier in hex, an equals sign and its number are wanted, for \
                  instance 012E4C1000000001=0000000001";
    let Some((hex, number)) = tap.split_once('=') else { bail!("--tap {tap:?}: {wanted}") };
    // A rule looks at the bytes alone, so the technology counts for the length only.
    let card = unhex(hex).and_then(|bytes| {
        let technology = match bytes.len() {
            8 => Technology::Felica,
            _ => Technology::Iso14443a,
        };
        CardIdentity::new(technology, &bytes, None).ok()
    });
    match card {
        Some(card) => Ok((card, number.to_owned())),
        None => bail!("--tap {tap:?}: the identifier has 8, 14, 16 or 20 hex digits; {wanted}"),
    }
}
