#![no_main]

#[allow(dead_code, reason = "the program uses all of it")]
#[path = "../../../src/config.rs"]
mod config;
#[path = "../../../src/fuzz/config.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::config(data));
