use std::future::pending;

use tokio::time::{Instant, sleep_until};

#[cfg(target_os = "linux")]
mod precise {
    use std::{fs::File, io, os::fd::AsFd, time::Duration};

    use nix::sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    };
    use tokio::net::unix::pipe;

    /// A timer of the system, and the same as something that can be polled and read.
    pub(super) struct Timer(TimerFd, pipe::Receiver);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
            let file = File::from(timer.as_fd().try_clone_to_owned()?);
            Ok(Self(timer, pipe::Receiver::from_file_unchecked(file)?))
        }

        pub(super) async fn wait(&self, time: Duration) -> io::Result<()> {
            // Zero would switch the timer off.
            let time = TimeSpec::from_duration(time.max(Duration::from_nanos(1)));
            self.0.set(Expiration::OneShot(time), TimerSetTimeFlags::empty())?;
            // Setting it takes back an earlier expiration, but not what the runtime heard of that.
            loop {
                self.1.readable().await?;
                match self.1.try_read(&mut [0; 8]) {
                    Ok(_) => return Ok(()),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// A clock that wakes its owner up.
pub(crate) struct Alarm {
    #[cfg(target_os = "linux")]
    timer: Option<precise::Timer>,
}

impl Alarm {
    /// By the clock of the runtime, which a test may have stopped. It counts whole milliseconds.
    pub(crate) fn of_runtime() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            timer: None,
        }
    }

    /// To the microsecond, where the system has such timers: a millisecond is as long as a dozen
    /// bytes take on the line.
    pub(crate) fn precise() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            timer: precise::Timer::new()
                .inspect_err(|error| tracing::debug!(%error, "no precise timer"))
                .ok(),
        }
    }

    /// Ends when the time has come, never where there is none.
    pub(crate) async fn wait_until(&self, due: Option<Instant>) {
        let Some(due) = due else { return pending().await };
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer {
            let time = due.saturating_duration_since(Instant::now());
            if time.is_zero() || timer.wait(time).await.is_ok() {
                return;
            }
        }
        sleep_until(due).await;
    }
}
