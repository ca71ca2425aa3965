//! What the tests drive the program with.

mod browser;
mod disk;
mod domain;
mod finger;
mod guest;
mod kazasu;
mod namespace;
mod pairing;
mod pcscd;
mod process;
mod screens;
mod socket;
pub(crate) mod standin;
mod strace;

pub(crate) use browser::{Browser, Key};
pub(crate) use disk::{Dice, Disk, Lost, Served};
pub(crate) use domain::Domain;
pub(crate) use guest::Guest;
pub(crate) use kazasu::{Folder, Service, Sim, Watch, card_of, json, kazasu};
pub(crate) use namespace::{Namespace, carrying, proc_hidden, read_only};
pub(crate) use pairing::cookie;
pub(crate) use pcscd::Pcscd;
pub(crate) use process::{Finished, Process, now, run, tool};
pub(crate) use screens::{Screen, Screens};
pub(crate) use standin::StandIn;
pub(crate) use strace::{Call, Followed, Injection, Tracer, calls_in, threads, traceable};
