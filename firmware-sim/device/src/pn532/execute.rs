//! What each command does.

use std::time::Duration;

use kazasu_wire::{
    Raw,
    felica::{Polling, Rate, Request, SYSTEM_ANY, Slots},
    pn532::{Answer, AutoPollTarget, Command, Initiator, RfItem, Status, StatusCode, TargetStatus},
    sof::Frame,
};

use super::{
    Activity, Answering, AutoPolling, Listing, Pn532, Then,
    radio::{Exchange, Found},
    registers::{self, Framing},
};

/// The unit of InAutoPoll's period.
const PERIOD: Duration = Duration::from_millis(150);
/// SetParameters: ask type A cards for their ATS.
const AUTO_RATS: u8 = 0x10;
/// State of the security module in GetGeneralStatus: none.
const NO_SAM: u8 = 0x80;

impl Pn532 {
    pub(super) fn execute(&mut self, now: Duration, command: Command) -> Activity {
        let answer = match command {
            Command::GetFirmwareVersion => {
                Answer::GetFirmwareVersion { ic: 0x32, version: 1, revision: 6, support: 0x07 }
            }
            Command::SetSerialBaudRate(rate) => {
                let answer = Some(Answer::SetSerialBaudRate);
                return self.then(now, answer, Then::ChangeRate(rate));
            }
            Command::SamConfiguration(_) => Answer::SamConfiguration,
            Command::SetParameters(flags) => {
                self.settings.auto_rats = flags & AUTO_RATS != 0;
                Answer::SetParameters
            }
            Command::GetGeneralStatus => Answer::GetGeneralStatus {
                error: Status::OK,
                foreign_field: false,
                targets: self.targets.iter().filter_map(target_status).collect(),
                sam: NO_SAM,
            },
            Command::ReadRegister(addresses) => {
                let field_on = self.settings.field_on;
                let values = addresses
                    .into_iter()
                    .map(|address| self.registers.read(address, field_on))
                    .collect::<Vec<_>>();
                Answer::ReadRegister(values.into())
            }
            Command::WriteRegister(writes) => {
                for write in writes {
                    self.registers.write(write.address, write.value);
                }
                Answer::WriteRegister
            }
            Command::InDeselect(tg) => {
                self.put_to_rest(tg);
                Answer::InDeselect(self.known(tg))
            }
            Command::InSelect(tg) => {
                let found = self.targets.iter().find(|found| found.tg() == Some(tg));
                if let Some(card) = found.map(|found| found.card) {
                    self.field.wake(card);
                }
                Answer::InSelect(self.known(tg))
            }
            Command::InRelease(tg) => {
                self.put_to_rest(tg);
                let status = self.known(tg);
                self.targets.retain(|found| tg != 0 && found.tg() != Some(tg));
                Answer::InRelease(status)
            }
            Command::Diagnose { test, data } => return self.diagnose(now, test, &data),
            Command::RfConfiguration(item) => return self.configure(now, &item),
            Command::PowerDown { .. } => {
                return self.then(now, Some(Answer::PowerDown(Status::OK)), Then::Sleep);
            }
            Command::InListPassiveTarget { max_tg, initiator } => {
                let tries_left = self.settings.passive_retries;
                return self.list(now, initiator, usize::from(max_tg), tries_left);
            }
            Command::InDataExchange { tg, data, .. } => {
                let found = self.targets.iter().find(|found| found.tg() == Some(tg));
                let Some(found) = found.cloned() else {
                    let status = StatusCode::Context.into();
                    let data = Raw::default();
                    return self.answer(now, Answer::InDataExchange { status, data });
                };
                let Exchange { status, data, takes } = self.talk(&found, &data);
                let answer = Answer::InDataExchange { status, data: data.into() };
                return self.exchanged(now, status, takes, answer);
            }
            Command::InCommunicateThru(data) => {
                let Exchange { status, data, takes } = self.pass_through(&data);
                let answer = Answer::InCommunicateThru { status, data: data.into() };
                return self.exchanged(now, status, takes, answer);
            }
            Command::InAutoPoll { poll_nr, period, kinds } => {
                let rounds_left = (poll_nr != 0xFF).then(|| poll_nr.saturating_sub(1));
                let period = PERIOD.saturating_mul(u32::from(period));
                return self.auto_poll(now, kinds, 0, rounds_left, period);
            }
            Command::Unknown { .. } => return self.syntax_error(now),
        };
        self.answer(now, answer)
    }

    /// 00 stands for all targets.
    fn known(&self, tg: u8) -> Status {
        if tg == 0 || self.targets.iter().any(|found| found.tg() == Some(tg)) {
            Status::OK
        } else {
            StatusCode::Context.into()
        }
    }

    /// InDeselect and InRelease: HLTA to a type A card, S(DESELECT) to one that speaks
    /// ISO/IEC 14443-4, nothing to others.
    fn put_to_rest(&mut self, tg: u8) {
        for found in self.targets.iter().filter(|found| tg == 0 || found.tg() == Some(tg)) {
            self.field.put_to_rest(found.card);
        }
    }

    fn then(&self, now: Duration, answer: Option<Answer>, then: Then) -> Activity {
        let due = Some(now.saturating_add(self.takes(super::COMMAND_TIME)));
        Activity::Answering(Answering { due, answer, then })
    }

    /// A card's answer comes at the pace of the air; that there is none takes as long as the host
    /// allows.
    fn exchanged(
        &self,
        now: Duration,
        status: Status,
        takes: Option<Duration>,
        answer: Answer,
    ) -> Activity {
        let is_answer = status == Status::OK;
        let takes = takes.map(|takes| if is_answer { self.takes(takes) } else { takes });
        self.after(now, takes, answer)
    }

    fn diagnose(&mut self, now: Duration, test: u8, data: &[u8]) -> Activity {
        let result = match (test, data) {
            // The line: everything comes back, test number included.
            (0x00, _) => [&[test], data].concat(),
            // ROM and RAM are sound.
            (0x01 | 0x02, []) => vec![0x00],
            // How many of 128 pollings fail, at 212 (01) or 424 kbit/s (02).
            (0x04, [rate @ (1 | 2)]) => {
                let rate = if *rate == 1 { Rate::R212 } else { Rate::R424 };
                let polling =
                    Polling { system: SYSTEM_ANY, request: Request::None, slots: Slots::One };
                let answers =
                    (0..128).filter(|_| !self.field.poll_felica(rate, &polling).is_empty());
                vec![128_u8.saturating_sub(u8::try_from(answers.count()).unwrap_or(u8::MAX))]
            }
            // Echoes what it receives by radio, until an ACK ends that.
            (0x05, [_, _, _]) => {
                return self.after(now, None, Answer::Diagnose(Raw::default()));
            }
            // Is the card still there?
            (0x06, []) => {
                let there = self.targets.iter().any(|found| self.field.holds(found.card));
                let status = if there { StatusCode::Ok } else { StatusCode::Timeout };
                vec![status.byte()]
            }
            // The antenna draws the current it should.
            (0x07, [_]) => vec![StatusCode::Ok.byte()],
            _ => return self.syntax_error(now),
        };
        self.answer(now, Answer::Diagnose(result.into()))
    }

    fn configure(&mut self, now: Duration, item: &RfItem) -> Activity {
        match item {
            RfItem::Field { on, .. } => self.set_field(*on),
            RfItem::Timings { retry, .. } => {
                self.settings.exchange_time = registers::timeout(*retry);
            }
            RfItem::MaxRetries { passive_activation, .. } => {
                self.settings.passive_retries =
                    Some(*passive_activation).filter(|retries| *retries != 0xFF);
            }
            // Retries of an exchange and analogue settings make no difference here.
            RfItem::Other { item, data } => {
                let length = match item {
                    0x04 => 1,
                    0x0A => 11,
                    0x0B => 8,
                    0x0C => 3,
                    0x0D => 9,
                    _ => return self.syntax_error(now),
                };
                if data.len() != length {
                    return self.syntax_error(now);
                }
            }
        }
        self.answer(now, Answer::RfConfiguration)
    }

    pub(super) fn list(
        &mut self,
        now: Duration,
        initiator: Initiator,
        max_tg: usize,
        tries_left: Option<u8>,
    ) -> Activity {
        let (found, takes) = self.look(&initiator, max_tg);
        // A search without an end would keep a processor busy.
        let endless = found.is_empty() && tries_left.is_none();
        let due = now.saturating_add(if endless { takes } else { self.takes(takes) });
        Activity::Listing(Listing { initiator, max_tg, tries_left, found, due })
    }

    fn auto_poll(
        &mut self,
        now: Duration,
        kinds: Vec<u8>,
        turn: usize,
        rounds_left: Option<u8>,
        period: Duration,
    ) -> Activity {
        let kind = kinds.get(turn).copied().unwrap_or_default();
        // Between the turns the field is off, so that each kind of card begins anew.
        self.field.power_off();
        let (found, takes) = self.look_kind(kind);
        let due = now.saturating_add(if found.is_empty() { period } else { self.takes(takes) });
        Activity::AutoPolling(AutoPolling { kinds, turn, rounds_left, period, found, due })
    }

    pub(super) fn auto_polled(&mut self, now: Duration, polling: AutoPolling) {
        let AutoPolling { kinds, turn, rounds_left, period, found, .. } = polling;
        let next = turn.saturating_add(1);
        let (next, rounds_left) = match rounds_left {
            _ if next < kinds.len() => (Some(next), rounds_left),
            None => (Some(0), None),
            Some(left) => (left.checked_sub(1).map(|_| 0), left.checked_sub(1)),
        };
        if let (true, Some(next)) = (found.is_empty(), next) {
            self.activity = self.auto_poll(now, kinds, next, rounds_left, period);
            return;
        }
        let targets = found
            .iter()
            .map(|(kind, found)| AutoPollTarget { kind: *kind, target: found.target.clone() })
            .collect();
        self.targets = found.into_iter().map(|(_, found)| found).collect();
        self.send(&Frame::Data(Answer::InAutoPoll(targets).encode()));
    }
}

fn target_status(found: &Found) -> Option<TargetStatus> {
    // 0, 1, 2 = 106, 212, 424 kbit/s; 10 = FeliCa.
    let (rate, modulation) = match found.framing {
        Framing::Felica(kazasu_wire::felica::Rate::R212) => (1, 0x10),
        Framing::Felica(kazasu_wire::felica::Rate::R424) => (2, 0x10),
        Framing::TypeA | Framing::TypeB | Framing::Other => (0, 0x00),
    };
    Some(TargetStatus { tg: found.tg()?, br_rx: rate, br_tx: rate, modulation })
}
