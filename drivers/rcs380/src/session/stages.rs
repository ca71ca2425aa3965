//! What comes after what: the opening, the rounds, requests between them, the closing.

use alloc::format;
use core::{mem, time::Duration};

use kazasu_hal::{Fault, FaultKind, Mono, Report};
use kazasu_link::{Output, Session as _};
use kazasu_wire::port100::{Answer, CommStatus, Command, Status};

use super::{Doing, Opening, Session, Stage, Then};
use crate::{
    cause,
    exchange::Failure,
    radio::{Heard, status},
    round::Round,
};

/// From field off until cards have forgotten what they did.
const FIELD_GUARD: Duration = Duration::from_millis(5);
/// A card that is answered for wrongly is reported once; anew only when it was right for so long.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(2);
/// Cards that come or go are unreadable for a moment; so many rounds in a row are more than that.
const GARBLED_MAX: u8 = 10;

impl Session {
    /// The stage goes on, behind a pause.
    pub(super) fn proceed(&mut self, now: Mono) -> Result<(), Fault> {
        match self.stage {
            Stage::Opening(_) => {
                self.ask(now, Command::SetCommandType(1));
                Ok(())
            }
            Stage::Closing => {
                self.ask(now, Command::SwitchRf { on: false });
                Ok(())
            }
            Stage::Serving(_) => {
                self.serve(now);
                Ok(())
            }
            Stage::Polling(_) | Stage::Resting => self.start_round(now),
            Stage::Ended => Ok(()),
        }
    }

    /// Both sides are in step again: whatever was under way begins anew, with cards that had no
    /// power.
    pub(super) fn resume(&mut self, now: Mono) -> Result<(), Fault> {
        if let Stage::Serving(job) = &mut self.stage {
            job.restart();
        }
        self.ask(now, Command::SwitchRf { on: false });
        Ok(())
    }

    /// The answer to a command of the stage.
    pub(super) fn take(
        &mut self,
        now: Mono,
        command: &Command,
        answer: Answer,
    ) -> Result<(), Fault> {
        let refused = match status(&answer) {
            None | Some(Status::OK) => false,
            Some(Status::PARAMETER | Status::COMMAND_TYPE) => true,
            Some(_) => return self.fail(now, Failure::Nonsense),
        };
        if !refused {
            self.radio.done(command);
        }
        match (mem::replace(&mut self.stage, Stage::Ended), command) {
            (Stage::Opening(opening), _) => self.opened(now, opening, command, &answer, refused),
            (Stage::Closing, _) => {
                // The last word, as other drivers have it.
                self.abort(now, Then::Proceed);
                self.abandon();
                Ok(())
            }
            (stage, Command::SwitchRf { .. }) => {
                self.stage = stage;
                let until = now.after(FIELD_GUARD);
                self.doing = Doing::Settling { until, then: Then::Proceed };
                Ok(())
            }
            (Stage::Polling(round), _) => self.polled(now, round, answer, refused),
            (Stage::Serving(job), _) => {
                self.stage = Stage::Serving(job);
                self.served(now, answer, refused)
            }
            (Stage::Resting | Stage::Ended, _) => Ok(()),
        }
    }

    fn opened(
        &mut self,
        now: Mono,
        mut opening: Opening,
        command: &Command,
        answer: &Answer,
        refused: bool,
    ) -> Result<(), Fault> {
        let next = match (command, answer) {
            // Older firmware knows type 0 alone.
            (Command::SetCommandType(_), _) if refused && !opening.old_commands => {
                opening.old_commands = true;
                Command::SetCommandType(0)
            }
            (_, _) if refused => {
                return Err(Fault::new(FaultKind::Unsupported, cause::unknown_commands()));
            }
            (Command::SetCommandType(_), _) => Command::GetFirmwareVersion { part: None },
            (_, Answer::GetFirmwareVersion { minor, major }) => {
                // Binary coded decimals.
                opening.firmware = format!("firmware {major:x}.{minor:02x}");
                Command::GetPdDataVersion
            }
            // Cards forget what another host did with them.
            (Command::GetPdDataVersion, _) => Command::SwitchRf { on: false },
            _ => {
                self.failures = 0;
                self.outputs.push_back(Output::Attached(opening.firmware));
                self.stage = Stage::Resting;
                self.doing = Doing::Pausing { until: now.after(FIELD_GUARD) };
                return Ok(());
            }
        };
        self.stage = Stage::Opening(opening);
        self.ask(now, next);
        Ok(())
    }

    pub(super) fn start_round(&mut self, now: Mono) -> Result<(), Fault> {
        if mem::take(&mut self.stale) {
            // The round follows when the cards have forgotten.
            self.stage = Stage::Resting;
            self.ask(now, Command::SwitchRf { on: false });
            return Ok(());
        }
        let round = Round::start(now, &self.technologies, &self.crowd);
        self.poll(now, round)
    }

    fn poll(&mut self, now: Mono, mut round: Round) -> Result<(), Fault> {
        match round.call() {
            Some(call) => {
                let command = self.radio.next(&call);
                self.stage = Stage::Polling(round);
                self.ask(now, command);
                Ok(())
            }
            None => self.finish(now, round),
        }
    }

    fn polled(
        &mut self,
        now: Mono,
        mut round: Round,
        answer: Answer,
        refused: bool,
    ) -> Result<(), Fault> {
        match answer {
            Answer::InCommRf { status: CommStatus::RF_OFF, .. } => {
                self.stage = Stage::Polling(round);
                return self.fail(now, Failure::Nonsense);
            }
            Answer::InCommRf { status, received } => round.heard(&Heard::of(status, received)),
            _ if refused && !mem::replace(&mut self.refused, true) => {
                self.stage = Stage::Polling(round);
                return self.fail(now, Failure::Nonsense);
            }
            _ if refused => {
                let Some(refused) = round.refuse() else { return self.poll(now, round) };
                self.radio.forget();
                self.technologies.retain(|technology| *technology != refused);
                let fault = Fault::new(FaultKind::Unsupported, cause::refused(refused.lost()));
                if self.technologies.is_empty() {
                    return Err(fault);
                }
                round.faults.push(fault);
            }
            _ => {}
        }
        self.poll(now, round)
    }

    fn finish(&mut self, now: Mono, mut round: Round) -> Result<(), Fault> {
        (self.failures, self.refused) = (0, false);
        self.crowd.after(&round.cards, round.garbled);
        // Who cannot be read is not silent.
        self.stale |= self.silence.after(&round.cards) && !round.garbled;
        let mut reports = mem::take(&mut round.faults);
        reports.extend(self.complaint(now, &mut round));
        let until = round.started.after(self.polling.period());
        if let Some(job) = self.asked.take() {
            self.stage = Stage::Serving(job);
            self.serve(now);
        } else if until <= now {
            self.start_round(now)?;
        } else {
            self.stage = Stage::Resting;
            self.doing = Doing::Pausing { until };
        }
        let faults = reports.into_iter().map(Report::Fault);
        let reports = faults.chain([Report::Field(round.cards)]);
        self.outputs.extend(reports.map(Output::Report));
        Ok(())
    }

    /// What is wrong with the cards, if that is to be told now.
    fn complaint(&mut self, now: Mono, round: &mut Round) -> Option<Fault> {
        self.garbled = if round.garbled { self.garbled.saturating_add(1) } else { 0 };
        let fault = match round.complaint.take() {
            Some(cause) => Fault::new(FaultKind::Protocol, cause),
            None if self.garbled >= GARBLED_MAX => {
                Fault::new(FaultKind::Card, cause::cards_garbled())
            }
            None => return None,
        };
        let before = self.complained.replace(now);
        let told = before.is_some_and(|before| now.since(before) < COMPLAINT_PAUSE);
        (!told).then_some(fault)
    }

    pub(super) fn serve(&mut self, now: Mono) {
        if let Stage::Serving(job) = &self.stage
            && let Some(call) = job.call()
        {
            let command = self.radio.next(&call);
            self.ask(now, command);
        }
    }

    fn served(&mut self, now: Mono, answer: Answer, refused: bool) -> Result<(), Fault> {
        let Stage::Serving(job) = &mut self.stage else { return Ok(()) };
        let outcome = match answer {
            Answer::InCommRf { status: CommStatus::RF_OFF, .. } => {
                return self.fail(now, Failure::Nonsense);
            }
            Answer::InCommRf { status, received } => job.heard(&Heard::of(status, received)),
            _ if refused && !mem::replace(&mut self.refused, true) => {
                return self.fail(now, Failure::Nonsense);
            }
            _ if refused => Some(Err(Fault::new(FaultKind::Unsupported, cause::no_felica()))),
            _ => None,
        };
        match outcome {
            None => self.serve(now),
            Some(outcome) => {
                self.failures = 0;
                self.start_round(now)?;
                self.outputs.push_back(Output::Replied(outcome));
            }
        }
        Ok(())
    }
}
