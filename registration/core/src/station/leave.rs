//! How sessions end: keys, timers, the device around the station, other settings.

use std::sync::Arc;

use kazasu_hal::Now;

use super::{
    DeviceEvent, JobOwner, Station,
    state::{How, Person, SigningIn, State, Via},
};
use crate::{AuditEvent, ErrorCode, Site};

impl Station {
    /// The state's deadline has passed.
    pub(super) fn expire(&mut self, now: Now, state: State) -> State {
        self.abandon(&state);
        match state {
            State::LookingUp(_) | State::MakingProvisional(_) | State::SigningIn(_) => {
                self.notice(now, ErrorCode::TryLater)
            }
            State::Verifying(s) => {
                self.back_to_form(now, s.card, s.source, &s.user, ErrorCode::TryLater)
            }
            State::Form(_) | State::ConfirmingReplace(_) => {
                self.notice(now, ErrorCode::SessionEnded)
            }
            State::Committing(_) | State::SavingOwn(_) => {
                self.notice(now, ErrorCode::OutcomeUnknown)
            }
            State::EngineerPage(s) => self.close_engineer_page(now, s.card),
            _ => self.home(),
        }
    }

    /// The authentication key (S30-4-06, S30-4-07, S30-4-14, S30-4-15).
    pub(super) fn authentication_key(&mut self, now: Now, state: State) -> State {
        match &state {
            State::Nobody | State::Notice(_) => self.open_page(now),
            State::SignedIn(s) if matches!(s.via, Via::Contact(_)) => state,
            State::OwnPage(s) if matches!(s.via, Via::Contact(_)) => state,
            State::SigningIn(s) if !s.how.may_be_aborted() => state,
            State::SignInPage(_)
            | State::AwaitingPassword(_)
            | State::NewPassword(_)
            | State::EngineerPage(_)
            | State::Engineer
            | State::SavingOwn(_)
            | State::Committing(_) => state,
            State::LookingUp(_)
            | State::SigningIn(_)
            | State::SignedIn(_)
            | State::Guest(_)
            | State::Administrator(_)
            | State::OwnPage(_)
            | State::MakingProvisional(_)
            | State::Provisional(_)
            | State::Form(_)
            | State::Verifying(_)
            | State::ConfirmingReplace(_) => {
                self.abandon(&state);
                self.home()
            }
        }
    }

    /// The special key (S30-4-18, S30-4-19).
    pub(super) fn special_key(&mut self, now: Now, state: State) -> State {
        match state {
            State::Engineer => self.home(),
            State::EngineerPage(_) => state,
            State::SigningIn(SigningIn { how: How::Engineer(_), .. }) => state,
            _ if state.is_saving() => state,
            _ => {
                self.abandon(&state);
                self.engineer_page(now)
            }
        }
    }

    /// One step back.
    pub(super) fn cancelled(&mut self, now: Now, state: State) -> State {
        match state {
            State::SigningIn(ref s) if s.how.may_be_aborted() => {
                self.abandon(&state);
                State::Nobody
            }
            State::Verifying(ref s) => {
                let (card, source) = (s.card.clone(), s.source);
                let user = s.user.as_str().to_owned();
                self.abandon(&state);
                self.form(now, card, source, user, None)
            }
            State::ConfirmingReplace(s) => self.back_from_confirming(now, s),
            State::EngineerPage(s) => self.close_engineer_page(now, s.card),
            State::OwnPage(s) => self.signed_in(now, Person::Known(s.account), s.via, s.proved),
            State::Notice(_)
            | State::SignInPage(_)
            | State::AwaitingPassword(_)
            | State::NewPassword(_)
            | State::Provisional(_)
            | State::Form(_) => State::Nobody,
            other => other,
        }
    }

    pub(super) fn touched(&self, now: Now, mut state: State) -> State {
        let renewed = self.clears_at(now);
        if let Some(clears_at) = state.kept_by_touch() {
            *clears_at = renewed;
        }
        state
    }

    /// What the device around the reader reports.
    pub(super) fn device(&mut self, now: Now, state: State, event: DeviceEvent) -> State {
        match event {
            DeviceEvent::JobStarted => {
                self.job = Some(self.owner(&state));
                state
            }
            DeviceEvent::JobEnded(report) => {
                // Whose it was may be gone by now.
                let owner = self.job.take();
                if let Some(report) = report {
                    let JobOwner { who, card } = owner.unwrap_or_else(|| self.owner(&state));
                    self.audit(now, AuditEvent::JobEnded { who, card, report });
                }
                state
            }
            DeviceEvent::PrintRefused => {
                self.audit(now, AuditEvent::PrintRefused);
                state
            }
            DeviceEvent::PaymentEnabled | DeviceEvent::PaymentDisabled => {
                self.paid = event == DeviceEvent::PaymentEnabled;
                match &state {
                    // S30-4-13: an accessory's event aborts.
                    State::SigningIn(s) if s.how.may_be_aborted() => {
                        self.abandon(&state);
                        State::Nobody
                    }
                    // The page shows who can sign in now.
                    State::SignInPage(s) => match s.clears_at {
                        Some(_) => State::Nobody,
                        None => self.home(),
                    },
                    _ => state,
                }
            }
            DeviceEvent::PowerSave if !state.is_saving() => {
                self.abandon(&state);
                State::Nobody
            }
            DeviceEvent::Waking if !state.is_saving() => {
                self.abandon(&state);
                self.home()
            }
            DeviceEvent::ResetKey if matches!(state, State::Administrator(_)) => self.home(),
            DeviceEvent::PowerSave | DeviceEvent::Waking | DeviceEvent::ResetKey => state,
        }
    }

    /// Other settings: they count for what is decided from now on. Who is signed in was decided
    /// under the mode before, so another mode ends the session.
    pub(super) fn governed_by(&mut self, state: State, site: Arc<Site>) -> State {
        let mode = self.settings().sign_in.mode;
        self.site = site;
        let another = self.settings().sign_in.mode != mode;
        match state {
            State::Nobody => self.home(),
            State::SignInPage(ref s) if s.clears_at.is_none() => self.home(),
            _ if another && !state.is_saving() => {
                self.abandon(&state);
                self.home()
            }
            _ => state,
        }
    }
}

impl How {
    /// Verification of a guest, an administrator or the engineer goes on (S30-4-13).
    fn may_be_aborted(&self) -> bool {
        matches!(self, Self::Card(..) | Self::User(_))
    }
}
