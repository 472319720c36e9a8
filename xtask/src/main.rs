//! Tasks for maintainers: `cargo xtask <task>`. One task, one file.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks talk to whoever runs them")]

mod bench;
mod ci;
mod demo;
mod docs;
mod fuzz;
mod hosts;
mod metadata;
mod release;
mod setup;
mod shell;
mod test;
mod tidy;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Usage: cargo xtask <task>

  demo                 create a machine on a real host and run a container on it
  test [ARGS]          set up, then run all tests; ARGS go to `cargo test`
  setup                install what the other tasks need (apt, as root), or say what is missing
  ci                   all that a change must pass, with the time of each stage
  tidy                 rules that no compiler checks
  docs                 make the reference of the command line, man pages and completion scripts
  bench [NAMES]        time the release build against what it is measured by; --list names them
  fuzz [SECONDS [TARGET...]]
                       fuzz each target for so long (default 30)
  release --dry-run    what would be published, checked and packaged
  hosts up|down|wipe   make the images of the test hosts; end their engine; delete their cache
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((task, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    let sh = shell::open()?;
    match (task.as_str(), rest) {
        ("bench", names) => bench::run(&sh, names),
        ("ci", []) => ci::run(&sh),
        ("demo", []) => demo::run(&sh),
        ("docs", []) => docs::run(&sh),
        ("fuzz", rest) => fuzz::run(&sh, rest),
        ("hosts", [action]) => hosts::run(action),
        ("release", rest) => release::run(&sh, rest),
        ("setup", []) => setup::run(&sh),
        ("test", rest) => test::run(&sh, rest),
        ("tidy", []) => tidy::run(&sh),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("`{}` is not a task\n\n{HELP}", arguments.join(" ")),
    }
}
