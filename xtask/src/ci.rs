//! All that a change must pass.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::{fuzz, hosts, release, setup, shell, test, tidy};

/// Seconds for each fuzz target: long enough to find what is shallow.
const FUZZ: &str = "10";

pub(crate) fn run(sh: &Shell) -> Result<()> {
    let mut times = Vec::new();
    let passed = stages(sh, &mut times);
    shell::report(&times);
    passed
}

fn stages(sh: &Shell, times: &mut Vec<(&'static str, std::time::Duration)>) -> Result<()> {
    let all = test::WORKSPACE;
    shell::stage(times, "set-up", || setup::run(sh))?;
    shell::stage(times, "images", hosts::prepare)?;
    shell::stage(times, "format and tidy", || {
        cmd!(sh, "cargo fmt --all --check").run()?;
        tidy::run(sh)
    })?;
    shell::stage(times, "build", || Ok(cmd!(sh, "cargo test {all...} --no-run").run()?))?;
    // What the README tells people to run.
    shell::stage(times, "test", || test::run(sh, &[]))?;
    shell::stage(times, "clippy", || {
        Ok(cmd!(sh, "cargo clippy {all...} --all-targets -- -D warnings").run()?)
    })?;
    // Each provider can be had alone, and the program without any of the rest.
    shell::stage(times, "single features", || {
        for feature in ["generic", "aws", "plugin"] {
            let alone = ["--no-default-features", "--features", feature];
            cmd!(sh, "cargo clippy --package machine-cli {alone...} -- -D warnings").run()?;
        }
        Ok(())
    })?;
    shell::stage(times, "doc", || {
        let _strict = sh.push_env("RUSTDOCFLAGS", "-D warnings");
        Ok(cmd!(sh, "cargo doc {all...} --no-deps").run()?)
    })?;
    shell::stage(times, "fuzz", || fuzz::run(sh, &[FUZZ.to_owned()]))?;
    shell::stage(times, "release dry run", || release::run(sh, &["--dry-run".to_owned()]))
}
