use clap::{ArgGroup, Args, Subcommand};
use kazasu_registration::DeviceSecret;

use super::{Data, Place, ReadCard, word};

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Shows settings: value, what it means, the paragraph of the requirements
    #[command(after_help = "KEY is a setting, or the first words of several: `sign-in` shows all \
        that begin with \"sign-in.\".\nA star marks what differs from the default. All settings: \
        docs/settings.md.\n\n\
        Examples:\n  kazasu config show\n  kazasu config show --changed\n  \
        kazasu config show sign-in panel.auto-clear-s\n  \
        kazasu config show sign-in.mode --json")]
    Show {
        /// Settings to show [default: all]
        #[arg(value_name = "KEY")]
        keys: Vec<String>,
        /// Only those that differ from the default
        #[arg(long)]
        changed: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Changes settings, all of them at once or none
    #[command(
        after_help = "Settings that cannot be together are refused with the reason. What is \
        changed counts at\nonce, at every station; no restart is needed. VALUE is `default` for \
        the default; lists are JSON.\n\n\
        Changing sign-in.mode from or to remote deletes users: they are listed, and it asks; \
        without\na terminal it wants --yes.\n\n\
        Examples:\n  kazasu config set panel.auto-clear-s=60\n  \
        kazasu config set registration.by-card=false registration.on-menu=false\n  \
        kazasu config set provisional.name='Unregistered card'\n  \
        kazasu config set reserved-ids='[\"root\",\"admin\"]'\n  \
        kazasu config set sign-in.mode=default --if-version 7"
    )]
    Set {
        /// What to set
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = key_value)]
        changes: Vec<(String, String)>,
        /// Only if the settings are at this version: nobody changed them meanwhile
        #[arg(long, value_name = "N")]
        if_version: Option<u64>,
        /// Does not ask before users are deleted
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: Data,
    },
    /// What `config set` would say; stores nothing
    #[command(after_help = "Without KEY=VALUE the stored settings are checked, with all that \
        belongs to them.\n\nExamples:\n  kazasu config check\n  \
        kazasu config check sign-in.mode=remote")]
    Check {
        /// What would be set
        #[arg(value_name = "KEY=VALUE", value_parser = key_value)]
        changes: Vec<(String, String)>,
        #[command(flatten)]
        data: Data,
    },
    /// The versions of the settings that are kept, newest first, and what each changed
    #[command(after_help = "Example:\n  kazasu config history")]
    History {
        #[command(flatten)]
        data: Data,
    },
    /// Sets or removes one of the device's own passwords
    #[command(
        group = ArgGroup::new("how").required(true),
        after_help = "administrator: signs in at the panel with the ID administrator.id.\n\
        engineer: opens the engineer's page with the special key.\n\
        guest: what guests type, where sign-in.guests is on.\n\
        As long as one is not set, nobody can sign in with it (706).\n\n\
        Examples:\n  kazasu config password administrator --password-stdin < password.txt\n  \
        kazasu config password guest --remove"
    )]
    Password {
        /// Which
        #[arg(value_parser = word(secrets(), DeviceSecret::from_word), value_name = "WHICH")]
        which: DeviceSecret,
        #[command(flatten)]
        secret: Secret,
        #[command(flatten)]
        data: Data,
    },
}

/// Every such password's word.
fn secrets() -> [&'static str; 3] {
    [DeviceSecret::KeyOperator, DeviceSecret::Engineer, DeviceSecret::Guest]
        .map(DeviceSecret::as_str)
}

/// Where a password comes from.
#[derive(Debug, Args)]
pub(crate) struct Secret {
    /// Reads the password from the first line of standard input
    #[arg(long, group = "how")]
    pub(crate) password_stdin: bool,
    /// Removes it
    #[arg(long, group = "how")]
    pub(crate) remove: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Card {
    /// Every card that is somebody's, and what the site calls it
    #[command(after_help = "Example:\n  kazasu card list")]
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Frees a user's card: it is unknown from then on
    #[command(after_help = "A card that is kept in a directory: kazasu directory remove-card.\n\n\
        Example:\n  kazasu card unlink alice")]
    Unlink {
        /// User ID
        user_id: String,
        #[command(flatten)]
        data: Data,
    },
    /// What the site calls the number of a card
    #[command(subcommand)]
    Rule(CardRule),
    /// Reads blocks of a FeliCa card that is held over a reader
    Read(ReadCard),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CardRule {
    /// Shows the rule and what it makes of three made-up cards
    #[command(after_help = "Example:\n  kazasu card rule show")]
    Show {
        #[command(flatten)]
        data: Data,
    },
    /// Finds the rule from cards whose numbers the site knows
    Learn(LearnRule),
    /// Sets the rule: all cards get their new numbers at once, or nothing changes
    #[command(after_help = "RULE is made of these parts, those left out being as at first:\n  \
        cut=FROM+COUNT   only COUNT bytes of the identifier, the first being number FROM from 0\n  \
        order=reversed   the last byte first\n  \
        digits=hex       or hex-lower, decimal\n  \
        width=N          zeros before the digits, up to N of them\n  \
        prefix=TEXT      before all; the last part, it may hold spaces\n\
        Or it is `keyed`: the number cannot be computed without a secret key, for directories \
        where\neverybody reads the number. The key is made at first use and kept in the data \
        folder\n(card-number.key, mode 0600). Keep a copy of it apart from this machine: without \
        it no card\ncan be told any more, and numbers in a directory fit no card.\n\n\
        Cards that would share a number are listed, and nothing changes (exit code 1).\n\n\
        Examples:\n  kazasu card rule set digits=decimal width=10\n  \
        kazasu card rule set cut=0+4 order=reversed digits=decimal\n  \
        kazasu card rule set keyed")]
    Set {
        /// The rule
        #[arg(required = true, value_name = "RULE")]
        rule: Vec<String>,
        /// Tells what would happen; stores nothing
        #[arg(long)]
        check: bool,
        #[command(flatten)]
        data: Data,
    },
}

/// `card rule learn`.
#[derive(Debug, Args)]
#[command(after_help = "Hold each card over a reader, then type the number the site knows it by. \
    Three cards are enough\nfor most rules; where several rules fit, they are listed, and another \
    card (--cards 4) tells\nthem apart.\n\n\
    Taps go to the panel of the running service too: `kazasu user delete --provisional` tidies \
    up.\n\n\
    Examples:\n  kazasu card rule learn\n  \
    kazasu card rule learn --set --tap 012E4C1000000001=0000000001 --tap ... --tap ...")]
pub(crate) struct LearnRule {
    /// A card and its number instead of a tap: the identifier in hex as `kazasu watch` shows it
    #[arg(long = "tap", value_name = "HEX=NUMBER", conflicts_with = "cards")]
    pub(crate) taps: Vec<String>,
    /// How many cards are asked for
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(3..=16))]
    pub(crate) cards: u8,
    /// Sets the rule where one fits
    #[arg(long)]
    pub(crate) set: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// A setting and what it is to be.
fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("KEY=VALUE is wanted, for instance panel.auto-clear-s=60".to_owned()),
    }
}
