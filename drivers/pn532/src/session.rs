use std::{collections::VecDeque, mem, time::Duration};

use kazasu_hal::{Fault, FaultKind, Mono, Report};
use kazasu_wire::{
    DecodeError,
    felica::Slots,
    pn532::Answer,
    sof::{Decoder, Frame, FrameError},
};

use crate::{
    exchange::{Ask, Exchange},
    round::{Crowd, PERIOD_MIN, Round},
};

/// What GetFirmwareVersion says of a PN532.
const IC_PN532: u8 = 0x32;

/// A card that is answered for wrongly is reported once; anew only when it was right for so long.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(2);

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Bytes came over the line.
    Bytes(&'a [u8]),
    /// The time of [`Session::poll_timeout`] has come.
    Timeout,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes to the line.
    Send(Vec<u8>),
    /// The reader can be used: chip and firmware. Comes once, before the first report.
    Attached(String),
    /// What the reader saw.
    Report(Report),
}

/// One life of a PN532 on a line, from waking it up until the first fault that lasts.
///
/// Feed it with [`handle`](Self::handle), then take all of [`poll_output`](Self::poll_output), then
/// wait for bytes until [`poll_timeout`](Self::poll_timeout). Begins to talk when it is made.
#[derive(Debug)]
pub struct Session {
    decoder: Decoder,
    outputs: VecDeque<Output>,
    activity: Activity,
    crowd: Crowd,
    /// When an answer was last wrong.
    complained: Option<Mono>,
}

#[derive(Debug)]
enum Activity {
    /// Waking up and setting up; the name once it is known.
    Opening(Exchange, String),
    Polling(Exchange, Round),
    Resting {
        until: Mono,
        slots: Slots,
    },
    Ended,
}

impl Session {
    /// Wakes the chip up.
    #[must_use]
    pub fn new(now: Mono) -> Self {
        let mut outputs = VecDeque::new();
        let wake_up = Exchange::start(now, Ask::WakeUp, &mut outputs);
        Self {
            decoder: Decoder::new(),
            outputs,
            activity: Activity::Opening(wake_up, String::new()),
            crowd: Crowd::default(),
            complained: None,
        }
    }

    /// Takes in what happened. Deadlines are looked at in any case, after the bytes: an answer that
    /// is here counts, however late it is read.
    ///
    /// # Errors
    /// The reader does not answer or is not a PN532. The session has ended; open the line anew.
    pub fn handle(&mut self, now: Mono, input: Input<'_>) -> Result<(), Fault> {
        if let Input::Bytes(bytes) = input {
            self.decoder.push(bytes);
            while let Some(frame) = self.decoder.next_frame() {
                self.frame(now, frame)?;
            }
        }
        self.elapse(now)
    }

    /// The next thing to do; all of them before the next input. What is to be sent comes before
    /// what is to be reported, so that a listener who makes the caller wait does not use up the time
    /// that the chip has for its answer.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle`](Self::handle) at the latest; `None` when the session has ended.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        match &self.activity {
            Activity::Opening(exchange, _) | Activity::Polling(exchange, _) => {
                Some(exchange.deadline())
            }
            Activity::Resting { until, .. } => Some(*until),
            Activity::Ended => None,
        }
    }

    fn frame(&mut self, now: Mono, frame: Result<Frame, FrameError>) -> Result<(), Fault> {
        let (Activity::Opening(exchange, _) | Activity::Polling(exchange, _)) = &mut self.activity
        else {
            return Ok(());
        };
        let Some(answer) = exchange.frame(now, frame) else { return Ok(()) };
        self.activity = match mem::replace(&mut self.activity, Activity::Ended) {
            Activity::Opening(exchange, model) => self.opened(now, exchange, model, answer)?,
            Activity::Polling(exchange, round) => self.polled(now, &exchange, round, answer),
            other => other,
        };
        Ok(())
    }

    fn opened(
        &mut self,
        now: Mono,
        mut exchange: Exchange,
        mut model: String,
        answer: Result<Answer, DecodeError>,
    ) -> Result<Activity, Fault> {
        let next = match (exchange.ask(), answer) {
            (_, Err(_)) => {
                exchange.disturb();
                exchange.fail(now, &mut self.outputs)?;
                return Ok(Activity::Opening(exchange, model));
            }
            (_, Ok(Answer::GetFirmwareVersion { ic: IC_PN532, version, revision, .. })) => {
                model = format!("PN532 firmware {version}.{revision}");
                Ask::Parameters
            }
            (_, Ok(Answer::GetFirmwareVersion { ic, .. })) => {
                return Err(Fault::new(
                    FaultKind::Unsupported,
                    format!("the chip on this line says it is a {ic:02X}, not a PN532 (32)"),
                ));
            }
            (Ask::WakeUp, _) => Ask::Firmware,
            (Ask::Parameters, _) => Ask::Retries,
            (Ask::Retries, _) => Ask::FieldOn,
            _ => {
                let polling = self.start_round(now, Slots::One);
                self.outputs.push_back(Output::Attached(model));
                return Ok(polling);
            }
        };
        Ok(Activity::Opening(Exchange::start(now, next, &mut self.outputs), model))
    }

    fn polled(
        &mut self,
        now: Mono,
        exchange: &Exchange,
        mut round: Round,
        answer: Result<Answer, DecodeError>,
    ) -> Activity {
        match answer {
            Ok(Answer::InListPassiveTarget(targets)) => round.add(targets),
            Ok(_) => {}
            Err(error) => round.complaint = Some(error.to_string()),
        }
        if let Some(ask) = round.next(exchange.ask()) {
            return Activity::Polling(Exchange::start(now, ask, &mut self.outputs), round);
        }
        self.finish(now, round)
    }

    fn finish(&mut self, now: Mono, round: Round) -> Activity {
        if let Some(complaint) = round.complaint {
            let before = self.complained.replace(now);
            if before.is_none_or(|before| now.since(before) >= COMPLAINT_PAUSE) {
                let message = format!("the PN532 described a card wrongly: {complaint}");
                let fault = Fault::new(FaultKind::Protocol, message);
                self.outputs.push_back(Output::Report(Report::Fault(fault)));
            }
        }
        let slots = self.crowd.after(&round.cards);
        let until = round.started.after(PERIOD_MIN);
        let next = if until <= now {
            self.start_round(now, slots)
        } else {
            Activity::Resting { until, slots }
        };
        self.outputs.push_back(Output::Report(Report::Field(round.cards)));
        next
    }

    fn start_round(&mut self, now: Mono, slots: Slots) -> Activity {
        let round = Round::start(now, slots);
        Activity::Polling(Exchange::start(now, round.first(), &mut self.outputs), round)
    }

    fn elapse(&mut self, now: Mono) -> Result<(), Fault> {
        match &mut self.activity {
            Activity::Opening(exchange, _) | Activity::Polling(exchange, _) => {
                match exchange.elapse(now, &mut self.outputs) {
                    Ok(false) => {}
                    Ok(true) => self.decoder.clear(),
                    Err(fault) => {
                        self.activity = Activity::Ended;
                        return Err(fault);
                    }
                }
            }
            Activity::Resting { until, slots } => {
                if *until <= now {
                    let slots = *slots;
                    self.decoder.clear();
                    self.activity = self.start_round(now, slots);
                }
            }
            Activity::Ended => {}
        }
        Ok(())
    }
}
