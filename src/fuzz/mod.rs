//! What holds for any bytes at all. The fuzz targets `config` and `socket` of `registration/fuzz`
//! run these, and this test runs them on what was found before.

mod config;
#[path = "../../registration/fuzz/replay.rs"]
mod replay;
mod socket;

#[test]
fn found_inputs() {
    let found = include_str!("../../registration/fuzz/corpus/config.txt");
    replay::found("config", found, config::config);
    let found = include_str!("../../registration/fuzz/corpus/socket.txt");
    replay::found("socket", found, socket::socket);
}
