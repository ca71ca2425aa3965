//! Contactless readers that pcscd (PC/SC) drives.
//!
//! ```text
//! status thread --pictures of all readers--> one task per used reader --jobs--> worker thread
//!                                            (deadline, reports)      <-answer-
//! ```
//! pcscd's library blocks, without a time-out: a card that hangs holds a call until it leaves. So
//! no call is made in a task, the status of all readers is watched on a context of its own, and a
//! thread that does not answer in time is left behind together with its context. No second one is
//! started for the same work before it has returned, and then at once: so nothing is given up, and
//! no freeze costs more than one thread a reader. Readers that were not selected are never opened.

mod cause;
mod discoverer;
mod fault;
mod identify;
mod line;
mod presence;
mod slot;
mod status;
mod worker;

pub use cause::CAUSES;
pub use discoverer::PcscDiscoverer;
pub use identify::card;
