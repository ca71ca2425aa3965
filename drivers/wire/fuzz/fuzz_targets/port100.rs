#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kazasu_wire_checks::run("port100", data));
