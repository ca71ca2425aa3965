//! `--reader` selectors to discoverers: the one place that knows every driver.

use anyhow::{Result, bail};
use kazasu_hal::Discoverer;
use kazasu_pcsc::PcscDiscoverer;
use kazasu_pn532::{Polling, UartDiscoverer};

/// What is used where no reader is named: serial ports are never probed, other things may hang on
/// them.
const DISCOVER: &[&str] = &["pcsc"];

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
    match selector.strip_prefix("pcsc") {
        Some("") => Ok(Box::new(PcscDiscoverer::new(None))),
        Some(name) if name.len() > 1 && name.starts_with(':') => {
            Ok(Box::new(PcscDiscoverer::new(name.get(1..).map(str::to_owned))))
        }
        _ => bail!(
            "reader {selector:?} is not known: allowed are pcsc, pcsc:NAME and \
             pn532:uart:PATH[@BAUD]"
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
