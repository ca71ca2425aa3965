//! `--reader` selectors to discoverers: the one place that knows every driver.

use anyhow::{Result, bail};
use kazasu_hal::{Discoverer, Polling};
use kazasu_pcsc::PcscDiscoverer;
use kazasu_pn532::UartDiscoverer;
use kazasu_rcs380::{UsbDiscoverer, UsbredirDiscoverer};

/// What is used where no reader is named: serial ports are never probed, other things may hang on
/// them.
const DISCOVER: &[&str] = &["pcsc", "rcs380"];

/// The discoverers of these selectors; of all ways that are safe to look at where none is given.
pub(crate) fn discoverers(
    selectors: &[String],
    polling: Polling,
) -> Result<Vec<Box<dyn Discoverer>>> {
    if selectors.is_empty() {
        return DISCOVER.iter().map(|s| discoverer(s, polling)).collect();
    }
    let mut seen: Vec<&str> = Vec::new();
    for selector in selectors {
        if seen.contains(&selector.as_str()) {
            bail!("reader {selector:?} is given twice: name each once");
        }
        seen.push(selector);
    }
    selectors.iter().map(|s| discoverer(s, polling)).collect()
}

fn discoverer(selector: &str, polling: Polling) -> Result<Box<dyn Discoverer>> {
    if let Some(rest) = selector.strip_prefix("pn532:uart:") {
        let (path, baud) = match rest.rsplit_once('@') {
            Some((path, baud)) => (path, Some(baud.parse::<u32>().unwrap_or_default())),
            None => (rest, None),
        };
        return match baud {
            None | Some(9_600..=921_600) if !path.is_empty() => {
                Ok(Box::new(UartDiscoverer::new(path, baud, polling)))
            }
            _ => bail!(
                "reader {selector:?}: a path is needed, and after an @ the highest speed to use, \
                 9600 to 921600 baud: for instance pn532:uart:/dev/ttyUSB0@115200"
            ),
        };
    }
    if let Some(address) = selector.strip_prefix("rcs380:usbredir:") {
        let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        return match port.map(|(_, port)| port.parse::<u16>()) {
            Some(Ok(1..)) => Ok(Box::new(UsbredirDiscoverer::new(address, polling))),
            _ => bail!(
                "reader {selector:?}: an address and a port are needed: for instance \
                 rcs380:usbredir:127.0.0.1:4700"
            ),
        };
    }
    match selector.split_once(':') {
        None if selector == "pcsc" => Ok(Box::new(PcscDiscoverer::new(None))),
        None if selector == "rcs380" => Ok(Box::new(UsbDiscoverer::new(None, polling))),
        Some(("pcsc", name)) if !name.is_empty() => {
            Ok(Box::new(PcscDiscoverer::new(Some(name.to_owned()))))
        }
        Some(("rcs380", mark)) if !mark.is_empty() => {
            Ok(Box::new(UsbDiscoverer::new(Some(mark.to_owned()), polling)))
        }
        _ => bail!(
            "reader {selector:?} is not known: allowed are pcsc, pcsc:NAME, rcs380, rcs380:SERIAL, \
             rcs380:usbredir:ADDR and pn532:uart:PATH[@BAUD]"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        let rows = [
            ("pcsc", ""),
            ("pcsc:Reader 00 00", ""),
            ("pn532:uart:/dev/ttyUSB0", ""),
            ("pn532:uart:/dev/ttyUSB0@460800", ""),
            ("pn532:uart:/dev/ttyUSB0@fast", "9600 to 921600"),
            ("pn532:uart:/dev/ttyUSB0@0", "9600 to 921600"),
            ("pn532:uart:", "9600 to 921600"),
            ("rcs380", ""),
            ("rcs380:0123456", ""),
            ("rcs380:1-2.3", ""),
            ("rcs380:usbredir:127.0.0.1:4700", ""),
            ("rcs380:usbredir:[::1]:4700", ""),
            ("rcs380:usbredir:127.0.0.1", "127.0.0.1:4700"),
            ("rcs380:usbredir::4700", "127.0.0.1:4700"),
            ("rcs380:usbredir:127.0.0.1:0", "127.0.0.1:4700"),
            ("rcs380:", "not known"),
            ("rcs3800", "not known"),
            ("pcsc:", "not known"),
            ("pcscd", "not known"),
            ("", "not known"),
        ];
        for (selector, expected) in rows {
            let got =
                discoverers(&[selector.to_owned()], Polling::Normal).err().map(|e| e.to_string());
            let got = got.unwrap_or_default();
            assert!(got.contains(expected) && got.is_empty() == expected.is_empty(), "{got}");
        }
        let twice = ["pcsc".to_owned(), "pcsc".to_owned()];
        assert!(discoverers(&twice, Polling::Normal).err().unwrap().to_string().contains("twice"));
    }
}
