use kazasu_hal::{Card, SystemCode};
use kazasu_wire::atr::{Atr, Technology};

/// The card behind an ATR and what `FF CA 00 00 00` gave; `None` where they do not tell.
///
/// The ATR names the technology where it can, the length of the identifier decides where it cannot:
/// an ISO/IEC 14443-4 ATR does not say A or B, and only type A has 7 or 10 bytes. Eight bytes are a
/// FeliCa card only where the ATR says so, for ISO/IEC 15693 tags have eight as well. Four bytes
/// behind an ATR that fits type B count as type B, the more careful reading: those are refused as
/// identities.
#[must_use]
pub fn card(atr: &[u8], id: &[u8], pmm: Option<[u8; 8]>) -> Option<Card> {
    let decoded = Atr::decode(atr).ok();
    let technology = match decoded.as_ref() {
        Some(_) if is_scm_felica(atr, id) => Some(Technology::Felica),
        Some(decoded) => decoded.technology(),
        None => None,
    };
    match (technology, id.len()) {
        (Some(Technology::Felica), 8) => Card::felica(id, SystemCode::ANY, pmm, None).ok(),
        (Some(Technology::TypeB), 4) => Card::iso14443b(id).ok(),
        (Some(Technology::TypeA), 4) | (_, 7 | 10) => {
            Card::iso14443a(id, None, decoded.and_then(|atr| atr.sak())).ok()
        }
        _ => None,
    }
}

/// Whether an ATR is that of a FeliCa card, by itself: then the reader is asked for the PMm too.
pub(crate) fn is_felica(atr: &[u8], id: &[u8]) -> bool {
    card(atr, id, None).is_some_and(|card| card.identity.system().is_some())
}

/// SCM and Identiv readers (SCL3711) make up an ATR of their own for FeliCa:
/// `3B 8C 80 01 04 43 FD`, IDm, time-out, TCK.
fn is_scm_felica(atr: &[u8], id: &[u8]) -> bool {
    id.len() == 8
        && atr
            .strip_prefix(&[0x3B, 0x8C, 0x80, 0x01, 0x04, 0x43, 0xFD])
            .is_some_and(|rest| rest.starts_with(id))
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
            ("no contactless ATR, 7 bytes", contact.clone(), uid7, Some((Hal::Iso14443a, None))),
            ("no contactless ATR, 4 bytes", contact.clone(), uid4, None),
            ("no contactless ATR, 8 bytes", contact, idm, None),
            ("no ATR, no identifier", vec![], &[], None),
        ];
        for (name, atr, id, expected) in rows {
            let found = card(atr, id, Some(PMM));
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
