use clap::Args;
use kazasu_registration::{DeviceEvent, JobEnd, JobType};

use super::{Data, word};

/// `device`.
#[derive(Debug, Args)]
#[command(
    after_help = "Events: job-started and job-ended (of whoever is signed in when it starts),\n\
    print-refused (a print job was turned away, since whoever sent it could not be authenticated),\n\
    payment-enabled and payment-disabled (a coin box has credit, or none any more),\n\
    power-save and waking, reset-key (beside the settings page).\n\n\
    The audit log tells of a job that ended where --job and --end say what it was and how it \
    ended:\ncompleted, canceled (by the user) or aborted (by the device).\n\n\
    Examples:\n  kazasu device job-started\n  \
    kazasu device job-ended --job copy --end completed\n  \
    kazasu device power-save --station hall"
)]
pub(crate) struct Device {
    /// What happened
    #[arg(value_parser = word(DeviceEvent::ALL.map(DeviceEvent::as_str), DeviceEvent::from_word))]
    pub(crate) event: DeviceEvent,
    /// What the job was that ended
    #[arg(long, requires = "end",
        value_parser = word(JobType::ALL.map(JobType::as_str), JobType::from_word))]
    pub(crate) job: Option<JobType>,
    /// How it ended
    #[arg(long, requires = "job",
        value_parser = word(JobEnd::ALL.map(JobEnd::as_str), JobEnd::from_word))]
    pub(crate) end: Option<JobEnd>,
    /// Where [default: the first station]
    #[arg(long, value_name = "NAME")]
    pub(crate) station: Option<String>,
    #[command(flatten)]
    pub(crate) data: Data,
}
