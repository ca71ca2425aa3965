use kazasu_harness::Serial;

use crate::cards::{DESFIRE, FOUR, SEVEN, check, type_a};

#[test]
fn type_a_cards_that_come_together_are_both_reported() {
    let four = type_a(&[0x5A, 0xC1, 0xC2, 0xC3], 0x0004, 0x08);
    let seven = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 5], 0x0044, 0x00);
    let desfire = type_a(&[0x04, 0x5A, 1, 2, 3, 4, 6], 0x0344, 0x20);
    check::<Serial>(&[FOUR, SEVEN], true, &[&four, &seven]);
    check::<Serial>(&[DESFIRE, SEVEN], true, &[&desfire, &seven]);
}
