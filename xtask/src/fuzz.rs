//! Fuzzes every target of every crate's `fuzz` folder.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::{metadata, shell};

const VERSION: &str = "0.13.2";

pub(crate) fn run(sh: &Shell, arguments: &[String]) -> Result<()> {
    let seconds: u32 = match arguments.first() {
        Some(text) => text.parse().context("`fuzz` takes seconds")?,
        None => 30,
    };
    let mut count = 0;
    for package in metadata::load(sh)? {
        let fuzz = package.folder.join("fuzz");
        if !fuzz.join("Cargo.toml").is_file() {
            continue;
        }
        let tool = tool(sh)?;
        let _stable = sh.push_env("RUSTC_BOOTSTRAP", "1");
        let _target = sh.push_env("CARGO_TARGET_DIR", shell::target().join("fuzz"));
        let _here = sh.push_dir(&package.folder);
        for target in cmd!(sh, "{tool} fuzz list").read()?.lines() {
            let limit = format!("-max_total_time={seconds}");
            // What is found goes to the first folder: the committed corpus grows by hand alone.
            let found = shell::target().join("fuzz/corpus").join(&package.name).join(target);
            sh.create_dir(&found)?;
            let corpus = fuzz.join("corpus").join(target);
            sh.create_dir(&corpus)?;
            cmd!(sh, "{tool} fuzz run {target} {found} {corpus} -- {limit} -rss_limit_mb=4096")
                .run()?;
            count += 1;
        }
    }
    println!("{count} targets were fuzzed for {seconds} s each");
    Ok(())
}

/// cargo-fuzz, built once into a folder outside the clone.
fn tool(sh: &Shell) -> Result<PathBuf> {
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    let folder = caches.context("no home folder")?.join("machine-tools");
    let tool = folder.join("bin/cargo-fuzz");
    if !tool.is_file() {
        let _fast = sh.push_env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        let _plain = sh.push_env("CARGO_PROFILE_RELEASE_LTO", "off");
        cmd!(sh, "cargo install --quiet --locked --root {folder} cargo-fuzz@{VERSION}").run()?;
    }
    Ok(tool)
}
