#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kazasu_service::fuzz::csv(data));
