#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| kazasu_sqlite::fuzz::backup(data));
