//! What `udev/` holds for an administrator: rules, kernel drivers that stay away, a table of readers.
//! Made from the products that our own drivers name and from `udev/readers.toml`, which has those
//! that others drive.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, Result, bail};
use kazasu_rcs380::{KERNEL_MODULE, PRODUCTS};
use toml::{Table, Value};

use super::Output;

const READERS: &str = "udev/readers.toml";
const RULES: &str = "udev/60-kazasu.rules";
const BLACKLIST: &str = "udev/kazasu-blacklist.conf";
const README: &str = "udev/README.md";

const MADE: &str =
    "# Made by `cargo xtask generate` from drivers/rcs380/src/devices.rs and udev/readers.toml.";
/// Around the table in the README.
const TABLE: [&str; 2] = ["<!-- readers: made by `cargo xtask generate` -->\n", "<!-- end -->\n"];

/// Which program opens the USB device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Through {
    Kazasu,
    Libnfc,
    Pcscd,
}

impl Through {
    const ALL: [(&str, Self); 3] =
        [("kazasu", Self::Kazasu), ("libnfc", Self::Libnfc), ("pcscd", Self::Pcscd)];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, through)| *through == self).map_or("", |(name, _)| name)
    }

    /// pcscd runs as root and has rules of its own.
    fn needs_rights(self) -> bool {
        self != Self::Pcscd
    }
}

struct Reader {
    name: String,
    /// Vendor and product, four hex digits each in lower case, as udev compares them.
    vendor: String,
    product: String,
    through: Through,
    /// The kernel's driver for it.
    module: Option<String>,
}

/// All three.
///
/// # Errors
/// What is wrong with `udev/readers.toml` or the README.
pub(super) fn files(root: &Path) -> Result<[Output; 3]> {
    let read =
        |path: &str| fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"));
    let mut readers = ours();
    readers.extend(theirs(&read(READERS)?).context(READERS)?);
    unique(&readers)?;
    let readme = with_table(&read(README)?, &table(&readers)?).context(README)?;
    Ok([
        Output { path: RULES, text: rules(&readers)? },
        Output { path: BLACKLIST, text: blacklist(&readers)? },
        Output { path: README, text: readme },
    ])
}

fn ours() -> Vec<Reader> {
    let reader = |product: &kazasu_rcs380::Product| Reader {
        name: format!("Sony {}", product.name),
        vendor: format!("{:04x}", product.vendor_id),
        product: format!("{:04x}", product.product_id),
        through: Through::Kazasu,
        module: Some(KERNEL_MODULE.to_owned()),
    };
    PRODUCTS.iter().map(reader).collect()
}

fn theirs(text: &str) -> Result<Vec<Reader>> {
    let table: Table = text.parse()?;
    let readers = table.get("reader").and_then(Value::as_array).context("no [[reader]]")?;
    readers.iter().map(|value| reader(value).with_context(|| format!("in {value}"))).collect()
}

fn reader(value: &Value) -> Result<Reader> {
    let table = value.as_table().context("not a table")?;
    for key in table.keys() {
        if !matches!(key.as_str(), "name" | "id" | "through" | "module") {
            bail!("unknown key {key}");
        }
    }
    let text = |key: &str| table.get(key).and_then(Value::as_str);
    let (vendor, product) =
        text("id").and_then(|id| id.split_once(':')).context("id is VVVV:PPPP")?;
    for digits in [vendor, product] {
        // A udev rule compares letters, so upper case would never match.
        if digits.len() != 4 || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            bail!("id is VVVV:PPPP in lower case hex");
        }
    }
    let through = text("through").context("no through")?;
    let through = Through::ALL.iter().find(|(name, _)| *name == through);
    let module = text("module").map(str::to_owned);
    if !module.iter().flat_map(|name| name.bytes()).all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        bail!("module is the name of a kernel module, with underscores");
    }
    Ok(Reader {
        name: text("name").context("no name")?.to_owned(),
        vendor: vendor.to_owned(),
        product: product.to_owned(),
        through: through.context("through is libnfc or pcscd")?.1,
        module,
    })
}

fn unique(readers: &[Reader]) -> Result<()> {
    let mut seen = BTreeMap::new();
    for reader in readers {
        if let Some(other) = seen.insert((&reader.vendor, &reader.product), &reader.name) {
            bail!("{}:{} is both {other} and {}", reader.vendor, reader.product, reader.name);
        }
    }
    Ok(())
}

fn rules(readers: &[Reader]) -> Result<String> {
    let mut text = format!(
        "{MADE}\n\
         # The name of this file has to sort before 73-seat-late.rules, which acts on `uaccess`: who\n\
         # sits before the machine may use the readers too.\n\n\
         ACTION==\"remove\", GOTO=\"kazasu_end\"\n\
         SUBSYSTEM!=\"usb\", GOTO=\"kazasu_end\"\n\
         ENV{{DEVTYPE}}!=\"usb_device\", GOTO=\"kazasu_end\"\n\n"
    );
    for reader in readers.iter().filter(|reader| reader.through.needs_rights()) {
        let Reader { name, vendor, product, .. } = reader;
        writeln!(
            text,
            "# {name}\nATTR{{idVendor}}==\"{vendor}\", ATTR{{idProduct}}==\"{product}\", \
             GROUP=\"kazasu\", MODE=\"0660\", TAG+=\"uaccess\""
        )?;
    }
    text.push_str("\nLABEL=\"kazasu_end\"\n");
    Ok(text)
}

fn blacklist(readers: &[Reader]) -> Result<String> {
    let mut modules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for reader in readers {
        if let Some(module) = &reader.module {
            modules.entry(module).or_default().push(&reader.name);
        }
    }
    let mut text =
        format!("{MADE}\n# Drivers of the kernel that would take readers by themselves.\n");
    for (module, names) in modules {
        writeln!(text, "\n# {}\nblacklist {module}", names.join("; "))?;
    }
    Ok(text)
}

fn table(readers: &[Reader]) -> Result<String> {
    let mut text = String::from(
        "| Reader | USB | Opened by | Kernel driver kept away |\n| --- | --- | --- | --- |\n",
    );
    for Reader { name, vendor, product, through, module } in readers {
        let module = module.as_ref().map_or("-".to_owned(), |module| format!("`{module}`"));
        writeln!(text, "| {name} | {vendor}:{product} | {} | {module} |", through.name())?;
    }
    Ok(text)
}

fn with_table(readme: &str, table: &str) -> Result<String> {
    let [begin, end] = TABLE;
    let (before, rest) = readme.split_once(begin).with_context(|| format!("no line {begin}"))?;
    let (_, after) = rest.split_once(end).with_context(|| format!("no line {end}"))?;
    Ok(format!("{before}{begin}{table}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_reader_is_refused() {
        for (text, wrong) in [
            ("name = 'x'\nid = '054c:02e1'\nthrough = 'libnfc'\nmodule = 'pn533_usb'", None),
            ("name = 'x'\nid = '054C:02E1'\nthrough = 'libnfc'", Some("lower case")),
            ("name = 'x'\nid = '054c02e1'\nthrough = 'libnfc'", Some("VVVV:PPPP")),
            ("name = 'x'\nid = '054c:02e'\nthrough = 'libnfc'", Some("VVVV:PPPP")),
            ("id = '054c:02e1'\nthrough = 'libnfc'", Some("no name")),
            ("name = 'x'\nid = '054c:02e1'\nthrough = 'magic'", Some("through")),
            ("name = 'x'\nid = '054c:02e1'\nthrough = 'pcscd'\nmodul = 'a'", Some("modul")),
            ("name = 'x'\nid = '054c:02e1'\nthrough = 'pcscd'\nmodule = 'a b'", Some("module")),
        ] {
            let found = theirs(&format!("[[reader]]\n{text}\n")).err().map(|e| format!("{e:#}"));
            match (wrong, found) {
                (None, None) => {}
                (Some(wrong), Some(found)) if found.contains(wrong) => {}
                (_, found) => panic!("{text}: {found:?}"),
            }
        }
        assert!(theirs("").is_err());
        let mut readers = ours();
        let again = "[[reader]]\nname = 'x'\nid = '054c:06c3'\nthrough = 'libnfc'";
        readers.extend(theirs(again).unwrap());
        assert!(unique(&readers).is_err());
    }

    #[test]
    fn rights_and_drivers_follow_the_table() {
        let mut readers = ours();
        readers.extend(
            theirs(
                "[[reader]]\nname = 'A'\nid = '1234:00aa'\nthrough = 'libnfc'\n\
                 [[reader]]\nname = 'B'\nid = '1234:00bb'\nthrough = 'pcscd'\nmodule = 'm'\n",
            )
            .unwrap(),
        );
        let (rules, blacklist) = (rules(&readers).unwrap(), blacklist(&readers).unwrap());
        for (product, ruled) in [("06c1", true), ("06c3", true), ("00aa", true), ("00bb", false)] {
            assert_eq!(rules.contains(&format!("\"{product}\", GROUP")), ruled, "{product}");
        }
        let modules: Vec<_> =
            blacklist.lines().filter_map(|line| line.strip_prefix("blacklist ")).collect();
        assert_eq!(modules, ["m", KERNEL_MODULE]);
        let [begin, end] = TABLE;
        let page = with_table(&format!("a\n{begin}old\n{end}b\n"), "new\n").unwrap();
        assert_eq!(page, format!("a\n{begin}new\n{end}b\n"));
        assert!(with_table("no table", "new\n").is_err());
    }
}
