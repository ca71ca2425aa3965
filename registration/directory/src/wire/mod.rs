//! How anything gets to a server and back: sound messages, over TLS, one operation at a time.

pub(crate) mod ber;
pub(crate) mod connection;
pub(crate) mod guard;
pub(crate) mod result;
pub(crate) mod server;
pub(crate) mod time;
pub(crate) mod tls;
