use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use kazasu_hal::Mono;
use kazasu_pn532::{Session, Settings};
use kazasu_sim::{Field, Input, Pn532, Seed};

use crate::{Broken, Damage, Link, Pair, Traffic};

/// Bits of a byte on the line: 8N1.
const BITS_PER_BYTE: u32 = 10;
/// What a byte looks like to whoever expects another rate.
const NOISE: u8 = 0xF8;
/// Of a line that does not hold its rate, one byte in so many arrives changed.
const CHANGED_EVERY: usize = 5;

/// A simulated PN532 on a serial line, which takes its real time and has a rate at each end.
#[derive(Debug)]
pub struct Serial {
    /// The chip.
    pub chip: Pn532,
    /// What the chip sends, to damage it.
    pub from_chip: Traffic,
    /// The highest rate at which bytes arrive as they were sent, in bit/s.
    pub holds: u32,
    settings: Settings,
    /// The rate of the host's port, in bit/s.
    rate: u32,
    to_chip: Line,
    to_host: Line,
}

/// One direction: what is under way, and when it arrives.
#[derive(Debug, Default)]
struct Line {
    under_way: VecDeque<UnderWay>,
    free_at: Mono,
}

#[derive(Debug)]
struct UnderWay {
    due: Mono,
    /// At which it was sent, in bit/s.
    rate: u32,
    bytes: Vec<u8>,
}

impl Line {
    fn send(&mut self, now: Mono, rate: u32, bytes: Vec<u8>) {
        let bits = u32::try_from(bytes.len()).unwrap_or(u32::MAX).saturating_mul(BITS_PER_BYTE);
        let takes = Duration::from_secs(1).saturating_mul(bits) / rate;
        self.free_at = self.free_at.max(now).after(takes);
        self.under_way.push_back(UnderWay { due: self.free_at, rate, bytes });
    }

    /// Bytes that arrive now, before all that is due later.
    fn insert(&mut self, now: Mono, rate: u32, bytes: Vec<u8>) {
        let at = self.under_way.partition_point(|under_way| under_way.due <= now);
        self.under_way.insert(at, UnderWay { due: now, rate, bytes });
    }

    fn due(&self) -> Option<Mono> {
        self.under_way.front().map(|under_way| under_way.due)
    }

    /// What has arrived by now, as one sees it who expects `rate`, on a line that holds `holds`.
    fn arrive(&mut self, now: Mono, rate: u32, holds: u32) -> Option<Vec<u8>> {
        self.due().filter(|due| *due <= now)?;
        let UnderWay { rate: sent_at, mut bytes, .. } = self.under_way.pop_front()?;
        if sent_at != rate {
            bytes.fill(NOISE);
        } else if rate > holds {
            bytes.iter_mut().step_by(CHANGED_EVERY).for_each(|byte| *byte ^= 0x10);
        }
        Some(bytes)
    }

    fn clear(&mut self) {
        self.under_way.clear();
        self.free_at = Mono::default();
    }
}

impl Serial {
    fn with(seed: Seed, settings: Settings) -> Self {
        Self {
            chip: Pn532::new(seed),
            from_chip: Traffic::default(),
            holds: u32::MAX,
            rate: settings.rate,
            settings,
            to_chip: Line::default(),
            to_host: Line::default(),
        }
    }

    /// The rates of the host's port and of the chip, in bit/s.
    #[must_use]
    pub fn rates(&self) -> (u32, u32) {
        (self.rate, self.chip.baud_rate().bit_per_s())
    }

    fn take_from_chip(&mut self, now: Mono) -> Result<(), Broken> {
        while let Some(mut bytes) = self.chip.poll_output() {
            let rate = self.chip.baud_rate().bit_per_s();
            let Some((damage, rest)) = self.from_chip.pass(&mut bytes) else {
                self.to_host.send(now, rate, bytes);
                continue;
            };
            match damage {
                Damage::Cut => return Err(Broken(bytes)),
                Damage::Unplug => {
                    self.chip.power_cycle();
                    return Err(Broken(bytes));
                }
                Damage::Late(by) => {
                    self.to_host.send(now, rate, bytes);
                    // What the chip sends meanwhile waits behind it and comes with it, as if an
                    // adapter held it all back.
                    let free_at = self.to_host.free_at;
                    self.to_host.send(now.after(by), rate, rest);
                    self.to_host.free_at = free_at;
                }
                _ => {
                    self.to_host.send(now, rate, bytes);
                    self.to_host.send(now, rate, rest);
                }
            }
        }
        Ok(())
    }
}

impl Link for Serial {
    type Session = Session;

    fn new(seed: Seed) -> Self {
        Self::with(seed, Settings::default())
    }

    fn field(&mut self) -> &mut Field {
        self.chip.field()
    }

    fn open(&mut self, now: Mono) -> Session {
        self.rate = self.settings.rate;
        Session::new(now, &self.settings)
    }

    fn close(&mut self, _now: Mono, session: &Session) {
        self.settings.learned = session.learned();
        self.to_chip.clear();
        self.to_host.clear();
    }

    fn send(&mut self, now: Mono, bytes: Bytes) -> Result<(), Broken> {
        self.to_chip.send(now, self.rate, bytes.into());
        Ok(())
    }

    fn set_rate(&mut self, rate: u32) {
        self.rate = rate;
    }

    fn due(&self) -> Option<Mono> {
        let chip = self.chip.poll_timeout().map(Mono);
        [chip, self.to_chip.due(), self.to_host.due()].into_iter().flatten().min()
    }

    fn run(&mut self, now: Mono) -> Result<(), Broken> {
        while let Some(bytes) =
            self.to_chip.arrive(now, self.chip.baud_rate().bit_per_s(), self.holds)
        {
            self.chip.handle(now.0, Input::Bytes(&bytes));
            self.take_from_chip(now)?;
        }
        if self.chip.poll_timeout().is_some_and(|due| due <= now.0) {
            self.chip.handle(now.0, Input::Timeout);
            self.take_from_chip(now)?;
        }
        Ok(())
    }

    fn arrive(&mut self, now: Mono) -> Option<Vec<u8>> {
        self.to_host.arrive(now, self.rate, self.holds)
    }

    fn invent(&mut self, now: Mono, bytes: &[u8]) {
        self.to_host.insert(now, self.rate, bytes.to_vec());
    }
}

impl Pair<Serial> {
    /// A chip that just got power, and a session that begins to wake it up on a line with these
    /// settings.
    #[must_use]
    pub fn with(seed: u64, settings: Settings) -> Self {
        Self::over(Serial::with(Seed(seed), settings))
    }

    /// How a session begins on the line, by what was learned so far.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let learned = self.session().map(Session::learned);
        let learned = learned.unwrap_or(self.link.settings.learned);
        Settings { learned, ..self.link.settings.clone() }
    }
}
