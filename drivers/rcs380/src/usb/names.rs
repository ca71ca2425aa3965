/// What tells a reader apart from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    /// As the reader tells it.
    pub(crate) serial: Option<String>,
    /// Where it is plugged in: bus and ports on the way, as in `1-2.3`.
    pub(crate) port: String,
}

/// A name, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// In the form of the `--reader` option.
    pub(crate) name: String,
    /// For people.
    pub(crate) note: String,
}

impl Marks {
    /// The serial number, if it can be part of a name.
    fn serial(&self) -> Option<&str> {
        let serial = self.serial.as_deref()?.trim();
        let fits = !serial.is_empty() && serial.chars().all(|c| c.is_ascii_graphic());
        fits.then_some(serial)
    }

    /// The name among all that are there. By the serial number, so that it stays the same wherever
    /// the reader is plugged in; by the place, where the serial number does not tell.
    pub(crate) fn named(&self, all: &[Self]) -> Named {
        let serial = self.serial();
        let same = all.iter().filter(|other| other.serial() == serial).count();
        let port = &self.port;
        let (mark, note) = match serial {
            Some(serial) if same < 2 => (serial, format!("serial number {serial}")),
            Some(_) => (
                port.as_str(),
                format!("at USB port {port}; another one has the same serial number"),
            ),
            None => (port.as_str(), format!("at USB port {port}; it has no serial number")),
        };
        Named { name: format!("rcs380:{mark}"), note }
    }

    /// Whether the text behind `rcs380:` of a selector means this reader.
    pub(crate) fn is_meant(&self, mark: &str) -> bool {
        self.serial() == Some(mark) || self.port == mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_or_say_that_they_are_not() {
        let marks = |serial: Option<&str>, port: &str| Marks {
            serial: serial.map(str::to_owned),
            port: port.to_owned(),
        };
        type Row<'a> = (&'a str, Vec<Marks>, Vec<(&'a str, &'a str)>);
        let rows: [Row<'_>; 6] = [
            (
                "one with a serial number",
                vec![marks(Some("0123456"), "1-2")],
                vec![("rcs380:0123456", "serial number 0123456")],
            ),
            (
                "two with their own",
                vec![marks(Some("A1"), "1-2"), marks(Some("A2"), "1-3")],
                vec![("rcs380:A1", "serial number A1"), ("rcs380:A2", "serial number A2")],
            ),
            (
                "the same two, swapped between the ports",
                vec![marks(Some("A2"), "1-2"), marks(Some("A1"), "1-3")],
                vec![("rcs380:A2", "serial number A2"), ("rcs380:A1", "serial number A1")],
            ),
            (
                "two with the same",
                vec![marks(Some("A1"), "1-2"), marks(Some("A1"), "1-3.4")],
                vec![
                    ("rcs380:1-2", "at USB port 1-2; another one has the same serial number"),
                    ("rcs380:1-3.4", "at USB port 1-3.4; another one has the same serial number"),
                ],
            ),
            (
                "two without",
                vec![marks(None, "1-2"), marks(Some("  "), "1-3")],
                vec![
                    ("rcs380:1-2", "at USB port 1-2; it has no serial number"),
                    ("rcs380:1-3", "at USB port 1-3; it has no serial number"),
                ],
            ),
            (
                "one that cannot be typed",
                vec![marks(Some("\u{7}\u{fffd}"), "2-1")],
                vec![("rcs380:2-1", "at USB port 2-1; it has no serial number")],
            ),
        ];
        for (name, all, expected) in rows {
            let named: Vec<_> = all.iter().map(|marks| marks.named(&all)).collect();
            let named: Vec<_> =
                named.iter().map(|named| (named.name.as_str(), named.note.as_str())).collect();
            assert_eq!(named, expected, "{name}");
            for (marks, (name, _)) in all.iter().zip(&expected) {
                assert!(marks.is_meant(name.strip_prefix("rcs380:").unwrap()), "{name}");
            }
        }
        assert!(!marks(Some("A1"), "1-2").is_meant("A"));
    }
}
