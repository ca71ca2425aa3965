#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kazasu_directory::fuzz::server(data));
