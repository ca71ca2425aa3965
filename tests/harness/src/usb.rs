use std::collections::VecDeque;

use bytes::Bytes;
use kazasu_hal::{Mono, Polling};
use kazasu_rcs380::Session;
use kazasu_sim::{Field, Rcs380, Seed, usb};
use kazasu_wire::{
    port100::Command,
    sof::{Family, Frame, locate},
};

use crate::{Broken, Damage, Link, Traffic};

/// Whose bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From the host to the reader.
    Host,
    /// From the reader to the host.
    Reader,
}

/// A simulated RC-S380 behind USB transfers that can be lost, changed, cut into two and held back.
/// They keep their order, as on a bus.
#[derive(Debug)]
pub struct Usb {
    /// The reader.
    pub reader: Rcs380,
    /// Every transfer of the host, with the time.
    pub sent: Vec<(Mono, Vec<u8>)>,
    is_open: bool,
    /// On their way to the host, in order.
    to_host: VecDeque<(Mono, Vec<u8>)>,
    /// Nothing arrives at the host before.
    held_until: Mono,
    from_host: Traffic,
    from_reader: Traffic,
}

impl Usb {
    /// What this side sends, to damage it.
    pub fn traffic(&mut self, side: Side) -> &mut Traffic {
        match side {
            Side::Host => &mut self.from_host,
            Side::Reader => &mut self.from_reader,
        }
    }

    /// The commands that the host sent since then, in order; aborts are not among them.
    #[must_use]
    pub fn commands_since(&self, from: Mono) -> Vec<Command> {
        let sent = self.sent.iter().filter(|(at, _)| *at >= from);
        let command = |(_, bytes): &(Mono, Vec<u8>)| match locate(Family::Port100, bytes) {
            Ok(found) => match found.frame {
                Frame::Data(data) => Command::decode(&data).ok(),
                _ => None,
            },
            Err(_) => None,
        };
        sent.filter_map(command).collect()
    }

    /// A transfer on its way, whole or not.
    fn transfer(&mut self, now: Mono, side: Side, mut bytes: Vec<u8>) -> Result<(), Broken> {
        let damaged = self.traffic(side).pass(&mut bytes);
        let Some((damage, rest)) = damaged else {
            self.deliver(now, side, bytes);
            return Ok(());
        };
        match damage {
            Damage::Late(by) => {
                self.deliver(now, side, bytes);
                self.held_until = now.after(by);
                self.deliver(now, side, rest);
            }
            Damage::Cut | Damage::Unplug => {
                self.deliver(now, side, bytes);
                if damage == Damage::Unplug {
                    self.reader.power_cycle();
                }
                // What is on its way to the host never gets there.
                return Err(Broken(Vec::new()));
            }
            _ => {
                bytes.extend(rest);
                self.deliver(now, side, bytes);
            }
        }
        Ok(())
    }

    fn deliver(&mut self, now: Mono, side: Side, bytes: Vec<u8>) {
        match side {
            Side::Host => self.reader.bulk_out(now.0, &bytes),
            Side::Reader => self.invent(now, &bytes),
        }
    }
}

impl Link for Usb {
    type Session = Session;

    fn new(seed: Seed) -> Self {
        Self {
            reader: Rcs380::new(seed),
            sent: Vec::new(),
            is_open: false,
            to_host: VecDeque::new(),
            held_until: Mono::default(),
            from_host: Traffic::default(),
            from_reader: Traffic::default(),
        }
    }

    fn field(&mut self) -> &mut Field {
        self.reader.field()
    }

    fn open(&mut self, now: Mono) -> Session {
        self.is_open = true;
        Session::new(now, Polling::Normal)
    }

    fn close(&mut self, now: Mono, _session: &Session) {
        self.is_open = false;
        self.to_host.clear();
        self.held_until = now;
    }

    fn send(&mut self, now: Mono, bytes: Bytes) -> Result<(), Broken> {
        let bytes: Vec<u8> = bytes.into();
        self.sent.push((now, bytes.clone()));
        self.transfer(now, Side::Host, bytes)
    }

    /// A bus has no rate that a host sets.
    fn set_rate(&mut self, _rate: u32) {}

    fn due(&self) -> Option<Mono> {
        let transfer = self.to_host.front().map(|(due, _)| *due);
        [self.reader.poll_timeout().map(Mono), transfer].into_iter().flatten().min()
    }

    /// The host waits for packets all the time; what nobody waits for is thrown away.
    fn run(&mut self, now: Mono) -> Result<(), Broken> {
        while let Some(bytes) = self.reader.bulk_in(now.0, usb::PACKET) {
            if self.is_open {
                self.transfer(now, Side::Reader, bytes)?;
            }
        }
        Ok(())
    }

    fn arrive(&mut self, now: Mono) -> Option<Vec<u8>> {
        self.to_host.front().filter(|(due, _)| *due <= now)?;
        self.to_host.pop_front().map(|(_, bytes)| bytes)
    }

    fn invent(&mut self, now: Mono, bytes: &[u8]) {
        self.to_host.push_back((now.max(self.held_until), bytes.to_vec()));
    }
}
