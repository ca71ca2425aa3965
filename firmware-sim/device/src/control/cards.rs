//! Cards in control lines.

use kazasu_wire::{
    Raw,
    felica::{Block, Idm, Pmm},
    iso14443a::{Atqa, Ats, Sak, Uid},
    iso14443b::Pupi,
};

use super::{BadLine, Pairs};
use crate::{
    card::{FelicaCard, Rates, TypeACard, TypeAUid, TypeBCard},
    felica::{LiteS, Memory, Standard},
};

const FELICA: &str = super::PUT;
const BLOCK: &str =
    "put felica idm=012E4C0000000001 block=FE00/1A8B:00:30303132333435360000000000000000";
const TYPE_A: &str = "put type-a uid=04A1B2C3D4E580 sak=00";
const TYPE_B: &str = "put type-b pupi=01A2B3C4 app=00000000 info=008181";

/// A FeliCa card has system numbers 0 to 15.
const SYSTEMS_MAX: usize = 16;

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

fn word(text: &str) -> Option<u16> {
    array(text).map(u16::from_be_bytes)
}

/// A block of `block=[SYS/]SVC:NN:HEX`.
struct Given {
    system: Option<u16>,
    service: u16,
    number: u8,
    block: Block,
}

fn block(text: &str) -> Option<Given> {
    let (system, rest) = match text.split_once('/') {
        Some((system, rest)) => (Some(word(system)?), rest),
        None => (None, text),
    };
    let (service, rest) = rest.split_once(':')?;
    let (number, block) = rest.split_once(':')?;
    let [number] = array(number)?;
    Some(Given { system, service: word(service)?, number, block: Block(array(block)?) })
}

pub(super) fn felica<'a>(words: impl Iterator<Item = &'a str>) -> Result<FelicaCard, BadLine> {
    let keys = ["idm", "pmm", "sys", "rate", "block", "ck"];
    let pairs = Pairs::read(words, keys, "idm, pmm, sys, rate, block, ck", FELICA)?;
    let systems = |text: &str| -> Option<Vec<u16>> {
        let codes: Option<Vec<_>> = text.split(',').map(word).collect();
        codes.filter(|codes| codes.len() <= SYSTEMS_MAX)
    };
    let rate = |text: &str| match text {
        "212" => Some(Rates::R212),
        "424" => Some(Rates::R424),
        "both" => Some(Rates::Both),
        _ => None,
    };
    let sys_rule = "1 to 16 codes of 4 hex digits with commas between";
    let idm = Idm(pairs.need("idm", "16 hex digits", array)?);
    let pmm = pairs.get("pmm", "16 hex digits", array)?.map_or(FelicaCard::PMM, Pmm);
    let lite_s = LiteS::is_meant(pmm);
    let default_system = if lite_s { LiteS::SYSTEM } else { FelicaCard::SYSTEM };
    let systems = pairs.get("sys", sys_rule, systems)?.unwrap_or_else(|| vec![default_system]);
    let rates = pairs.get("rate", "212, 424 or both", rate)?.unwrap_or(Rates::Both);

    let rule = "[SYSTEM/]SERVICE:NUMBER:DATA in 4, 2 and 32 hex digits";
    let blocks = pairs.all("block", rule, block)?;
    let bad = |key, rule| BadLine::Value { key, rule, example: BLOCK };
    let ck = pairs.get("ck", "32 hex digits", |text| array(text).map(Block))?;
    let memory = if lite_s {
        let mut memory = LiteS::new(idm, pmm, ck.unwrap_or_default());
        for given in blocks {
            let own = given.system.is_none_or(|system| systems.contains(&system));
            if !own || !memory.fill(given.service, given.number, given.block) {
                let rule = "a Lite-S card has blocks 00 to 0D, of service 0009";
                return Err(bad("block", rule));
            }
        }
        Memory::LiteS(Box::new(memory))
    } else {
        if ck.is_some() {
            return Err(bad("ck", "only a Lite-S card has a card key: pmm=00F1..."));
        }
        let mut memory = Standard::default();
        for given in &blocks {
            let system = match given.system {
                Some(system) => systems.iter().position(|own| *own == system),
                None => Some(0),
            };
            let filled =
                system.is_some_and(|at| memory.fill(at, given.service, given.number, given.block));
            if !filled {
                let rule = "a system of the card, and the code of a random or cyclic service";
                return Err(bad("block", rule));
            }
        }
        if blocks.is_empty() {
            Memory::Standard(Standard::plain(&systems))
        } else {
            Memory::Standard(memory)
        }
    };
    Ok(FelicaCard { idm, pmm, systems, rates, memory })
}

pub(super) fn type_a<'a>(words: impl Iterator<Item = &'a str>) -> Result<TypeACard, BadLine> {
    let pairs = Pairs::read(words, ["uid", "atqa", "sak", "ats"], "uid, atqa, sak, ats", TYPE_A)?;
    let uid = |text: &str| match text {
        "random" => Some(TypeAUid::Random),
        "anew" => Some(TypeAUid::Anew),
        _ => Uid::new(&hex(text)?).map(TypeAUid::Fixed),
    };
    let uid = pairs.need("uid", "8, 14 or 20 hex digits, random or anew", uid)?;
    let ats = |text: &str| {
        let bytes = hex(text)?;
        Ats::decode(&bytes).is_ok().then(|| Raw::from(bytes))
    };
    let ats = pairs.get("ats", "hex digits of a whole ATS, its length byte first", ats)?;
    // What common cards of this UID size say: MIFARE Classic 1K, Ultralight.
    let length = match uid {
        TypeAUid::Fixed(uid) => uid.as_bytes().len(),
        TypeAUid::Random | TypeAUid::Anew => 4,
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
    let atqa_given = pairs.get("atqa", "4 hex digits", word)?;
    Ok(TypeACard {
        uid,
        atqa: Atqa(atqa_given.unwrap_or(atqa)),
        sak,
        ats: ats.or_else(|| sak.is_iso_dep().then(|| Raw::from(&TypeACard::ATS[..]))),
    })
}

pub(super) fn type_b<'a>(words: impl Iterator<Item = &'a str>) -> Result<TypeBCard, BadLine> {
    let pairs = Pairs::read(words, ["pupi", "app", "info"], "pupi, app, info", TYPE_B)?;
    // Frame sizes from 9 on and protocols other than ISO/IEC 14443-4 exist, but no reader selects
    // such a card.
    let rule = "6 hex digits, with bit 01 and without bit 08 in the second byte";
    let info = pairs.get("info", rule, |text| {
        array(text).filter(|[_, frame_and_protocol, _]: &[u8; 3]| frame_and_protocol & 0x09 == 1)
    })?;
    Ok(TypeBCard {
        pupi: Pupi(pairs.need("pupi", "8 hex digits", array)?),
        application_data: pairs.get("app", "8 hex digits", array)?.unwrap_or_default(),
        protocol_info: info.unwrap_or(TypeBCard::PROTOCOL_INFO),
    })
}
