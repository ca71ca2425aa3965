//! The command line: one table of commands, options and examples.

mod audit;
mod blocks;
mod config;
mod device;
mod panel;
mod records;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand};
use kazasu_wire::describe::{Dialect, EnvelopeKind, Side};

pub(crate) use audit::{Audit, Export};
pub(crate) use blocks::ReadCard;
pub(crate) use config::{Card, CardRule, Config, LearnRule};
pub(crate) use device::Device;
pub(crate) use panel::{Panel, PanelCommand};
pub(crate) use records::{EditUser, User};

/// Card readers to tap events, tap events to people, people's cards to safe registrations.
#[derive(Debug, Parser)]
#[command(
    name = "kazasu",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 no (nothing found, refused), 2 error.\n\n\
                  Examples:\n  \
                  kazasu serve --sim demo.sim      the service, on a simulated reader\n  \
                  kazasu watch --json              every tap as one JSON line\n  \
                  kazasu user add alice --password-stdin < password.txt\n  \
                  kazasu config set panel.auto-clear-s=60"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// JSON instead of text: one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Log more: -v debug, -vv every frame (card numbers masked). KAZASU_LOG sets it finely
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The service: readers, registration, panel
    #[command(after_help = "Examples:\n  \
        kazasu serve --reader pcsc --reader pn532:uart:/dev/ttyUSB0\n  \
        kazasu serve --sim demo.sim --listen 127.0.0.1:8580\n\n\
        Prints one line when it is ready, with the panel's address.")]
    Serve(Serve),
    /// Tap events, as they happen
    #[command(after_help = "Examples:\n  kazasu watch\n  \
        kazasu watch --reader pn532:uart:/dev/ttyUSB0 --json\n  \
        kazasu watch --confirmed --json   for a time clock: each card once it was read twice\n\n\
        Attaches to a running service; where that goes, waits and attaches again. Opens the readers \
        itself\nwhere no service is installed or was just there, and gives them to one that starts.\n\n\
        A card that was there before has \"resumed\":true: no new tap.")]
    Watch {
        /// Only cards that were read twice in a row: a chip may misread, and a time clock must not
        #[arg(long)]
        confirmed: bool,
        /// Where no service runs, opens the readers and keeps them, though one is installed or was
        /// just there
        #[arg(long)]
        own: bool,
        #[command(flatten)]
        place: Place,
    },
    /// What is attached, which driver has it, its stable name
    #[command(after_help = "Examples:\n  kazasu readers\n  kazasu readers --json\n  \
        kazasu readers --identify        says which reader a card is held on")]
    Readers {
        /// Goes on to say which reader a card is held on, to tell equal ones apart
        #[arg(long)]
        identify: bool,
        /// With --identify, where no service runs: opens the readers and keeps them, though one is
        /// installed or was just there
        #[arg(long, requires = "identify")]
        own: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Simulated readers for trials and tests
    #[command(subcommand)]
    Sim(Sim),
    /// Users of the local records
    #[command(subcommand)]
    User(User),
    /// Cards of users, and what the site calls them
    #[command(subcommand)]
    Card(Card),
    /// Who did what: the audit log
    #[command(subcommand)]
    Audit(Audit),
    /// Settings of sign-in and registration, and the device's own passwords
    #[command(subcommand)]
    Config(Config),
    /// Tells the running service what the device around a reader does
    Device(Device),
    /// Active Directory, or another LDAP server
    #[command(subcommand)]
    Directory(Directory),
    /// Saves users, cards, settings and the audit log into one file, while the service runs
    #[command(after_help = "Passwords are in it as hashes, cards with their numbers: the file is \
        made readable by this\naccount alone. An older backup of that name is replaced when the \
        new one is whole and checked;\nany other file is left alone. Keys and kazasu.toml are \
        not in it: the answer names those to copy\nbeside it.\n\n\
        Example:\n  kazasu backup /mnt/usb/kazasu.backup")]
    Backup {
        /// The backup to make
        file: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Puts a backup in the place of all records; the service has to be stopped
    #[command(after_help = "The backup is checked whole before anything is touched. The records \
        that were there are kept as\nkazasu.db.before-restore, damaged ones as \
        kazasu.db.damaged-TIME.\n\nExample:\n  kazasu restore /mnt/usb/kazasu.backup")]
    Restore {
        /// The backup to restore
        file: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// The address of the running service's panel, and the browsers paired with it
    Panel(Panel),
    /// Recorded bytes with every field named
    #[command(after_help = "Examples:\n  \
        kazasu decode --dialect pn532 0000FF02FED4022A00\n  \
        kazasu decode --dialect felica --json < frames.txt | kazasu encode\n\n\
        Without HEX each line of standard input is a message. A broken one ends in exit code 2 and\n\
        names the byte at fault. Card numbers are shown in full.")]
    Decode(Decode),
    /// What `decode --json` printed, from standard input, back to bytes
    Encode,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Directory {
    /// Whether the directory is fit for card numbers, and what to mend
    #[command(after_help = "Looks at names, certificates, rights, attributes, duplicates and \
        clocks, and changes nothing.\nWith --user somebody's own eyes are used: what people may read \
        and write is seen with those only.\n\nExamples:\n  kazasu directory check\n  \
        kazasu directory check --user tanaka --password-stdin < password.txt\n\n\
        Exit code 1 where something does not work.")]
    Check {
        /// A person who is willing to try, as typed at the panel
        #[arg(long, value_name = "ID", requires = "password_stdin")]
        user: Option<String>,
        /// Reads that person's password from standard input
        #[arg(long, requires = "user")]
        password_stdin: bool,
        /// Configuration file [default: kazasu.toml in the data folder, if there]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        data: Data,
    },
    /// Deletes a card from a person's entry of the directory: it is unknown from then on
    #[command(
        group = ArgGroup::new("which").required(true).multiple(true),
        after_help = "Done with the rights of directory.service_account; where it has none, the \
        error names the rule that\ngrants them. Only card numbers go, and the audit log tells \
        whose card went.\nCards of the device's own records: kazasu card unlink.\n\n\
        Examples:\n  kazasu directory remove-card tanaka\n  \
        kazasu directory remove-card --card 012E4C1000000001            a card that was found\n  \
        kazasu directory remove-card tanaka --card 012E4C1000000001     where two people have it\n\n\
        Exit code 1 where there is no such person or card."
    )]
    RemoveCard {
        /// The person's user ID, as directory.attributes.user_id has it
        #[arg(group = "which")]
        user_id: Option<String>,
        /// The number of the card, as the site calls it
        #[arg(long, value_name = "NUMBER", group = "which")]
        card: Option<String>,
        /// Configuration file [default: kazasu.toml in the data folder, if there]; a running service
        /// goes by its own
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        data: Data,
    },
}

/// Which bytes, and how to read them.
#[derive(Clone, Debug, Args)]
pub(crate) struct Decode {
    /// The protocol
    #[arg(long, value_parser = named(&Dialect::ALL))]
    pub(crate) dialect: Dialect,

    /// Who speaks [default: as the bytes tell, else the side that asks]
    #[arg(long, value_parser = named(&Side::ALL))]
    pub(crate) dir: Option<Side>,

    /// What surrounds the message; `none` is `bare`
    #[arg(
        long,
        default_value = "auto",
        value_parser = PossibleValuesParser::new(
            ["auto"].into_iter().chain(EnvelopeKind::ALL.iter().map(|(name, _)| *name))
        )
    )]
    pub(crate) envelope: String,

    /// The bytes of one message, with or without blanks and colons
    pub(crate) hex: Vec<String>,
}

/// Reads one of these names.
fn named<T: Copy + Send + Sync + 'static>(
    all: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|(name, _)| *name)).try_map(|name| {
        let found = all.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value).ok_or("no such name")
    })
}

/// Reads one of these words with the function that knows them.
fn word<T: Clone + Send + Sync + 'static>(
    words: impl IntoIterator<Item = &'static str>,
    read: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words).try_map(move |word| read(&word).ok_or("no such word"))
}

/// Where the service keeps its files.
#[derive(Clone, Debug, Args)]
pub(crate) struct Data {
    /// Data folder [default: kazasu in the platform's data folder]
    #[arg(long, value_name = "DIR", env = "KAZASU_DATA")]
    pub(crate) data: Option<PathBuf>,
}

/// Where, and on which readers.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) data: Data,

    /// Configuration file [default: kazasu.toml in the data folder, if there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The readers to use.
    #[arg(
        long = "reader",
        value_name = "SELECTOR",
        help = "A reader: pcsc[:NAME], rcs380[:SERIAL], rcs380:usbredir:ADDR or \
                pn532:uart:PATH[@BAUD]; several allowed [default: discover]"
    )]
    pub(crate) readers: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,

    /// Address of the panel [default: 127.0.0.1:8580]; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// Also speaks TLS, at this address: the panel, and the audit log for scripts; port 0 takes a
    /// free one. Whoever reaches it can try passwords, ten at once and then ever more slowly: let
    /// only those reach it who need to (docs/guessing.md)
    #[arg(long, value_name = "ADDR")]
    pub(crate) tls_listen: Option<SocketAddr>,

    /// Adds a simulated PN532 that starts with this file's control lines
    #[arg(long, value_name = "FILE")]
    pub(crate) sim: Option<PathBuf>,

    /// Allows an address off loopback although there is no TLS: others on the network can read
    /// what is typed
    #[arg(long)]
    pub(crate) insecure_http: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// A PN532 on a pseudo terminal
    #[command(after_help = "Control lines on standard input, each answered by one line:\n  \
        put felica idm=012E4C0000000001 sys=FE00\n  \
        put type-a uid=04C0FFEE000001\n  put type-b pupi=01A2B3C4\n  take\n  \
        pace instant\n  fault corrupt 3 at=5\n  fault unplug\n  plug\n  quit\n\n\
        `help` lists all of them.")]
    Pn532 {
        /// Symbolic link to make to the terminal
        #[arg(long, value_name = "PATH")]
        link: PathBuf,
        /// File with control lines, taken instead of standard input (`at 1.5s put ...` waits)
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
        /// Writes everything on the line to this file: seconds, `host` or `chip`, the bytes in hex,
        /// with the cards' numbers in full
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
    },
    /// A Sony RC-S380 for whoever speaks usbredir, as QEMU does
    #[command(after_help = "Control lines on standard input, as for `sim pn532`.\n\nExample:\n  \
        kazasu sim rcs380 --usbredir 127.0.0.1:4700\n  \
        kazasu watch --reader rcs380:usbredir:127.0.0.1:4700")]
    Rcs380 {
        /// Address to listen at; port 0 takes a free one
        #[arg(long, value_name = "ADDR")]
        usbredir: SocketAddr,
        /// Allows an address off loopback: whoever reaches it can use the reader
        #[arg(long)]
        insecure_usbredir: bool,
        /// Serial number; an empty one for a reader without
        #[arg(long, value_name = "TEXT", default_value = "0000001")]
        serial: String,
        /// File with control lines, taken instead of standard input
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
        /// Writes all bulk transfers to this file, as for `sim pn532`
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
    },
    /// A card in a PC/SC reader of vpcd
    #[command(after_help = "Control lines on standard input, as for `sim pn532`.\n\
        vpcd listens on every address: run pcscd and this in a network namespace.")]
    Pcsc {
        /// Address of vpcd, for instance 127.0.0.1:35963
        #[arg(long, value_name = "ADDR")]
        vpcd: String,
        /// File with control lines, taken instead of standard input
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
    },
    /// Passes a control line to the simulated reader of a running `serve --sim`
    #[command(after_help = "Example:\n  kazasu sim tell put felica idm=012E4C0000000001")]
    Tell {
        #[command(flatten)]
        data: Data,
        /// The control line
        #[arg(required = true, num_args = 1..)]
        line: Vec<String>,
    },
}
