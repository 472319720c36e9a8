//! Fuzzes the targets of the `fuzz` folder.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xshell::{Shell, cmd};

use crate::shell;

const VERSION: &str = "0.13.2";

pub(crate) fn run(sh: &Shell, arguments: &[String]) -> Result<()> {
    let (seconds, chosen): (u32, _) = match arguments.split_first() {
        Some((text, chosen)) => (text.parse().context("`fuzz` takes seconds first")?, chosen),
        None => (30, arguments),
    };
    let tool = tool(sh)?;
    let built = shell::target().join("fuzz");
    // Every compiler has the sanitizer, though only a nightly one admits it.
    let _unstable = sh.push_env("RUSTC_BOOTSTRAP", "1");
    let _target = sh.push_env("CARGO_TARGET_DIR", &built);
    cmd!(sh, "{tool} fuzz build").run()?;
    let all = cmd!(sh, "{tool} fuzz list").quiet().read()?;
    let targets: Vec<&str> = match chosen {
        [] => all.lines().collect(),
        chosen => chosen.iter().map(String::as_str).collect(),
    };
    let limits = &[
        format!("-max_total_time={seconds}"),
        "-rss_limit_mb=2048".to_owned(),
        // Seconds for one input: what takes so long does not end.
        "-timeout=60".to_owned(),
        "-verbosity=0".to_owned(),
    ];
    for target in &targets {
        // What is found is kept here, and the seeds stay as they are.
        let found = sh.create_dir(built.join("corpus").join(target))?;
        let seeds = format!("fuzz/corpus/{target}");
        cmd!(sh, "{tool} fuzz run {target} {found} {seeds} -- {limits...}").run()?;
    }
    println!("{} targets were fuzzed for {seconds} s each", targets.len());
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
