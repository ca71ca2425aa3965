//! Sleep, damaged frames, any bytes.

use kazasu_wire::{
    pn532::Command,
    sof::{Frame, WAKE_UP},
};
use proptest::{collection::vec, prelude::*};

use crate::desk::{Desk, MS, TYPE_A};

#[test]
fn a_sleeping_chip_needs_noise_before_its_first_command() {
    // (what is sent before the command, whether the command is answered)
    let check = |before: &[u8], answered: bool| {
        let mut desk = Desk::new();
        desk.bytes(before);
        desk.now += 100 * MS;
        desk.send(&Command::GetFirmwareVersion);
        assert_eq!(!desk.pass(100 * MS).is_empty(), answered, "{before:02X?}");
        // It is awake now in any case, and stays so.
        assert!(desk.ask(&Command::GetFirmwareVersion).is_some());
    };
    check(&[], false);
    check(&[0x55], false);
    check(&WAKE_UP, true);
    check(&[0; 10], true);
    check(&[0x55; 5], true);

    let mut desk = Desk::awake(&["put type-a uid=01020304"]);
    let down = Command::PowerDown { wake_up: 0xF0, irq: None };
    assert!(desk.ask(&down).is_some());
    desk.send(&Command::GetFirmwareVersion);
    assert_eq!(desk.pass(100 * MS), []);
    assert_eq!(desk.list(1, TYPE_A).0.len(), 1);
    // In the same write, too.
    assert!(desk.ask(&down).is_some());
    let frame = Frame::Data(Command::GetFirmwareVersion.encode()).encode().unwrap();
    desk.bytes(&[&WAKE_UP[..], &frame].concat());
    assert_eq!(desk.pass(100 * MS).len(), 2);
    // Without power it forgets everything but sleeps like before.
    desk.chip.power_cycle();
    desk.send(&Command::GetFirmwareVersion);
    assert_eq!(desk.pass(100 * MS), []);
    assert!(!desk.chip.field().is_empty());
}

#[test]
fn damaged_and_unfinished_frames_get_no_answer() {
    let mut desk = Desk::awake(&[]);
    let frame = Frame::Data(Command::GetFirmwareVersion.encode()).encode().unwrap();
    for bit in 3 * 8..(frame.len() - 1) * 8 {
        let mut damaged = frame.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        desk.bytes(&damaged);
        assert_eq!(desk.pass(60 * MS), [], "bit {bit}");
    }
    for length in 0..frame.len() - 1 {
        desk.bytes(&frame[..length]);
        assert_eq!(desk.pass(60 * MS), [], "{length} bytes");
        // What began is given up, so the next frame is not taken for its rest.
        assert!(desk.ask(&Command::GetFirmwareVersion).is_some(), "{length} bytes");
    }
    // Byte by byte is fine.
    for byte in &frame {
        desk.bytes(&[*byte]);
        desk.now += MS;
    }
    assert_eq!(desk.pass(60 * MS).len(), 2);
}

proptest! {
    #[test]
    fn any_bytes(chunks in vec((vec(any::<u8>(), 0..80), 0..100_u32), 0..20), put in any::<bool>()) {
        let mut desk = Desk::awake(&["put type-a uid=01020304"]);
        for (bytes, wait) in chunks {
            desk.bytes(&bytes);
            desk.pass(wait * MS);
            if put {
                desk.control("take");
                desk.control("put felica idm=012E4CE100000001");
            }
        }
        // The line is usable again after a pause.
        desk.pass(100 * MS);
        desk.bytes(&WAKE_UP);
        desk.pass(100 * MS);
        prop_assert!(desk.ask(&Command::GetFirmwareVersion).is_some());
    }

    #[test]
    fn any_command(data in vec(any::<u8>(), 0..30), code in 0..0x70_u8) {
        let mut desk = Desk::awake(&["put felica idm=012E4CE100000001"]);
        let data = [&[0xD4, code], &data[..]].concat();
        desk.bytes(&Frame::Data(data).encode().unwrap());
        let came = desk.pass(10_000 * MS);
        prop_assert_eq!(came.first().map(|(_, frame)| frame), Some(&Frame::Ack));
        prop_assert!(came.len() <= 2);
    }
}
