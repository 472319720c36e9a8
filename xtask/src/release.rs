//! What would be published, in which order, and whether it is ready.
//!
//! Each crate has a version and tags of its own, `<crate>-v<version>`. A crate whose version has no tag yet is
//! published; one that changed since its tag without a new version is an error.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use xshell::{Shell, cmd};

use crate::metadata::{self, Package};

pub(crate) fn run(sh: &Shell, arguments: &[String]) -> Result<()> {
    if arguments != ["--dry-run"] {
        bail!("publishing is done by hand, in the order that `release --dry-run` prints");
    }
    let packages = metadata::load(sh)?;
    let published: Vec<&Package> = packages.iter().filter(|package| package.published).collect();
    let tags = cmd!(sh, "git tag --list").quiet().read()?;
    let tags: BTreeSet<&str> = tags.lines().collect();
    let (mut planned, mut problems) = (Vec::new(), Vec::new());
    for package in &published {
        let tag = tag(package);
        if !tags.contains(tag.as_str()) {
            planned.push(*package);
            problems.extend(changelog(package)?);
        } else if changed(sh, package, &tag)? {
            problems.push(format!("{} changed since {tag}: it needs a new version", package.name));
        }
    }
    let order = order(&planned)?;
    for (number, package) in order.iter().enumerate() {
        println!("{}. {} {}: tag {}", number + 1, package.name, package.version, tag(package));
    }
    if order.is_empty() {
        println!("nothing to publish");
    }
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("not ready");
    }
    package(sh, &packages)
}

fn tag(package: &Package) -> String {
    format!("{}-v{}", package.name, package.version)
}

fn changed(sh: &Shell, package: &Package, tag: &str) -> Result<bool> {
    let folder = &package.folder;
    let files = cmd!(sh, "git diff --name-only {tag} -- {folder}").quiet().read()?;
    Ok(!files.is_empty())
}

/// A planned version has an entry, or all that it brings stands under `Unreleased` before the first.
fn changelog(package: &Package) -> Result<Option<String>> {
    let path = package.folder.join("CHANGELOG.md");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let version = &package.version;
    let entry = text.lines().any(|line| {
        let title = line.strip_prefix("## ").map(|title| title.trim_start_matches('['));
        title.is_some_and(|title| {
            title.starts_with(version.as_str()) || title.starts_with("Unreleased")
        })
    });
    Ok((!entry).then(|| format!("{}/CHANGELOG.md has no entry for {version}", package.name)))
}

/// Those without unpublished dependencies first.
fn order<'a>(planned: &[&'a Package]) -> Result<Vec<&'a Package>> {
    let mut left = planned.to_vec();
    let mut order: Vec<&Package> = Vec::new();
    while !left.is_empty() {
        let waits = |package: &Package| {
            let mut needs = package.dependencies.iter().filter(|dependency| !dependency.dev);
            needs.any(|needed| left.iter().any(|other| other.name == needed.name))
        };
        let ready: Vec<&Package> = left.iter().copied().filter(|package| !waits(package)).collect();
        if ready.is_empty() {
            bail!("the crates depend on each other in a circle");
        }
        left.retain(|package| ready.iter().all(|done| done.name != package.name));
        order.extend(ready);
    }
    Ok(order)
}

/// Packs all crates together, each against the others, without building them.
fn package(sh: &Shell, packages: &[Package]) -> Result<()> {
    let mut flags = vec!["--workspace".to_owned(), "--no-verify".to_owned()];
    for package in packages.iter().filter(|package| !package.published) {
        flags.extend(["--exclude".to_owned(), package.name.clone()]);
    }
    if !cmd!(sh, "git status --porcelain").quiet().read()?.is_empty() {
        println!("there are uncommitted changes, which a release would refuse");
        flags.push("--allow-dirty".to_owned());
    }
    cmd!(sh, "cargo package {flags...}").run()?;
    Ok(())
}
