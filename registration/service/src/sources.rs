//! Who types passwords from the network, before it is looked at what they type.

use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kazasu_hal::Mono;
use kazasu_registration::{ErrorCode, SourceLimit};

use crate::{Refusal, clock::Clock};

/// Slows addresses down that were wrong too often.
pub(crate) struct Sources {
    clock: Clock,
    limit: Mutex<SourceLimit>,
}

impl Sources {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, limit: Mutex::default() }
    }

    /// Lets somebody type a password who is not in front of the device, before it is looked at.
    /// It counts as wrong until [`admitted`](Self::admitted) says otherwise.
    ///
    /// # Errors
    /// 3065 where too many from there were wrong of late, and until when.
    pub(crate) fn admit(&self, from: IpAddr) -> Result<(), Refusal> {
        self.limit().attempt(self.clock.mono(), from).map_err(too_many)
    }

    /// The same without an attempt.
    ///
    /// # Errors
    /// 3065, and until when.
    pub(crate) fn check(&self, from: IpAddr) -> Result<(), Refusal> {
        self.limit().check(self.clock.mono(), from).map_err(too_many)
    }

    /// It was right, or could not be checked.
    pub(crate) fn admitted(&self, from: IpAddr) {
        self.limit().succeeded(from);
    }

    fn limit(&self) -> MutexGuard<'_, SourceLimit> {
        // Nothing panics while it is locked, and each call leaves it whole.
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(until: Mono) -> Refusal {
    Refusal { code: ErrorCode::TryLater, until: Some(until) }
}
