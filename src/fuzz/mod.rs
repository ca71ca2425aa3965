//! What holds for any bytes at all. The fuzz targets `config` and `socket` of `registration/fuzz`
//! run these, and this test runs them on what was found before.

mod config;
mod socket;

#[test]
fn found_inputs() {
    let found = include_str!("../../registration/fuzz/corpus/config.txt");
    kazasu_replay::found("config", found, config::config);
    let found = include_str!("../../registration/fuzz/corpus/socket.txt");
    kazasu_replay::found("socket", found, socket::socket);
}
