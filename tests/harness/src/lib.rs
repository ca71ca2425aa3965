//! Pair tests: driver and simulator joined in virtual time.
