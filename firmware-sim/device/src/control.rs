use kazasu_wire::{
    Raw,
    felica::{Idm, Pmm},
    iso14443a::{Atqa, Ats, Sak, Uid},
};

use crate::card::{Card, FelicaCard, Rates, TypeACard, TypeAUid};

/// All control lines, in one line.
pub const HELP: &str = "put felica idm=HEX16 [pmm=HEX16] [sys=HEX4,...] [rate=212|424|both]; \
     put type-a uid=HEX8|HEX14|HEX20|random [atqa=HEX4] [sak=HEX2] [ats=HEX]; take [NUMBER]; \
     fault unplug; plug; quit; help";

/// The longest control line, in bytes.
const LINE_MAX: usize = 1024;
/// A FeliCa card has system numbers 0 to 15.
const SYSTEMS_MAX: usize = 16;

/// What a person or a script asks of a simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Holds a card over the reader.
    Put(Card),
    /// Takes this card away, or all.
    Take(Option<u32>),
    /// Pulls the reader's plug.
    Unplug,
    /// Plugs it in again.
    Plug,
    /// Ends the simulator.
    Quit,
    /// Lists the lines.
    Help,
}

/// What is wrong with a control line: the word, the rule and an example. Shows no identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// A word that does not exist here.
    #[error("{word:?} is unknown here; known: {known}, as in: {example}")]
    Unknown {
        /// The word.
        word: String,
        /// What is possible instead.
        known: &'static str,
        /// A line that works.
        example: &'static str,
    },
    /// A value that does not follow its rule, or is missing.
    #[error("{key}: {rule}, as in: {example}")]
    Value {
        /// Which one.
        key: &'static str,
        /// The rule.
        rule: &'static str,
        /// A line that works.
        example: &'static str,
    },
}

const FELICA: &str = "put felica idm=012E4C0000000001 sys=FE00 rate=both";
const TYPE_A: &str = "put type-a uid=04A1B2C3D4E580 sak=00";

fn unknown(word: &str, known: &'static str, example: &'static str) -> BadLine {
    // A bare run of hex digits may be an identifier whose key was forgotten.
    let is_hex = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let word = if is_hex { "(hex digits)".into() } else { word.chars().take(24).collect() };
    BadLine::Unknown { word, known, example }
}

/// Reads one control line.
///
/// # Errors
/// A [`BadLine`] says what is wrong.
pub fn parse(line: &str) -> Result<Line, BadLine> {
    if line.len() > LINE_MAX {
        let rule = "at most 1024 bytes";
        return Err(BadLine::Value { key: "line", rule, example: "take" });
    }
    let mut words = line.split_ascii_whitespace();
    let parsed = match words.next().unwrap_or_default() {
        "put" => match words.next().unwrap_or_default() {
            "felica" => return felica(words).map(|card| Line::Put(Card::Felica(card))),
            "type-a" => return type_a(words).map(|card| Line::Put(Card::TypeA(card))),
            other => return Err(unknown(other, "felica, type-a", FELICA)),
        },
        "take" => Line::Take(words.next().map(number).transpose()?),
        "fault" => match words.next().unwrap_or_default() {
            "unplug" => Line::Unplug,
            other => return Err(unknown(other, "unplug", "fault unplug")),
        },
        "plug" => Line::Plug,
        "quit" => Line::Quit,
        "help" => Line::Help,
        other => {
            return Err(unknown(other, "put, take, fault, plug, quit, help", "take"));
        }
    };
    match words.next() {
        None => Ok(parsed),
        Some(extra) => Err(unknown(extra, "nothing more", "take")),
    }
}

fn number(word: &str) -> Result<u32, BadLine> {
    let rule = "the number that put answered, or nothing for all cards";
    word.parse().map_err(|_| BadLine::Value { key: "take", rule, example: "take 1" })
}

/// `key=value` words, each key once and only known ones.
struct Pairs<'a> {
    pairs: Vec<(&'static str, &'a str)>,
    example: &'static str,
}

impl<'a> Pairs<'a> {
    fn read<const N: usize>(
        words: impl Iterator<Item = &'a str>,
        keys: [&'static str; N],
        known: &'static str,
        example: &'static str,
    ) -> Result<Self, BadLine> {
        let mut pairs = Vec::new();
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let Some(key) = keys.into_iter().find(|known| *known == key) else {
                return Err(unknown(key, known, example));
            };
            if pairs.iter().any(|(seen, _)| *seen == key) {
                return Err(BadLine::Value { key, rule: "only once", example });
            }
            pairs.push((key, value));
        }
        Ok(Self { pairs, example })
    }

    /// The value of `key` through `read`, which gives `None` where it breaks `rule`.
    fn get<T>(
        &self,
        key: &'static str,
        rule: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, BadLine> {
        let Some((_, value)) = self.pairs.iter().find(|(found, _)| *found == key) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or(BadLine::Value { key, rule, example: self.example })
    }

    fn need<T>(
        &self,
        key: &'static str,
        rule: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, BadLine> {
        self.get(key, rule, read)?.ok_or(BadLine::Value { key, rule, example: self.example })
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(text.get(at..at.checked_add(2)?)?, 16).ok()).collect()
}

fn array<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex(text)?.try_into().ok()
}

fn felica<'a>(words: impl Iterator<Item = &'a str>) -> Result<FelicaCard, BadLine> {
    let pairs = Pairs::read(words, ["idm", "pmm", "sys", "rate"], "idm, pmm, sys, rate", FELICA)?;
    let systems = |text: &str| -> Option<Vec<u16>> {
        let codes: Option<Vec<_>> =
            text.split(',').map(|code| array(code).map(u16::from_be_bytes)).collect();
        codes.filter(|codes| codes.len() <= SYSTEMS_MAX)
    };
    let rate = |text: &str| match text {
        "212" => Some(Rates::R212),
        "424" => Some(Rates::R424),
        "both" => Some(Rates::Both),
        _ => None,
    };
    let sys_rule = "1 to 16 codes of 4 hex digits with commas between";
    Ok(FelicaCard {
        idm: Idm(pairs.need("idm", "16 hex digits", array)?),
        pmm: pairs.get("pmm", "16 hex digits", array)?.map_or(FelicaCard::PMM, Pmm),
        systems: pairs.get("sys", sys_rule, systems)?.unwrap_or_else(|| vec![FelicaCard::SYSTEM]),
        rates: pairs.get("rate", "212, 424 or both", rate)?.unwrap_or(Rates::Both),
    })
}

fn type_a<'a>(words: impl Iterator<Item = &'a str>) -> Result<TypeACard, BadLine> {
    let pairs = Pairs::read(words, ["uid", "atqa", "sak", "ats"], "uid, atqa, sak, ats", TYPE_A)?;
    let uid = |text: &str| match text {
        "random" => Some(TypeAUid::Random),
        _ => Uid::new(&hex(text)?).map(TypeAUid::Fixed),
    };
    let uid = pairs.need("uid", "8, 14 or 20 hex digits, or random", uid)?;
    let ats = |text: &str| {
        let bytes = hex(text)?;
        Ats::decode(&bytes).is_ok().then(|| Raw::from(bytes))
    };
    let ats = pairs.get("ats", "hex digits of a whole ATS, its length byte first", ats)?;
    // What common cards of this UID size say: MIFARE Classic 1K, Ultralight.
    let length = match uid {
        TypeAUid::Fixed(uid) => uid.as_bytes().len(),
        TypeAUid::Random => 4,
    };
    let (atqa, default_sak) = match length {
        4 => (0x0004, 0x08),
        7 => (0x0044, 0x00),
        _ => (0x0084, 0x00),
    };
    // Bit 04 would say that the UID is not complete.
    let sak_rule = "2 hex digits without bit 04, and with bit 20 where there is an ats";
    let sak = pairs.get("sak", sak_rule, |text| {
        let [sak] = array(text)?;
        let fits = !Sak(sak).is_cascade() && (Sak(sak).is_iso_dep() || ats.is_none());
        fits.then_some(sak)
    })?;
    let sak = Sak(sak.unwrap_or(if ats.is_some() { 0x20 } else { default_sak }));
    let atqa_given =
        pairs.get("atqa", "4 hex digits", |text| array(text).map(u16::from_be_bytes))?;
    Ok(TypeACard {
        uid,
        atqa: Atqa(atqa_given.unwrap_or(atqa)),
        sak,
        ats: ats.or_else(|| sak.is_iso_dep().then(|| Raw::from(&TypeACard::ATS[..]))),
    })
}
