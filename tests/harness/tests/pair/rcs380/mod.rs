//! What is of the RC-S380 alone.

mod cards;
mod faults;
mod opening;
mod pace;
mod shell;
