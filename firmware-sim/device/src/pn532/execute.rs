//! What each command does.

use std::time::Duration;

use kazasu_wire::{
    Raw,
    pn532::{Answer, AutoPollTarget, Command, Initiator, RfItem, Status, StatusCode, TargetStatus},
    sof::Frame,
};

use super::{
    Activity, Answering, AutoPolling, Listing, Pn532, answer,
    radio::Found,
    registers::{self, Framing},
    syntax_error,
};

/// The unit of InAutoPoll's period.
const PERIOD: Duration = Duration::from_millis(150);
/// SetParameters: ask type A cards for their ATS.
const AUTO_RATS: u8 = 0x10;
/// State of the security module in GetGeneralStatus: none.
const NO_SAM: u8 = 0x80;

impl Pn532 {
    pub(super) fn execute(&mut self, now: Duration, command: Command) -> Activity {
        answer(
            now,
            match command {
                Command::GetFirmwareVersion => {
                    Answer::GetFirmwareVersion { ic: 0x32, version: 1, revision: 6, support: 0x07 }
                }
                Command::SetSerialBaudRate(_) => Answer::SetSerialBaudRate,
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
                Command::InDeselect(tg) => Answer::InDeselect(self.known(tg)),
                Command::InSelect(tg) => Answer::InSelect(self.known(tg)),
                Command::InRelease(tg) => {
                    let status = self.known(tg);
                    self.targets.retain(|found| tg != 0 && found.tg() != Some(tg));
                    Answer::InRelease(status)
                }
                Command::Diagnose { test, data } => return self.diagnose(now, test, &data),
                Command::RfConfiguration(item) => return self.configure(now, &item),
                Command::PowerDown { .. } => {
                    let due = Some(now.saturating_add(super::COMMAND_TIME));
                    let answer = Some(Answer::PowerDown(Status::OK));
                    return Activity::Answering(Answering { due, answer, then_sleep: true });
                }
                Command::InListPassiveTarget { max_tg, initiator } => {
                    let tries_left = self.settings.passive_retries;
                    return self.list(now, initiator, usize::from(max_tg), tries_left);
                }
                Command::InDataExchange { tg, data, .. } => {
                    let found = self.targets.iter().find(|found| found.tg() == Some(tg));
                    let Some(Found { card, framing, .. }) = found.cloned() else {
                        let status = StatusCode::Context.into();
                        let data = Raw::default();
                        return answer(now, Answer::InDataExchange { status, data });
                    };
                    let (status, data, takes) = self.exchange(framing, Some(card), &data);
                    let data = data.into();
                    return after(now, takes, Answer::InDataExchange { status, data });
                }
                Command::InCommunicateThru(data) => {
                    let framing = self.registers.framing();
                    let (status, data, takes) = self.exchange(framing, None, &data);
                    let data = data.into();
                    return after(now, takes, Answer::InCommunicateThru { status, data });
                }
                Command::InAutoPoll { poll_nr, period, kinds } => {
                    let rounds_left = (poll_nr != 0xFF).then(|| poll_nr.saturating_sub(1));
                    let period = PERIOD.saturating_mul(u32::from(period));
                    return self.auto_poll(now, kinds, 0, rounds_left, period);
                }
                Command::Unknown { .. } => return syntax_error(now),
            },
        )
    }

    /// 00 stands for all targets.
    fn known(&self, tg: u8) -> Status {
        if tg == 0 || self.targets.iter().any(|found| found.tg() == Some(tg)) {
            Status::OK
        } else {
            StatusCode::Context.into()
        }
    }

    fn diagnose(&self, now: Duration, test: u8, data: &[u8]) -> Activity {
        let result = match test {
            // The line: everything comes back, test number included.
            0x00 => [&[test], data].concat(),
            // ROM and RAM are sound.
            0x01 | 0x02 => vec![0x00],
            // Is the card still there?
            0x06 => {
                let there = self.targets.iter().any(|found| self.field.holds(found.card));
                let status = if there { StatusCode::Ok } else { StatusCode::Timeout };
                vec![status.byte()]
            }
            _ => return syntax_error(now),
        };
        answer(now, Answer::Diagnose(result.into()))
    }

    fn configure(&mut self, now: Duration, item: &RfItem) -> Activity {
        match item {
            RfItem::Field { on, .. } => self.settings.field_on = *on,
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
                    _ => return syntax_error(now),
                };
                if data.len() != length {
                    return syntax_error(now);
                }
            }
        }
        answer(now, Answer::RfConfiguration)
    }

    pub(super) fn list(
        &mut self,
        now: Duration,
        initiator: Initiator,
        max_tg: usize,
        tries_left: Option<u8>,
    ) -> Activity {
        let (found, takes) = self.look(&initiator, max_tg);
        let due = now.saturating_add(takes);
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
        let (found, takes) = self.look_kind(kind);
        let due = now.saturating_add(if found.is_empty() { period } else { takes });
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
        Framing::Felica(kazasu_wire::pn532::Rate::R212) => (1, 0x10),
        Framing::Felica(kazasu_wire::pn532::Rate::R424) => (2, 0x10),
        Framing::TypeA | Framing::Other => (0, 0x00),
    };
    Some(TargetStatus { tg: found.tg()?, br_rx: rate, br_tx: rate, modulation })
}

/// Without a time the answer never comes.
fn after(now: Duration, takes: Option<Duration>, answer: Answer) -> Activity {
    let due = takes.map(|takes| now.saturating_add(takes));
    Activity::Answering(Answering { due, answer: Some(answer), then_sleep: false })
}
