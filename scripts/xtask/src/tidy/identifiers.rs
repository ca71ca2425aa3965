//! No card number that could be somebody's.

use super::Finding;

/// Where the allowed ones are listed, with the rule in words.
pub(super) const LIST: &str = "scripts/xtask/identifiers.txt";

/// IDm of 8 bytes and UID of 7, in hex digits. Shorter ones look like too many other things.
const LENGTHS: [usize; 2] = [16, 14];

/// The content of [`LIST`], upper case.
pub(super) struct Allowed {
    whole: Vec<String>,
    prefixes: Vec<String>,
}

impl Allowed {
    pub(super) fn parse(list: &str) -> Self {
        let mut allowed = Self { whole: Vec::new(), prefixes: Vec::new() };
        let entries = list.lines().filter(|line| !line.starts_with('#'));
        for entry in entries.filter_map(|line| line.split_whitespace().next()) {
            match entry.strip_suffix('*') {
                Some(prefix) => allowed.prefixes.push(prefix.to_ascii_uppercase()),
                None => allowed.whole.push(entry.to_ascii_uppercase()),
            }
        }
        allowed
    }

    fn has(&self, upper: &str) -> bool {
        self.whole.iter().any(|one| one == upper)
            || self.prefixes.iter().any(|prefix| upper.starts_with(prefix))
    }
}

pub(super) fn check(path: &str, text: &str, allowed: &Allowed) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let looks_like_one = LENGTHS.contains(&word.len())
                && word.bytes().all(|b| b.is_ascii_hexdigit())
                && word.bytes().any(|b| b.is_ascii_digit());
            let upper = word.to_ascii_uppercase();
            if looks_like_one && !allowed.has(&upper) && !is_pattern(&upper) {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    "identifiers",
                    format!(
                        "{word} could be somebody's card: begin an IDm with 012E4C or a UID with \
                         04C0FFEE, or list it in {LIST}"
                    ),
                ));
            }
        }
    }
    findings
}

/// Whether each byte after the first two (a manufacturer's) differs from the one before by the same
/// step. Hex digits only.
fn is_pattern(hex: &str) -> bool {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .filter_map(|n| hex.get(2 * n..2 * n + 2))
        .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
        .collect();
    let mut steps = bytes.iter().skip(2).zip(bytes.iter().skip(3)).map(|(a, b)| b.wrapping_sub(*a));
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_made_up_numbers_and_patterns_pass() {
        let made_up = ["FEDCBA98", "76543211"].concat();
        let allowed =
            Allowed::parse(&format!("# a list\n012E4C*  ours\n04C0FFEE*\n{made_up}  ours\n"));
        let real = ["01010812AB", "34CD56"].concat();
        let uid = ["0439E1", "7A2C5B80"].concat();
        let timestamp = ["2026112", "1044208"].concat();
        for (line, expected) in [
            ("idm=012E4C1234567890", 0),
            ("idm=012e4c1234567890", 0),
            ("uid=04C0FFEE123456", 0),
            ("0102030405060708", 0),
            ("0000000000000000", 0),
            (&format!("key {made_up}, and more"), 0),
            ("045A0102030405", 0),
            (real.as_str(), 1),
            (&format!("`{}`", real.to_lowercase()), 1),
            (&format!("put type-a uid={uid}"), 1),
            (&format!("{real} and {uid}"), 2),
            (&format!("a longer one {real}00"), 0),
            (&format!("0x{real}"), 0),
            (&format!("sha_{real}"), 0),
            (timestamp.as_str(), 1),
            ("", 0),
        ] {
            assert_eq!(check("a.rs", line, &allowed).len(), expected, "{line}");
        }
    }
}
