//! Commands and the running service: one socket, one set of requests.
//!
//! A command makes a [`Request`]. Where a service runs, it goes there over the socket; where none
//! runs, the same request is carried out in this process, which owns the data folder meanwhile.
//! Either way the answer is a stream of JSON values and one [`End`].

mod blocks;
mod cause;
mod client;
mod host;
mod message;
mod office;
mod panels;
mod server;

#[cfg(test)]
pub(crate) use cause::CAUSES;
pub(crate) use client::{WentAway, ask, running};
pub(crate) use host::{Host, nothing_found};
pub(crate) use message::{
    AuditFormat, AuditWanted, Edit, End, Feature, Job, LINE_MAX, Reply, Request, Unlock,
};
pub(crate) use office::{Office, Service, load};
pub(crate) use panels::Panels;
pub(crate) use server::serve;
