use clap::{Args, Subcommand};

use super::Data;

/// `panel`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "A browser shows the panel of a station that it was paired with, by a link which is \
        good once and\nfor 15 minutes. From then on it carries a secret of its own, also after a \
        restart.\n\nExamples:\n  kazasu panel pair                 a link for the first station\n  \
        chromium --kiosk --app=\"$(kazasu panel pair hall | head -n 1)\"\n  kazasu panel list\n  \
        kazasu panel revoke 3"
)]
pub(crate) struct Panel {
    #[command(subcommand)]
    pub(crate) command: Option<PanelCommand>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PanelCommand {
    /// Prints a link that pairs one browser with a station, once
    Pair {
        /// The station [default: the first one]
        station: Option<String>,
        /// What the browser is called in lists [default: what it calls itself]
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        #[command(flatten)]
        data: Data,
    },
    /// All paired browsers
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Ends the pairing of a browser, or of all
    Revoke {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        data: Data,
    },
}

/// Which browsers.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// The number that `panel list` shows
    pub(crate) number: Option<u32>,
    /// All of them, and all links
    #[arg(long)]
    all: bool,
}
