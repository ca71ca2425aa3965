//! The user store on SQLite.
