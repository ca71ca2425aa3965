use std::net::{Ipv4Addr, SocketAddr};

use crate::config::Config;

/// Stands where a password would.
const PLANTED: &str = "Zq7~planted";

/// The configuration file.
///
/// What is taken can be asked for everything. A password that somebody puts into the file, where
/// none belongs, is not shown by the error about it.
pub(crate) fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if text.contains(PLANTED) {
        return;
    }
    match Config::parse(text) {
        Ok(config) => holds(&config),
        Err(error) => assert!(!format!("{error:#}").is_empty()),
    }
    let password = match text.len() % 5 {
        0 => format!("{text}\n[directory.service_account]\npassword = \"{PLANTED}\"\n"),
        1 => format!("password = '{PLANTED}'\n{text}"),
        2 => format!("[directory]\nservice_account = {{ password = '{PLANTED}' }}\n{text}"),
        3 => format!("{text}\npassword = \"{PLANTED}"),
        _ => format!("{text}\npassword = {PLANTED}\n"),
    };
    let told = Config::parse(&password).map_or_else(|error| format!("{error:#}"), |_| "".into());
    assert!(!told.contains(PLANTED), "{told}");
}

fn holds(config: &Config) {
    let given = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    assert_eq!(config.listen(Some(given)), given);
    assert_eq!(config.tls_listen(Some(given)), Some(given));
    let _ = (config.listen(None), config.tls_listen(None), config.polling());
    let readers = config.readers(&[]);
    assert_eq!(config.readers(&readers), readers);
    let stations = config.stations();
    assert!(!format!("{stations:?}").is_empty());
    assert!(config.taps().missed_polls > 0);
    assert!(config.directory().is_none_or(|directory| directory.check().is_empty()));
}
