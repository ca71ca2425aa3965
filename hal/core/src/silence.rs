use crate::{Card, Stability};

/// Tells when cards that rested must lose power for a moment, round by round.
///
/// Some cards fall silent while they rest, until the field goes off. So a round in which nobody
/// answers any more is followed by one with fresh power, before anybody calls the card gone. Not
/// where a card makes its identifier up anew with each power, and not under a phone, which pauses
/// by itself: they would come back as somebody else.
#[derive(Debug, Default)]
pub struct Silence {
    /// How often still, where nobody answers.
    left: u8,
}

/// How often power goes behind one card: noise may strike once.
const TIMES: u8 = 3;

impl Silence {
    /// Behind a round: whether cards must lose power before the next one.
    pub fn after(&mut self, cards: &[Card]) -> bool {
        let lasts = |card: &Card| {
            card.identity.stability() == Stability::Stable && !card.is_mobile_felica()
        };
        if !cards.is_empty() {
            self.left = if cards.iter().all(lasts) { TIMES } else { 0 };
            return false;
        }
        let goes = self.left > 0;
        self.left = self.left.saturating_sub(1);
        goes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemCode;

    #[test]
    fn a_few_times_behind_cards_that_last() {
        let felica = |ic| {
            let idm = [1, 0x2E, 0x4C, 0, 0, 0, 0, 1];
            Card::felica(&idm, SystemCode::ANY, Some([1, ic, 0, 0, 0, 0, 0, 0]), None).unwrap()
        };
        let (plastic, phone) = (felica(0x20), felica(0x18));
        let type_a = Card::iso14443a(&[4, 0xC0, 0xFF, 0xEE, 0, 0, 1], None, None).unwrap();
        let random = Card::iso14443a(&[8, 1, 2, 3], None, None).unwrap();
        let type_b = Card::iso14443b(&[1, 0xA2, 0xB3, 0xC4]).unwrap();
        // Rounds, and behind which of them power goes.
        let rows: [(&str, Vec<Vec<&Card>>, &str); 8] = [
            ("nobody was there", vec![vec![], vec![]], ".."),
            ("plastic", vec![vec![&plastic], vec![], vec![], vec![&plastic], vec![]], ".!!.!"),
            ("for good", vec![vec![&plastic], vec![], vec![], vec![], vec![], vec![]], ".!!!.."),
            ("two chips", vec![vec![&plastic, &type_a], vec![&plastic], vec![]], "..!"),
            ("a phone", vec![vec![&phone], vec![]], ".."),
            (
                "a phone with a made-up UID",
                vec![vec![&phone, &random], vec![&random], vec![]],
                "...",
            ),
            ("made up", vec![vec![&random], vec![]], ".."),
            ("maybe made up", vec![vec![&type_b], vec![]], ".."),
        ];
        for (name, rounds, expected) in rows {
            let mut silence = Silence::default();
            let behind = |cards: &Vec<&Card>| {
                let cards: Vec<_> = cards.iter().map(|card| (*card).clone()).collect();
                if silence.after(&cards) { '!' } else { '.' }
            };
            assert_eq!(rounds.iter().map(behind).collect::<String>(), expected, "{name}");
        }
    }
}
