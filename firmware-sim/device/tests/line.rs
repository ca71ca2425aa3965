//! The serial line: pace, rates, faults at every byte.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, also outside of its #[test] function"
)]

use std::time::Duration;

use kazasu_sim::{Fault, FaultKind, Happening, Input, Line, Pace, Pn532, Seed, SerialLine, parse};
use kazasu_wire::sof::WAKE_UP;
use proptest::{collection::vec, prelude::*};

const ACK: [u8; 6] = [0, 0, 0xFF, 0, 0xFF, 0];
const ASK_VERSION: [u8; 9] = [0, 0, 0xFF, 2, 0xFE, 0xD4, 2, 0x2A, 0];
const VERSION: [u8; 13] = [0, 0, 0xFF, 6, 0xFA, 0xD5, 3, 0x32, 1, 6, 7, 0xE8, 0];

fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

/// A line and its clock.
struct Bench {
    line: SerialLine,
    now: Duration,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self { line: SerialLine::new(Pn532::new(Seed(1))), now: us(0) };
        bench.write(&WAKE_UP);
        bench.pass(us(10_000));
        bench
    }

    fn control(&mut self, line: &str) {
        match parse(line).unwrap() {
            Line::Put(card) => drop(self.line.field().put(card).unwrap()),
            Line::Fault(fault) => drop(self.line.set_fault(fault)),
            Line::Pace(pace) => self.line.set_pace(pace),
            other => panic!("{other:?}"),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.line.handle(self.now, Input::Bytes(bytes));
    }

    /// Lets time pass and gives what came out, with the microseconds since the call.
    fn pass(&mut self, wait: Duration) -> Vec<(u64, Happening)> {
        let (start, end) = (self.now, self.now + wait);
        let mut came = Vec::new();
        loop {
            while let Some(happening) = self.line.poll_output() {
                came.push(((self.now - start).as_micros().try_into().unwrap(), happening));
            }
            match self.line.poll_timeout() {
                Some(due) if due <= end => {
                    assert!(due >= self.now);
                    self.now = due;
                    self.line.handle(due, Input::Timeout);
                }
                _ => break,
            }
        }
        self.now = end;
        self.line.handle(end, Input::Timeout);
        came
    }

    /// Sends a command; what came, and when.
    fn ask(&mut self, command: &[u8]) -> Vec<(u64, Happening)> {
        self.write(command);
        self.pass(us(3_000_000))
    }
}

fn whole(came: &[(u64, Happening)]) -> Vec<u8> {
    came.iter()
        .flat_map(|(_, happening)| match happening {
            Happening::Bytes(bytes) => bytes.clone(),
            Happening::Unplugged => Vec::new(),
        })
        .collect()
}

#[test]
fn bytes_take_their_time_both_ways_and_frames_come_whole() {
    let mut bench = Bench::new();
    let check = |bench: &mut Bench, ack: u64, answer: u64| {
        let came = bench.ask(&ASK_VERSION);
        let frames = [Happening::Bytes(ACK.into()), Happening::Bytes(VERSION.into())];
        assert_eq!(came, [ack, answer].into_iter().zip(frames).collect::<Vec<_>>());
    };
    // 9 bytes there and 6 back at 86.8 us a byte; the answer is known 500 us after the command has
    // come, and follows the ACK.
    check(&mut bench, 1302, 2430);
    bench.control("pace instant");
    check(&mut bench, 0, 1);
    bench.control("pace real");
    check(&mut bench, 1302, 2430);

    // 921600: the answer comes at the old rate; whatever the host sends next is at the new one.
    let set_rate = [0, 0, 0xFF, 3, 0xFD, 0xD4, 0x10, 0x07, 0x15, 0];
    let done = [0, 0, 0xFF, 2, 0xFE, 0xD5, 0x11, 0x1A, 0];
    let came = bench.ask(&set_rate);
    assert_eq!(whole(&came), [&ACK[..], &done].concat());
    // 10 bytes there, 6 and 9 back.
    assert_eq!(came.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1388, 2170]);
    bench.write(&ACK);
    bench.pass(us(1000));
    check(&mut bench, 162, 738);
    bench.line.power_cycle();
    bench.write(&WAKE_UP);
    bench.pass(us(10_000));
    check(&mut bench, 1302, 2430);
    // What was under way when the host went away never comes.
    bench.write(&ASK_VERSION);
    bench.pass(us(100));
    bench.line.clear();
    assert_eq!(bench.pass(us(100_000)), []);
}

#[test]
fn instant_is_not_endless() {
    let mut bench = Bench::new();
    bench.control("pace instant");
    // Without a limit a search goes on at the pace of the air.
    let search = [0, 0, 0xFF, 4, 0xFC, 0xD4, 0x4A, 1, 0, 0xE1, 0];
    assert_eq!(bench.ask(&search), [(0, Happening::Bytes(ACK.into()))]);
    bench.control("put type-a uid=01020304");
    assert_eq!(bench.pass(us(20_000)).len(), 1);
}

#[test]
fn a_fault_hits_the_frames_it_is_meant_for() {
    // (control line, what comes to two commands)
    let both = [&ACK[..], &VERSION].concat();
    let clean = [&both[..], &both].concat();
    let check = |line: &str, expected: &[u8]| {
        let mut bench = Bench::new();
        bench.control(line);
        let came = [whole(&bench.ask(&ASK_VERSION)), whole(&bench.ask(&ASK_VERSION))].concat();
        assert_eq!(came, expected, "{line}");
    };
    let but = |place: usize, bytes: &[u8], instead: &[u8]| {
        let mut changed = clean.clone();
        changed.splice(place..place + bytes.len(), instead.iter().copied());
        changed
    };
    let noise = [0x55, 0x00, 0x80, 0x00, 0xFF, 0x33, 0x00, 0xA5];
    let nack = [0, 0, 0xFF, 0xFF, 0, 0];
    check("fault off", &clean);
    check("fault drop", &clean[6..]);
    check("fault drop after=1", &but(6, &VERSION, &[]));
    check("fault drop after=4", &clean);
    check("fault drop 4", &[]);
    check("fault drop at=7", &but(13, &[0x32], &[]));
    check("fault corrupt", &but(4, &[0xFF], &[0xFE]));
    check("fault corrupt after=1", &but(17, &[0xE8], &[0xE9]));
    let postamble = &but(18, &[0], &[1])[..19];
    check("fault corrupt 2 at=12", &[postamble, postamble].concat());
    check("fault corrupt at=13", &clean);
    check("fault nak", &[&nack[..], &clean[6..]].concat());
    check("fault nak at=8", &but(14, &VERSION[8..], &nack));
    check("fault garbage", &[&noise[..], &clean].concat());
    check("fault garbage at=3", &[&clean[..3], &noise, &clean[3..]].concat());
    check("fault garbage at=12", &but(18, &[], &noise));
}

#[test]
fn what_is_late_is_later_than_any_host_waits() {
    let mut bench = Bench::new();
    bench.control("fault late at=8");
    let came = bench.ask(&ASK_VERSION);
    let at: Vec<_> = came.iter().map(|(at, _)| *at).collect();
    assert_eq!(whole(&came), [&ACK[..], &VERSION].concat());
    assert_eq!(came[1].1, Happening::Bytes(VERSION[..8].into()));
    assert_eq!(at, [1302, 1996, 1_502_430]);
    // Others overtake it.
    bench.control("fault late after=1");
    bench.write(&ASK_VERSION);
    bench.pass(us(500_000));
    let came = bench.ask(&ASK_VERSION);
    assert_eq!(whole(&came), [&ACK[..], &VERSION, &VERSION].concat());
}

#[test]
fn a_plug_is_pulled_before_every_byte() {
    for at in 0..VERSION.len() {
        let mut bench = Bench::new();
        let kind = FaultKind::Unplug;
        bench.line.set_fault(Some(Fault { kind, count: 1, at: Some(at), after: 1 }));
        bench.write(&ASK_VERSION);
        let came = bench.pass(us(100_000));
        assert_eq!(whole(&came), [&ACK[..], &VERSION[..at]].concat(), "{at}");
        assert_eq!(came.last().unwrap().1, Happening::Unplugged, "{at}");
        bench.line.power_cycle();
        assert_eq!(bench.line.set_fault(None), 0);
        assert_eq!(bench.ask(&ASK_VERSION), [], "it sleeps");
        assert_eq!(whole(&bench.ask(&ASK_VERSION)), [&ACK[..], &VERSION].concat());
    }
}

#[test]
fn the_buffer_has_an_end() {
    let mut bench = Bench::new();
    assert_eq!(bench.line.room(), 4096);
    bench.write(&[0x55; 5000]);
    assert_eq!(bench.line.room(), 0);
    bench.write(&ASK_VERSION);
    assert_eq!(bench.pass(us(1_000_000)), [], "there was no room for it");
    assert_eq!(bench.line.room(), 4096);
    assert_eq!(whole(&bench.ask(&ASK_VERSION)), [&ACK[..], &VERSION].concat());
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let kinds = [
        FaultKind::Drop,
        FaultKind::Corrupt,
        FaultKind::Late,
        FaultKind::Nak,
        FaultKind::Garbage,
        FaultKind::Unplug,
    ];
    let kind = (0..kinds.len()).prop_map(move |index| kinds[index]);
    (kind, 1..4_u32, proptest::option::of(0..40_usize), 0..4_u32)
        .prop_map(|(kind, count, at, after)| Fault { kind, count, at, after })
}

proptest! {
    #[test]
    fn a_line_with_any_fault_is_well_afterwards(
        fault in any_fault(),
        chunks in vec(vec(any::<u8>(), 0..40), 0..10),
        instant in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        bench.line.set_pace(if instant { Pace::Instant } else { Pace::Real });
        bench.control("put felica idm=012E4CE100000001");
        bench.line.set_fault(Some(fault));
        for chunk in chunks {
            bench.write(&[&chunk[..], &ASK_VERSION].concat());
            bench.pass(us(5000));
        }
        bench.line.set_fault(None);
        bench.line.power_cycle();
        bench.write(&WAKE_UP);
        bench.pass(us(100_000));
        prop_assert_eq!(whole(&bench.ask(&ASK_VERSION)), [&ACK[..], &VERSION].concat());
    }
}
