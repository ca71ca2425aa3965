//! `kazasu card`: cards of users, and what the site calls them.

use anyhow::{Context, Error, Result};
use kazasu_hal::{CardIdentity, Technology};
use kazasu_registration::{CardNumberRule, NumberKey};

use super::{ask_records, carry_out, config, learn, records};
use crate::cli::{Card, CardRule, Data, ReadCard};
use crate::control::{End, Host, Request};
use crate::lines::{BlockLine, CardLine, ChangeLine, Example, Message, RuleLine, SettingLine};
use crate::out::Out;
use crate::owner::DataFolder;
use crate::speak;

const NUMBER: &str = "card.number";

pub(crate) async fn run(command: Card, out: Out) -> Result<End> {
    match command {
        Card::List { data } => records::<CardLine>(&data, out, Request::CardList).await,
        Card::Unlink { user_id, data } => {
            records::<Message>(&data, out, Request::CardUnlink { user_id }).await
        }
        Card::Read(args) => read(&args, out).await,
        Card::Rule(CardRule::Show { data }) => show(&data, out).await,
        Card::Rule(CardRule::Learn(args)) => learn::run(args, out).await,
        Card::Rule(CardRule::Set { rule, check, data }) => {
            // What is no rule is told in the words of rules, not of settings.
            let rule: CardNumberRule = rule.join(" ").parse().context("no card number rule")?;
            set_rule(&data, out, &rule, check).await
        }
    }
}

async fn read(args: &ReadCard, out: Out) -> Result<End> {
    let ReadCard { service, wait, place, .. } = args;
    let blocks = args.blocks().map_err(Error::msg)?;
    let readers = place.readers.clone();
    let request = Request::CardRead {
        readers,
        service: *service,
        blocks,
        wait_s: *wait,
        lang: speak::lang().into(),
    };
    let alone = async |folder: &_| Host::readers(place, folder);
    carry_out::<BlockLine>(&place.data, out, request, alone).await
}

pub(super) async fn set_rule(
    data: &Data,
    out: Out,
    rule: &CardNumberRule,
    only_check: bool,
) -> Result<End> {
    // As JSON: a rule's text could look like something else.
    let value = serde_json::to_string(rule)?;
    let changes = vec![(NUMBER.to_owned(), value)];
    if only_check {
        return records::<ChangeLine>(data, out, Request::ConfigCheck { changes }).await;
    }
    config::set(data, out, changes, None, false).await
}

async fn show(data: &Data, out: Out) -> Result<End> {
    let request = Request::ConfigShow { keys: vec![NUMBER.to_owned()] };
    let (lines, end) = ask_records::<SettingLine>(data, request).await?;
    if let Some(line) = lines.into_iter().next() {
        let rule: CardNumberRule =
            serde_json::from_value(line.value).context("an answer of another version")?;
        let folder = DataFolder::open(data.data.clone())?;
        let is_keyed = rule == CardNumberRule::Keyed;
        let key = if is_keyed { folder.number_key()? } else { None };
        let file = is_keyed.then(|| folder.number_key_file().display().to_string());
        let cards = examples();
        out.line(&RuleLine { key: file, ..rule_line(&rule, key.as_ref(), &cards) })?;
    }
    Ok(end)
}

/// A rule and what it makes of these cards.
pub(super) fn rule_line(
    rule: &CardNumberRule,
    key: Option<&NumberKey>,
    cards: &[CardIdentity],
) -> RuleLine {
    let example = |card: &CardIdentity| {
        let number = rule.number(card, key);
        Example {
            card: card.id().to_hex(),
            number: number.as_ref().ok().map(|number| number.as_str().to_owned()),
            why: number.err().map(|error| error.to_string()),
        }
    };
    RuleLine { rule: rule.to_string(), examples: cards.iter().map(example).collect(), key: None }
}

/// Made-up cards of each length that is common.
pub(super) fn examples() -> Vec<CardIdentity> {
    let cards: [(Technology, &[u8]); 3] = [
        (Technology::Felica, &[0x01, 0x2E, 0x4C, 0xE1, 0x00, 0x00, 0x00, 0x01]),
        (Technology::Iso14443a, &[0x04, 0xC0, 0xFF, 0xEE, 0x00, 0x00, 0x01]),
        (Technology::Iso14443a, &[0x01, 0x02, 0x03, 0x04]),
    ];
    cards.iter().filter_map(|(kind, id)| CardIdentity::new(*kind, id, None).ok()).collect()
}
