#![no_main]

#[allow(dead_code, reason = "the program uses all of it")]
#[path = "../../../src/control/message.rs"]
mod control;
#[path = "../../../src/fuzz/socket.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::socket(data));
