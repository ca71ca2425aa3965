//! What comes after what: the opening, the rounds, requests between them, the closing.

use alloc::{format, vec::Vec};
use core::{mem, time::Duration};

use kazasu_hal::{Fault, FaultKind, Mono, Report};
use kazasu_link::{Output, Reply};
use kazasu_wire::{felica::Slots, pn532::Answer};

use super::{Opening, Outcome, Session, Stage};
use crate::{
    ask::Ask,
    cause,
    exchange::{Patience, Plan, SETTLE, abort},
    job::Job,
    round::{Round, Search},
};

/// What GetFirmwareVersion says of a PN532.
const IC_PN532: u8 = 0x32;
/// A card that is answered for wrongly is reported once; anew only when it was right for so long.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(2);

impl Session {
    pub(super) fn opened(
        &mut self,
        now: Mono,
        ask: &Ask,
        outcome: Outcome,
        mut opening: Opening,
    ) -> Result<(), Fault> {
        let mut wait = Duration::ZERO;
        let mut line_rate = None;
        let mut confirms = None;
        let mut patience = Patience::default();
        let next = match (ask, outcome) {
            (
                Ask::Firmware,
                Outcome::Answer(Answer::GetFirmwareVersion { ic, version, revision, .. }),
            ) => {
                if ic != IC_PN532 {
                    return Err(Fault::new(
                        FaultKind::Unsupported,
                        cause::other_chip(format!("{ic:02X}")),
                    ));
                }
                opening.model = format!("PN532 firmware {version}.{revision}");
                self.rates.wanted().map_or(Ask::Parameters, Ask::LineRate)
            }
            (Ask::LineRate(rate), Outcome::Answer(_)) => {
                // The chip changes over once this is acknowledged.
                confirms = Some(self.pace.pause());
                self.rates.set(*rate);
                (wait, line_rate) = (SETTLE, Some(*rate));
                Ask::Firmware
            }
            (Ask::LineRate(_), _) => {
                self.rates.stay();
                wait = SETTLE;
                Ask::Parameters
            }
            (Ask::Parameters, outcome) => {
                if let Outcome::Refused(fault) = outcome {
                    opening.missing.push(fault);
                    wait = SETTLE;
                }
                Ask::Retries(self.retries)
            }
            (_, Outcome::Refused(fault)) => return Err(fault),
            (Ask::WakeUp, _) => {
                // Behind the attempts of before, what comes late shows itself here.
                patience = Patience::First;
                Ask::Firmware
            }
            (Ask::Retries(_), _) => Ask::Field(false),
            // Whoever had the reader before may have left a card selected.
            (Ask::Field(false), _) => {
                wait = ask.guard();
                Ask::Field(true)
            }
            _ => {
                self.stale = false;
                self.pace.opened();
                self.start_round(now, Slots::One)?;
                self.outputs.push_back(Output::Attached(opening.model));
                let missing = opening.missing.into_iter().map(Report::Fault).map(Output::Report);
                self.outputs.extend(missing);
                return Ok(());
            }
        };
        self.stage = Stage::Opening(opening);
        self.start(now, Plan { wait, line_rate, confirms, patience, ..next.into() });
        Ok(())
    }

    pub(super) fn polled(
        &mut self,
        now: Mono,
        ask: &Ask,
        outcome: Outcome,
        mut round: Round,
    ) -> Result<(), Fault> {
        let mut wait = ask.guard();
        match outcome {
            Outcome::Answer(Answer::InListPassiveTarget(targets)) => {
                round.add(targets, self.reselects);
            }
            Outcome::Answer(_) => {
                if let Ask::Retries(retries) = ask {
                    self.retries = *retries;
                }
            }
            Outcome::Wrong(error) => round.complain(&error),
            Outcome::Refused(fault) => {
                let before = self.searches.len();
                self.searches.retain(|search| Some(*search) != Search::of(ask));
                if ask.lost_without().is_none() || self.searches.is_empty() {
                    return Err(fault);
                }
                if self.searches.len() == before {
                    self.reselects = false;
                    round.leave_selected();
                }
                round.faults.push(fault);
                wait = SETTLE;
            }
        }
        match round.next() {
            Some(ask) => {
                self.stage = Stage::Polling(round);
                self.start(now, Plan { wait, ..ask.into() });
                Ok(())
            }
            None => self.finish(now, round),
        }
    }

    fn finish(&mut self, now: Mono, round: Round) -> Result<(), Fault> {
        let faults = round.faults.into_iter().chain(self.pace.tell());
        let mut reports: Vec<_> = faults.map(Report::Fault).collect();
        if let Some(complaint) = round.complaint {
            let before = self.complained.replace(now);
            if before.is_none_or(|before| now.since(before) >= COMPLAINT_PAUSE) {
                let cause = cause::card_misdescribed(complaint);
                reports.push(Report::Fault(Fault::new(FaultKind::Protocol, cause)));
            }
        }
        let slots = self.crowd.after(&round.cards);
        self.stale |= self.silence.after(&round.cards);
        reports.push(Report::Field(round.cards));
        let until = round.started.after(self.polling.period());
        if let Some(job) = self.asked.take() {
            self.serve(now, job, slots);
        } else if until <= now {
            self.start_round(now, slots)?;
        } else {
            self.stage = Stage::Resting { until, slots };
        }
        self.outputs.extend(reports.into_iter().map(Output::Report));
        Ok(())
    }

    pub(super) fn start_round(&mut self, now: Mono, slots: Slots) -> Result<(), Fault> {
        let retries = Some(self.crowd.retries()).filter(|retries| *retries != self.retries);
        let resets = [Ask::Field(false), Ask::Field(true)];
        let stale = mem::take(&mut self.stale) || self.crowd.resets();
        let resets = resets.into_iter().filter(|_| stale);
        let searches = self.searches.iter().map(|search| search.ask(slots));
        let plan = retries.map(Ask::Retries).into_iter().chain(resets).chain(searches);
        let mut round = Round::start(now, plan);
        match round.next() {
            Some(ask) => {
                self.stage = Stage::Polling(round);
                self.start(now, ask.into());
                Ok(())
            }
            None => self.finish(now, round),
        }
    }

    pub(super) fn serve(&mut self, now: Mono, mut job: Job, slots: Slots) {
        // A new job has a place to look at.
        if let Ok(ask) = job.look() {
            self.stage = Stage::Serving(job, slots);
            self.start(now, ask.into());
        }
    }

    pub(super) fn served(
        &mut self,
        now: Mono,
        ask: &Ask,
        outcome: Outcome,
        mut job: Job,
        slots: Slots,
    ) -> Result<(), Fault> {
        let next = match outcome {
            Outcome::Answer(Answer::InListPassiveTarget(targets)) => {
                job.transfer(&targets).map_or_else(|| Err(job.look()), Ok)
            }
            Outcome::Answer(Answer::InDataExchange { status, data }) => {
                let outcome = job.outcome(status, &data);
                return self.reply(now, outcome, slots);
            }
            Outcome::Refused(fault) if matches!(ask, Ask::Transfer { .. }) => Err(Err(fault)),
            Outcome::Answer(_) | Outcome::Wrong(_) | Outcome::Refused(_) => Err(job.look()),
        };
        match next {
            Ok(ask) | Err(Ok(ask)) => {
                self.stage = Stage::Serving(job, slots);
                self.start(now, ask.into());
                Ok(())
            }
            Err(Err(fault)) => self.reply(now, Err(fault), slots),
        }
    }

    fn reply(&mut self, now: Mono, outcome: Reply, slots: Slots) -> Result<(), Fault> {
        self.start_round(now, slots)?;
        self.outputs.push_back(Output::Replied(outcome));
        Ok(())
    }

    /// A command of the closing has ended. Field first, then the rate, then nothing.
    pub(super) fn closed(&mut self, now: Mono, ask: Option<&Ask>, done: bool) {
        let base = self.rates.base();
        match ask {
            Some(Ask::LineRate(_)) if done => {
                abort(&mut self.outputs);
                self.rates.set(base);
                self.stage = Stage::Ended;
            }
            Some(Ask::Field(_)) if self.rates.current() != base => {
                let wait = if done { Duration::ZERO } else { SETTLE };
                self.start(now, Plan { attempts: 1, wait, ..Ask::LineRate(base).into() });
            }
            _ => self.stage = Stage::Ended,
        }
    }
}
