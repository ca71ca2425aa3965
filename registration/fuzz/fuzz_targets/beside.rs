#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kazasu_store::fuzz::beside(data));
