use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use kazasu_registration::Role;

use super::{Data, word};
use crate::control::Feature;

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Adds one user
    #[command(after_help = "Examples:\n  \
        kazasu user add alice --name 'Alice A.' --password-stdin < password.txt\n  \
        kazasu user add guest01 --no-password")]
    Add {
        /// User ID: 1-32 printable ASCII characters
        user_id: String,
        /// User name, at most 32 bytes [default: the user ID]
        #[arg(long, default_value = "")]
        name: String,
        /// Mail address
        #[arg(long, default_value = "")]
        mail: String,
        /// Reads the password from the first line of standard input
        #[arg(long, conflicts_with = "no_password", required_unless_present = "no_password")]
        password_stdin: bool,
        /// A user without a password: whoever knows the ID can register a card to it
        #[arg(long)]
        no_password: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Adds the users of a CSV file: all or none
    #[command(after_help = "The first line names the columns, in any order; only user_id is \
        needed:\n  user_id   1-32 printable ASCII characters\n  \
        name      at most 32 bytes; empty: the user ID\n  \
        mail      empty: none\n  \
        password  empty: none\n  \
        role      general (default), administrator, account-administrator\n  \
        limits    what the user may not do: no-copy no-fax no-scan no-print, with spaces\n            \
        between; empty: nothing is forbidden\n\n\
        Every line is checked before the first user is added; each mistake is named with its \
        line.\n\n\
        Examples:\n  kazasu user import users.csv\n  kazasu user export | kazasu user import - \
        --data OTHER")]
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Prints all registered users as a CSV file that `user import` reads
    #[command(after_help = "Passwords are not in it: nobody can read them. Cards are not in it \
        either: they belong\nto this device.\n\nExample:\n  kazasu user export > users.csv")]
    Export {
        #[command(flatten)]
        data: Data,
    },
    /// Lists all users
    #[command(after_help = "Examples:\n  kazasu user list\n  \
        kazasu user list --provisional     cards that nobody has registered yet\n  \
        kazasu user list --locked          who typed too many wrong passwords")]
    List {
        /// Only provisional users: cards that were tapped and not registered
        #[arg(long)]
        provisional: bool,
        /// Only those whose user ID or card is locked, since too many passwords were wrong
        #[arg(long, conflicts_with = "provisional")]
        locked: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Unlocks after too many wrong passwords
    #[command(
        group = ArgGroup::new("whom").required(true),
        after_help = "Examples:\n  kazasu user list --locked\n  kazasu user unlock alice\n  \
        kazasu user unlock --administrator\n\n\
        A user ID unlocks the person and their card. User IDs that have no record are locked like \
        others\nand never listed. The device's own passwords (administrator, engineer, guest) are \
        open again after a\ntime, which grows, and after a restart."
    )]
    Unlock {
        /// User ID, or the card ID of a card
        #[arg(group = "whom")]
        user_id: Option<String>,
        /// The key operator
        #[arg(long, group = "whom")]
        administrator: bool,
        /// Everybody
        #[arg(long, group = "whom")]
        all: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Shows one record: what deleting it would delete
    #[command(after_help = "Example:\n  kazasu user show alice")]
    Show {
        /// User ID; for a provisional user, the card ID
        user_id: String,
        #[command(flatten)]
        data: Data,
    },
    /// Changes one user's record; what is not named stays
    Edit(EditUser),
    /// Gives a user another ID; card, password and rights stay
    #[command(after_help = "`kazasu config check` names IDs of older versions that are no longer \
        possible, each with\nthe command that mends it.\n\nExample:\n  \
        kazasu user rename 'tanaka01 ' tanaka01")]
    Rename {
        /// User ID, spelled exactly
        user_id: String,
        /// What the user is to be called
        to: String,
        #[command(flatten)]
        data: Data,
    },
    /// Deletes a user and frees their card, or all provisional users
    #[command(
        group = ArgGroup::new("whom").required(true),
        after_help = "Examples:\n  \
        kazasu user show alice && kazasu user delete alice\n  \
        kazasu user delete --provisional --older-than 7     leftovers of last week and before\n\n\
        With --provisional those that go are listed first; it asks, and without a terminal wants \
        --yes."
    )]
    Delete {
        /// User ID; for a provisional user, the card ID
        #[arg(group = "whom")]
        user_id: Option<String>,
        /// All provisional users instead: cards that were tapped and not registered
        #[arg(long, group = "whom")]
        provisional: bool,
        /// The damaged record in this row, as `user list` says
        #[arg(long, group = "whom", value_name = "ROW")]
        damaged: Option<i64>,
        /// Only those made so many days ago, or longer
        #[arg(long, value_name = "DAYS", requires = "provisional", default_value_t = 0)]
        older_than: u16,
        /// Does not ask
        #[arg(long, requires = "provisional")]
        yes: bool,
        #[command(flatten)]
        data: Data,
    },
}

/// `user edit`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).multiple(true),
    after_help = "Features are copy, fax, scan and print.\n\n\
        Examples:\n  \
        kazasu user edit alice --name 'Alice B.' --mail alice@example.org\n  \
        kazasu user edit alice --forbid copy,fax --allow print\n  \
        kazasu user edit alice --password-stdin < password.txt\n  \
        kazasu user edit alice --unlink-card     a lost card opens nothing any more"
)]
pub(crate) struct EditUser {
    /// User ID
    pub(crate) user_id: String,
    /// User name; empty: the user ID
    #[arg(long, group = "what")]
    pub(crate) name: Option<String>,
    /// Mail address; empty: none
    #[arg(long, group = "what")]
    pub(crate) mail: Option<String>,
    /// What the user is to the device
    #[arg(long, group = "what", value_parser = word(roles(), Role::from_word))]
    pub(crate) role: Option<Role>,
    /// Features that the user may use from now on
    #[arg(long, group = "what", value_enum, value_delimiter = ',', value_name = "FEATURES")]
    pub(crate) allow: Vec<Feature>,
    /// Features that the user may not use any more
    #[arg(long, group = "what", value_enum, value_delimiter = ',', value_name = "FEATURES")]
    pub(crate) forbid: Vec<Feature>,
    /// Reads a new password from the first line of standard input
    #[arg(long, group = "what", conflicts_with = "no_password")]
    pub(crate) password_stdin: bool,
    /// Removes the password: whoever knows the ID can register a card to it
    #[arg(long, group = "what")]
    pub(crate) no_password: bool,
    /// Frees the card: it is unknown from then on
    #[arg(long, group = "what")]
    pub(crate) unlink_card: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

/// Every role's word.
fn roles() -> [&'static str; 3] {
    [Role::General, Role::Administrator, Role::AccountAdministrator].map(Role::as_str)
}
