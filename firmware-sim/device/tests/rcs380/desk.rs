use std::time::Duration;

use kazasu_sim::{Line, Rcs380, Seed, parse};
use kazasu_wire::sof::{Family, Frame};

/// A host with the reader on its desk.
pub(crate) struct Desk {
    pub(crate) reader: Rcs380,
    pub(crate) now: Duration,
}

pub(crate) const ACK: [u8; 6] = [0, 0, 0xFF, 0, 0xFF, 0];
/// Longer than any answer takes but those that are late.
const PATIENCE: Duration = Duration::from_secs(1);

impl Desk {
    /// A reader that just got power.
    pub(crate) fn new() -> Self {
        Self { reader: Rcs380::new(Seed(1)), now: Duration::ZERO }
    }

    /// A reader of command type 1.
    pub(crate) fn open(lines: &[&str]) -> Self {
        let mut desk = Self::new();
        assert_eq!(desk.ask("2A 01"), "2B 00");
        lines.iter().for_each(|line| desk.control(line));
        desk
    }

    pub(crate) fn control(&mut self, line: &str) {
        match parse(line).unwrap() {
            Line::Put(card) => drop(self.reader.field().put(card).unwrap()),
            Line::Take(number) => drop(self.reader.field().take(number).unwrap()),
            Line::Fault(fault) => drop(self.reader.set_fault(fault)),
            Line::Pace(pace) => self.reader.set_pace(pace),
            other => panic!("{other:?}"),
        }
    }

    /// Sends a message as hosts do: one transfer, and an empty one behind whole packets.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.reader.bulk_out(self.now, bytes);
        if bytes.len().is_multiple_of(64) {
            self.reader.bulk_out(self.now, &[]);
        }
    }

    /// Sends a command: its code and what follows, in hex.
    pub(crate) fn send(&mut self, command: &str) {
        let data = [vec![0xD6], unhex(command)].concat();
        self.bytes(&Frame::Data(data).encode_for(Family::Port100).unwrap());
    }

    /// Lets time pass and gives what came, and when.
    pub(crate) fn pass(&mut self, wait: Duration) -> Vec<(Duration, Vec<u8>)> {
        let end = self.now + wait;
        let mut came = Vec::new();
        loop {
            while let Some(bytes) = self.reader.bulk_in(self.now, 300) {
                came.push((self.now, bytes));
            }
            match self.reader.poll_timeout() {
                Some(due) if due <= end => {
                    assert!(due > self.now, "the reader must not stop the clock");
                    self.now = due;
                }
                _ => break,
            }
        }
        self.now = end;
        came
    }

    /// Sends a command and gives its answer in hex, code first. `error` is the error frame.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.timed(command).0
    }

    /// The same, with the microseconds until the answer.
    pub(crate) fn timed(&mut self, command: &str) -> (String, u128) {
        let start = self.now;
        self.send(command);
        let came = self.pass(PATIENCE);
        let [(_, ack), (at, answer)] = &came[..] else { panic!("{command}: {came:02X?}") };
        assert_eq!(ack[..], ACK, "{command}");
        (spoken(answer), (*at - start).as_micros())
    }

    /// All of one kind of card's settings, as nfcpy writes them.
    pub(crate) fn felica(&mut self, speed: u8) {
        assert_eq!(self.ask(&format!("00 01 {speed:02X} 0F {speed:02X}")), "01 00");
        self.defaults();
        self.set("00 18");
    }

    pub(crate) fn type_a(&mut self) {
        assert_eq!(self.ask("00 02 03 0F 03"), "01 00");
        self.defaults();
        self.set("00 06 01 00 02 00 05 01 07 07");
    }

    pub(crate) fn type_b(&mut self) {
        assert_eq!(self.ask("00 03 07 0F 07"), "01 00");
        self.defaults();
        self.set("00 14 09 01 0A 01 0B 01 0C 01");
    }

    fn defaults(&mut self) {
        self.set(
            "00 18 01 01 02 01 03 00 04 00 05 00 06 00 07 08 08 00 09 00 0A 00 0B 00 0C 00 0E 04 \
             0F 00 10 00 11 00 12 00 13 06",
        );
    }

    pub(crate) fn set(&mut self, settings: &str) {
        assert_eq!(self.ask(&format!("02 {settings}")), "03 00", "{settings}");
    }

    /// Sends bytes to the cards and gives what they say with the count of valid bits before it, or
    /// the status in hex.
    pub(crate) fn comm(&mut self, timeout: u16, bytes: &str) -> String {
        let [low, high] = timeout.to_le_bytes();
        let answer = self.ask(&format!("04 {low:02X} {high:02X} {bytes}"));
        match answer.strip_prefix("05 00 00 00 00") {
            Some(received) => received.trim().to_owned(),
            None => {
                let status = unhex(&answer)[1..].try_into().map(u32::from_le_bytes);
                format!("status {:X}", status.unwrap())
            }
        }
    }
}

fn spoken(answer: &[u8]) -> String {
    if answer == [0, 0, 0xFF, 0xFF, 0xFF] {
        return "error".into();
    }
    let found = kazasu_wire::sof::locate(Family::Port100, answer).unwrap();
    let Frame::Data(data) = found.frame else { panic!("{answer:02X?}") };
    // Always extended, with one postamble behind it.
    assert!(found.extended && found.end + 1 == answer.len() && data[0] == 0xD7, "{answer:02X?}");
    hex(&data[1..])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

/// Bytes of hex digits, spaces aside.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let pairs = (0..digits.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
