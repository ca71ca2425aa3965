use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kazasu_registration::DateFormat;

use super::{Data, word};
use crate::control::AuditFormat;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Prints the audit log: the 15,000 newest records
    Export(Export),
    /// Checks that no record was changed, removed or cut off
    #[command(
        after_help = "Each record carries a keyed hash of itself and the one before it; the \
        key is in audit.key, the\nhash of the last record also in audit.end, both in the data \
        folder. Exit code 1 where anything\ndoes not fit.\n\n\
        Example:\n  kazasu audit verify"
    )]
    Verify {
        #[command(flatten)]
        data: Data,
    },
}

/// `audit export`.
#[derive(Debug, Args)]
#[command(after_help = "TIME is 2026-01-31, 2026-01-31T08:00 (this machine's zone) or RFC 3339.\n\
    Printing the log is itself recorded.\n\n\
    Examples:\n  kazasu audit export > auditlog.txt\n  \
    kazasu audit export --format json --since 2026-01-31 --user alice\n  \
    kazasu audit export --event sign-in-failed --date-format DD/MM/YYYY")]
pub(crate) struct Export {
    /// As the device's manual has it, tabs between fields, or one JSON object a line
    /// [default: manual; json with --json]
    #[arg(long)]
    pub(crate) format: Option<AuditFormat>,
    /// Nothing before
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Timestamp>,
    /// Only before
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Timestamp>,
    /// Only events of this word, as the JSON form has it
    #[arg(long, value_name = "WORD")]
    pub(crate) event: Option<String>,
    /// Only what a user did, or what was done to one
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// How the manual's form writes dates
    #[arg(long, default_value = "YYYY/MM/DD",
        value_parser = word(DateFormat::ALL.map(DateFormat::as_str), DateFormat::from_word))]
    pub(crate) date_format: DateFormat,
    #[command(flatten)]
    pub(crate) data: Data,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let here = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::system()).ok();
    let known = text.parse().ok().or_else(|| here().map(|time| time.timestamp()));
    known.ok_or_else(|| "2026-01-31, 2026-01-31T08:00 or RFC 3339 is wanted".to_owned())
}
