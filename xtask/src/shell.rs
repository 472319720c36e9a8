//! Where tasks run, and how they show what they do.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use xshell::Shell;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// A shell in the workspace's root.
pub(crate) fn open() -> Result<Shell> {
    let sh = Shell::new().context("no current folder")?;
    sh.change_dir(root());
    Ok(sh)
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty());
    root().join(named.map_or_else(|| PathBuf::from("target"), PathBuf::from))
}

/// Runs one stage of several under a heading, and notes how long it took.
pub(crate) fn stage(
    times: &mut Vec<(&'static str, Duration)>,
    name: &'static str,
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    println!("\n=== {name}");
    let begin = Instant::now();
    let done = work().with_context(|| format!("stage `{name}`"));
    let took = begin.elapsed();
    println!("=== {name}: {:.1} s", took.as_secs_f64());
    times.push((name, took));
    done
}

/// Prints the times of all stages.
pub(crate) fn report(times: &[(&'static str, Duration)]) {
    println!();
    for (name, took) in times {
        println!("{name:<24}{:>8.1} s", took.as_secs_f64());
    }
    let sum: Duration = times.iter().map(|(_, took)| *took).sum();
    println!("{:<24}{:>8.1} s", "all", sum.as_secs_f64());
}
