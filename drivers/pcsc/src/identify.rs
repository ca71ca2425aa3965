use kazasu_hal::{BadCardId, Card, SystemCode};
use kazasu_wire::atr::{self, Atr, Technology};

/// The card behind an ATR and what `FF CA 00 00 00` gave.
///
/// The ATR names the technology where it can, the length of the identifier decides where it cannot:
/// an ISO/IEC 14443-4 ATR does not say A or B, and only type A has 7 or 10 bytes. Eight bytes are a
/// FeliCa card only where the ATR says so, for ISO/IEC 15693 tags have eight as well. Four bytes
/// behind an ATR that fits type B count as type B, the more careful reading: those are refused as
/// identities. What answers behind the ATR of a contact card is nobody's identifier.
///
/// # Errors
/// They do not go together, or no card has such an identifier.
pub fn card(atr: &[u8], id: &[u8], pmm: Option<[u8; 8]>) -> Result<Card, NoCard> {
    use Technology::{Felica, TypeA, TypeAOrB, TypeB, Unsaid};
    let storage = Atr::decode(atr).is_ok_and(|atr| atr.storage_card().is_some());
    let type_a = || Card::iso14443a(id, None, atr::sak(atr));
    let card = match (atr::technology(atr, id), id.len()) {
        (Some(Felica), 8) => Card::felica(id, SystemCode::ANY, pmm, None),
        (Some(TypeB), 7 | 10) if storage => return Err(NoCard::OfNoKind),
        (Some(TypeB | TypeAOrB), 4) => Card::iso14443b(id),
        (Some(TypeA), 4) | (Some(_), 7 | 10) => type_a(),
        // A reader that leaves the check byte on the UID: the reason is told.
        (Some(TypeA | TypeAOrB | Unsaid), 5) => type_a(),
        _ => return Err(NoCard::OfNoKind),
    };
    card.map_err(NoCard::Impossible)
}

/// Why there is no card behind an ATR and an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCard {
    /// The ATR does not go with such an identifier.
    OfNoKind,
    /// No card has it.
    Impossible(BadCardId),
}

/// Whether an ATR is that of a FeliCa card, by itself: then the reader is asked for the PMm too.
pub(crate) fn is_felica(atr: &[u8], id: &[u8]) -> bool {
    card(atr, id, None).is_ok_and(|card| card.identity.system().is_some())
}

#[cfg(test)]
mod tests {
    use kazasu_hal::Technology as Hal;

    use super::*;

    const PMM: [u8; 8] = [1, 0x20, 3, 4, 5, 6, 7, 8];

    fn scm(idm: &[u8]) -> Vec<u8> {
        let mut atr = [&[0x3B, 0x8C, 0x80, 0x01, 0x04, 0x43, 0xFD], idm, &[0]].concat();
        atr.push(atr.iter().skip(1).fold(0, |sum, byte| sum ^ byte));
        atr
    }

    fn checked(mut atr: Vec<u8>) -> Vec<u8> {
        atr.push(atr.iter().skip(1).fold(0, |sum, byte| sum ^ byte));
        atr
    }

    fn b_info(frame_and_protocol: u8) -> Vec<u8> {
        Atr::iso_dep_b([0xE1, 0xF3, 0x5E, 0x11], [0x77, frame_and_protocol, 0xD5], 0).encode()
    }

    fn atqb(pupi: &[u8]) -> Vec<u8> {
        Atr::iso_dep_a(&[&[0x50], pupi, &[0xE1, 0xF3, 0x5E, 0x11, 0x77, 0x81, 0xE1]].concat())
            .encode()
    }

    fn scl01x(kind: u8, sak: u8) -> Vec<u8> {
        let mut atr = vec![0x3B, 0xF5, 0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, 0xFE, 0x40, 0x00];
        atr.extend([kind, sak, 0, 0, 0]);
        checked(atr)
    }

    #[test]
    fn what_no_card_has_is_told_with_the_reason() {
        let atr = Atr::type_a_storage(0x08).encode();
        let rows: [(&[u8], &str); 3] = [
            (&[0; 4], "00"),
            (&[0x88, 4, 5, 6], "cascade"),
            (&[0xDD, 0x17, 0x38, 0x0A, 0xF8], "BCC"),
        ];
        for (id, why) in rows {
            let no_card = card(&atr, id, None).unwrap_err();
            let told = crate::fault::unknown("Reader 00 00", id.len(), &no_card).to_string();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn technology_comes_from_the_atr_and_the_length() {
        let idm = &[0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 1];
        let (uid4, uid7) = (&[0x5A, 1, 2, 3], &[0x04, 1, 2, 3, 4, 5, 6]);
        let uid10 = &[0x04, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        let type_b = Atr::iso_dep_b([0, 0, 5, 0xE0], [0xB3, 0x81, 0xA1], 0).encode();
        let desfire = Atr::iso_dep_a(&[0x80]).encode();
        let icode = Atr::storage(0x0B, 0x0014).encode();
        let acr122 = |name| Atr::storage(0x03, name).encode();
        let contact = vec![0x3B, 0x65, 0, 0, 0x9C, 2, 2, 7, 2];
        type Row<'a> = (&'a str, Vec<u8>, &'a [u8], Option<(Hal, Option<u8>)>);
        let rows: &[Row<'_>] = &[
            ("FeliCa", Atr::felica().encode(), idm, Some((Hal::Felica, None))),
            ("FeliCa 212 on ACR122U", acr122(0xF011), idm, Some((Hal::Felica, None))),
            ("FeliCa 424 on ACR122U", acr122(0xF012), idm, Some((Hal::Felica, None))),
            ("FeliCa on SCL3711", scm(idm), idm, Some((Hal::Felica, None))),
            ("that ATR with another IDm", scm(idm), &[9; 8], None),
            ("FeliCa ATR, 7 bytes", Atr::felica().encode(), uid7, Some((Hal::Iso14443a, None))),
            ("FeliCa ATR, 4 bytes", Atr::felica().encode(), uid4, None),
            ("storage A, 4 bytes", acr122(0x0001), uid4, Some((Hal::Iso14443a, None))),
            ("SAK in the ATR", acr122(0xFF20), uid4, Some((Hal::Iso14443a, Some(0x20)))),
            ("storage A, 10 bytes", acr122(0x0003), uid10, Some((Hal::Iso14443a, None))),
            ("storage A, 8 bytes", acr122(0x0003), idm, None),
            ("ISO-DEP A", desfire.clone(), uid7, Some((Hal::Iso14443a, None))),
            ("ISO-DEP A, 4 bytes", desfire.clone(), uid4, Some((Hal::Iso14443a, None))),
            ("ISO-DEP A, 8 bytes", desfire, idm, None),
            ("ISO-DEP B", type_b.clone(), uid4, Some((Hal::Iso14443b, None))),
            ("an A card whose ATR looks like B", type_b, uid7, Some((Hal::Iso14443a, None))),
            ("ISO/IEC 15693", icode, idm, None),
            (
                "storage B, 4 bytes",
                Atr::storage(0x06, 0x0006).encode(),
                uid4,
                Some((Hal::Iso14443b, None)),
            ),
            ("storage B, 7 bytes", Atr::storage(0x06, 0x0006).encode(), uid7, None),
            ("storage B, 10 bytes", Atr::storage(0x06, 0x0006).encode(), uid10, None),
            ("no contactless ATR, 7 bytes", contact.clone(), uid7, None),
            (
                "a reader that was given no ATR",
                vec![0x3B, 0x00],
                uid7,
                Some((Hal::Iso14443a, None)),
            ),
            ("that with 4 bytes", vec![0x3B, 0x00], uid4, None),
            ("no contactless ATR, 4 bytes", contact.clone(), uid4, None),
            ("no contactless ATR, 8 bytes", contact, idm, None),
            ("no ATR, no identifier", vec![], &[], None),
            (
                "no historical bytes, 4 bytes",
                vec![0x3B, 0x80, 0x80, 1, 1],
                uid4,
                Some((Hal::Iso14443b, None)),
            ),
            (
                "no historical bytes, 7 bytes",
                vec![0x3B, 0x80, 0x80, 1, 1],
                uid7,
                Some((Hal::Iso14443a, None)),
            ),
            ("protocol info 83", b_info(0x83), uid4, Some((Hal::Iso14443b, None))),
            ("protocol info C7", b_info(0xC7), uid4, Some((Hal::Iso14443b, None))),
            ("no ISO/IEC 14443-4", b_info(0x80), uid4, Some((Hal::Iso14443a, None))),
            ("bit 4 of it set", b_info(0x89), uid4, Some((Hal::Iso14443a, None))),
            ("no such frame size", b_info(0xD1), uid4, Some((Hal::Iso14443a, None))),
            ("whole ATQB on SCL3711", atqb(uid4), uid4, Some((Hal::Iso14443b, None))),
            ("that with another PUPI", atqb(&[9, 8, 7, 6]), uid4, Some((Hal::Iso14443b, None))),
            ("ATQB without its PUPI", atqb(&[]), uid4, Some((Hal::Iso14443b, None))),
            ("SCL01x, Classic 1K", scl01x(0x41, 0x08), uid4, Some((Hal::Iso14443a, Some(0x08)))),
            ("SCL01x, type B", scl01x(0x42, 0x00), uid4, Some((Hal::Iso14443b, None))),
            ("SCL01x, something else", scl01x(0x0A, 0x08), uid4, None),
            ("SCL01x, something else, 7 bytes", scl01x(0x0A, 0x08), uid7, None),
            ("UID and check byte", acr122(0x0001), &[1, 2, 3, 4, 4], None),
            ("zeros", acr122(0x0001), &[0; 4], None),
            ("zeros for FeliCa", Atr::felica().encode(), &[0; 8], None),
        ];
        for (name, atr, id, expected) in rows {
            let found = card(atr, id, Some(PMM)).ok();
            let shape = found.as_ref().map(|card| {
                let sak = match card.details {
                    kazasu_hal::Details::Iso14443a { sak, .. } => sak,
                    _ => None,
                };
                (card.identity.technology(), sak)
            });
            assert_eq!(shape, *expected, "{name}");
            assert_eq!(is_felica(atr, id), matches!(expected, Some((Hal::Felica, _))), "{name}");
            if let Some(card) = found {
                assert_eq!(card.identity.id().as_bytes(), *id, "{name}");
            }
        }
    }

    #[test]
    fn a_felica_card_keeps_its_pmm() {
        let idm = [0x01, 0x2E, 0x4C, 0xE1, 0, 0, 0, 2];
        let found = card(&Atr::felica().encode(), &idm, Some(PMM)).unwrap();
        assert_eq!(found, Card::felica(&idm, SystemCode::ANY, Some(PMM), None).unwrap());
    }
}
