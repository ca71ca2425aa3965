use clap::{Args, value_parser};

use super::Place;

/// So many blocks are read at most.
const BLOCKS_MAX: usize = 256;

/// `card read`.
#[derive(Debug, Args)]
#[command(
    after_help = "Reads what can be read without a key, while taps go on: whoever watches, and \
    the panel of the\nreader's station, see the card too. Blocks may hold personal data: they are \
    printed, and written\ninto no log. PC/SC readers cannot be asked yet.\n\n\
    Examples:\n  \
    kazasu card read --service 000B --block 0               a FeliCa Lite-S card's first block\n  \
    kazasu card read --service 000B --block 0-3,13 --json\n  \
    kazasu card read --service 1A8B --block 0 --reader pn532:uart:/dev/ttyUSB0 --wait 5\n\n\
    Exit code 1 where no card came, or it has no such block."
)]
pub(crate) struct ReadCard {
    /// Service code, 4 hex digits as in 000B
    #[arg(long, value_name = "CODE", value_parser = service)]
    pub(crate) service: u16,
    /// Number of a block in the service, from 0; several: 0,2,5-7
    #[arg(
        long = "block",
        value_name = "N",
        required = true,
        value_delimiter = ',',
        value_parser = blocks
    )]
    blocks: Vec<Blocks>,
    /// How long to wait for a card, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = value_parser!(u16).range(1..=3600)
    )]
    pub(crate) wait: u16,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Blocks that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blocks {
    first: u16,
    last: u16,
}

impl ReadCard {
    /// The numbers of the blocks, in the order they were named.
    ///
    /// # Errors
    /// They are too many.
    pub(crate) fn blocks(&self) -> Result<Vec<u16>, String> {
        let numbers = self.blocks.iter().flat_map(|blocks| blocks.first..=blocks.last);
        let numbers: Vec<_> = numbers.take(BLOCKS_MAX + 1).collect();
        if numbers.len() > BLOCKS_MAX {
            return Err(format!("--block: more than {BLOCKS_MAX} blocks are wanted"));
        }
        Ok(numbers)
    }
}

fn service(text: &str) -> Result<u16, String> {
    let digits = text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let code = u16::from_str_radix(text, 16).ok().filter(|_| digits);
    code.ok_or_else(|| "4 hex digits are wanted, as in 000B".to_owned())
}

fn blocks(text: &str) -> Result<Blocks, String> {
    let wanted = "a number from 0 to 65535 is wanted, or two with a hyphen: 0-13";
    let number = |text: &str| text.parse().map_err(|_| wanted.to_owned());
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first)?, number(last)?) {
        (first, last) if first <= last => Ok(Blocks { first, last }),
        _ => Err(wanted.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::{Card, Cli, Command};

    #[test]
    fn blocks_are_read_in_the_order_they_are_named() {
        /// The service and its blocks; their numbers, or what is wrong.
        type Row<'a> = (&'a [&'a str], Result<&'a [u16], &'a str>);
        let rows: [Row<'_>; 10] = [
            (&["000B", "0"], Ok(&[0])),
            (&["000b", "3,0-2"], Ok(&[3, 0, 1, 2])),
            (&["1A8B", "65535", "1"], Ok(&[65535, 1])),
            (&["1A8B", "0-255"], Ok(&[])),
            (&["1A8B", "0-256"], Err("more than 256 blocks")),
            (&["1A8B", "0-65535", "0-65535"], Err("more than 256 blocks")),
            (&["1A8B", "65536"], Err("0 to 65535")),
            (&["1A8B", "2-1"], Err("0 to 65535")),
            (&["B", "0"], Err("4 hex digits")),
            (&["+00B", "0"], Err("4 hex digits")),
        ];
        for (args, expected) in rows {
            let mut line = vec!["kazasu", "card", "read", "--service", args[0]];
            args[1..].iter().for_each(|block| line.extend(["--block", block]));
            let got =
                Cli::try_parse_from(line).map_err(|error| error.to_string()).and_then(|cli| {
                    match cli.command {
                        Command::Card(Card::Read(read)) => read.blocks(),
                        other => panic!("{other:?}"),
                    }
                });
            match (got, expected) {
                (Ok(got), Ok([])) => assert_eq!(got, (0..=255).collect::<Vec<_>>()),
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(got), Err(expected)) => assert!(got.contains(expected), "{args:?}: {got}"),
                (got, _) => panic!("{args:?}: {got:?}"),
            }
        }
    }
}
