//! All tests, with all that they need.

use std::env;

use anyhow::Result;
use machine_testbed::REQUIRED;
use xshell::{Shell, cmd};

use crate::{hosts, setup};

/// All crates with all that they can have.
pub(crate) const WORKSPACE: [&str; 3] = ["--workspace", "--features", "machine-cli/full"];

pub(crate) fn run(sh: &Shell, arguments: &[String]) -> Result<()> {
    let able = cfg!(target_os = "linux") && setup::is_root();
    if able {
        setup::run(sh)?;
        hosts::prepare()?;
    } else {
        println!("tests on real hosts need Linux and root: they are skipped");
    }
    // Where they can run they must; on a build server it is an error that they cannot.
    let required = able || env::var_os("CI").is_some();
    let _required = required.then(|| sh.push_env(REQUIRED, "1"));
    let chosen = arguments.iter().any(|argument| argument == "-p" || argument == "--package");
    let all = if chosen { &[][..] } else { &WORKSPACE[..] };
    cmd!(sh, "cargo test {all...} {arguments...}").run()?;
    Ok(())
}
