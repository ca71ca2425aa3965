//! The running service over a store in memory, in virtual time, and over SQLite, in real time.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod admin;
mod audit;
mod directory;
mod flows;
mod lockout;
mod office;
mod refused;
mod rights;
mod sessions;
mod settings;
mod stations;
mod ways;
mod world;

/// Runs flows over both stores: in virtual time where the store has no thread of its own.
macro_rules! on_both_stores {
    ($($name:ident($settings:expr)),* $(,)?) => {
        mod memory {
            use super::*;

            $(#[tokio::test(start_paused = true)]
            async fn $name() {
                super::$name(crate::world::World::memory($settings)).await;
            })*
        }
        mod sqlite {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::world::World::sqlite($settings)).await;
            })*
        }
    };
}
use on_both_stores;
