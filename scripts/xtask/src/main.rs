//! Chores of this repository: `cargo xtask tidy`, `generate`, `spec`, `mutate`.

mod generate;
mod mutate;
mod spec;
mod tidy;
mod tree;

use std::{env, path::Path, process::ExitCode};

use anyhow::Context;

const USAGE: &str = "usage: cargo xtask tidy | generate | spec [--list] | mutate [CHAPTER]

  tidy     checks the rules of the house; prints `file:line: rule: what is wrong` and ends with 1
           where one is broken
  generate writes the files that are made from tables (docs/, udev/)
  spec     names the rows of the specification that no test names, and the error codes that no test
           produces and that are not on the list of reserved ones; ends with 1 where there are any;
           --list tells for each row the tests that name it
  mutate   breaks the tree in a copy, one listed place after the other, and ends with 1 where the
           tests that have to notice do not; chapters: codecs, rules, planted, runtime, pcsc, service,
           directory; takes minutes";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .context("the workspace lies two folders above scripts/xtask")?;
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => {
            let findings = tidy::check(root)?;
            for finding in &findings {
                say(&finding.to_string());
            }
            if findings.is_empty() {
                say("tidy: all in order");
                return Ok(ExitCode::SUCCESS);
            }
            complain(&format!("tidy: {} to mend", findings.len()));
            Ok(ExitCode::FAILURE)
        }
        ["generate"] => generate::write(root, say).map(|()| ExitCode::SUCCESS),
        ["spec"] if spec::check(root, false, say)? => Ok(ExitCode::SUCCESS),
        ["spec", "--list"] if spec::check(root, true, say)? => Ok(ExitCode::SUCCESS),
        ["spec"] | ["spec", "--list"] => Ok(ExitCode::FAILURE),
        ["mutate", chapter @ ..] if chapter.len() < 2 => {
            let killed = mutate::run(root, chapter.first().copied(), say)?;
            Ok(if killed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        ["--help" | "-h"] => {
            say(USAGE);
            Ok(ExitCode::SUCCESS)
        }
        _ => anyhow::bail!("{USAGE}"),
    }
}

#[expect(clippy::print_stdout, reason = "a command's output")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a command's errors")]
fn complain(line: &str) {
    eprintln!("{line}");
}
