//! Control lines: what a person or a script asks of a simulator.

mod cards;

use crate::{
    card::Card,
    fault::{Fault, FaultKind},
    line::Pace,
    pn532::Board,
};

/// All control lines, in one line.
pub const HELP: &str = "put felica idm=HEX16 [pmm=HEX16] [sys=HEX4,...] [rate=212|424|both] \
     [block=[SYS/]SVC:NN:HEX32]... [ck=HEX32]; \
     put type-a uid=HEX8|HEX14|HEX20|random|anew [atqa=HEX4] [sak=HEX2] [ats=HEX]; \
     put type-b pupi=HEX8 [app=HEX8] [info=HEX6]; take [NUMBER]; hush; pace real|instant; \
     fault drop|corrupt|late|nak|garbage|unplug [COUNT] [at=BYTE] [after=FRAMES]; fault off; \
     board [deaf=MS] [hold=MS] [delay=MS] [end=cut|whole]; plug; quit; help";

/// The longest control line, in bytes.
const LINE_MAX: usize = 1024;
/// How many frames a fault may hit, or let pass before it.
const FRAMES_MAX: u32 = 1_000_000;

/// What a person or a script asks of a simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Holds a card over the reader.
    Put(Card),
    /// Takes this card away, or all.
    Take(Option<u32>),
    /// Lets all cards fall silent until they lose power.
    Hush,
    /// Pulls the reader's plug, now.
    Unplug,
    /// Damages frames from now on; `None` stops that.
    Fault(Option<Fault>),
    /// How fast everything goes.
    Pace(Pace),
    /// What a PN532's board does to it.
    Board(Board),
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

const PUT: &str = "put felica idm=012E4C0000000001 sys=FE00 rate=both";
const BOARD: &str = "board deaf=1";
/// Of what a board is late, in milliseconds.
const BOARD_MS_MAX: u64 = 10_000;
const FAULT: &str = "fault corrupt 3 at=5";

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
            "felica" => return cards::felica(words).map(|card| Line::Put(Card::Felica(card))),
            "type-a" => return cards::type_a(words).map(|card| Line::Put(Card::TypeA(card))),
            "type-b" => return cards::type_b(words).map(|card| Line::Put(Card::TypeB(card))),
            other => return Err(unknown(other, "felica, type-a, type-b", PUT)),
        },
        "take" => Line::Take(words.next().map(number).transpose()?),
        "hush" => Line::Hush,
        "fault" => return fault(words),
        "board" => return board(words),
        "pace" => match words.next().unwrap_or_default() {
            "real" => Line::Pace(Pace::Real),
            "instant" => Line::Pace(Pace::Instant),
            other => return Err(unknown(other, "real, instant", "pace real")),
        },
        "plug" => Line::Plug,
        "quit" => Line::Quit,
        "help" => Line::Help,
        other => {
            return Err(unknown(
                other,
                "put, take, hush, fault, pace, board, plug, quit, help",
                "take",
            ));
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

/// `fault KIND [COUNT] [at=BYTE] [after=FRAMES]`.
fn fault<'a>(words: impl Iterator<Item = &'a str>) -> Result<Line, BadLine> {
    let mut words = words.peekable();
    let kind = match words.next().unwrap_or_default() {
        "drop" => FaultKind::Drop,
        "corrupt" => FaultKind::Corrupt,
        "late" => FaultKind::Late,
        "nak" => FaultKind::Nak,
        "garbage" => FaultKind::Garbage,
        "unplug" if words.peek().is_none() => return Ok(Line::Unplug),
        "unplug" => FaultKind::Unplug,
        "off" => {
            return match words.next() {
                None => Ok(Line::Fault(None)),
                Some(extra) => Err(unknown(extra, "nothing more", "fault off")),
            };
        }
        other => {
            return Err(unknown(other, "drop, corrupt, late, nak, garbage, unplug, off", FAULT));
        }
    };
    let frames = |text: &str| text.parse().ok().filter(|frames| *frames <= FRAMES_MAX);
    let count = match words.next_if(|word| !word.contains('=')) {
        None => 1,
        Some(word) => frames(word).filter(|count| *count > 0).ok_or(BadLine::Value {
            key: "fault",
            rule: "how many frames, 1 to 1000000",
            example: FAULT,
        })?,
    };
    let pairs = Pairs::read(words, ["at", "after"], "at, after", FAULT)?;
    let at = pairs.get("at", "which byte of the frame, from 0", |text| text.parse().ok())?;
    let after = pairs.get("after", "how many frames pass first, to 1000000", frames)?;
    Ok(Line::Fault(Some(Fault { kind, count, at, after: after.unwrap_or(0) })))
}

/// `board [deaf=MS] [hold=MS] [delay=MS] [end=cut|whole]`.
fn board<'a>(words: impl Iterator<Item = &'a str>) -> Result<Line, BadLine> {
    let pairs =
        Pairs::read(words, ["deaf", "hold", "delay", "end"], "deaf, hold, delay, end", BOARD)?;
    let time = |key| {
        let read = |text: &str| text.parse().ok().filter(|ms| *ms <= BOARD_MS_MAX);
        let ms = pairs.get(key, "milliseconds, 0 to 10000", read)?;
        Ok(std::time::Duration::from_millis(ms.unwrap_or(0)))
    };
    let cut = pairs.get("end", "cut or whole", |text| match text {
        "cut" => Some(true),
        "whole" => Some(false),
        _ => None,
    })?;
    let (deaf, hold, delay) = (time("deaf")?, time("hold")?, time("delay")?);
    Ok(Line::Board(Board { deaf, hold, delay, cut: cut.unwrap_or(false) }))
}

/// `key=value` words, each key once (but `block`) and only known ones.
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
            if key != "block" && pairs.iter().any(|(seen, _)| *seen == key) {
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

    /// All values of `key` through `read`.
    fn all<T>(
        &self,
        key: &'static str,
        rule: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, BadLine> {
        let values = self.pairs.iter().filter(|(found, _)| *found == key);
        let bad = BadLine::Value { key, rule, example: self.example };
        values.map(|(_, value)| read(value).ok_or_else(|| bad.clone())).collect()
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
