//! What cargo says about the workspace.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    pub(crate) published: bool,
    pub(crate) dependencies: Vec<Dependency>,
    fields: Value,
}

/// What a crate depends on.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) requirement: String,
    /// Only for tests, examples and benches.
    pub(crate) dev: bool,
    /// A crate of this workspace.
    pub(crate) own: bool,
}

impl Package {
    /// A text of the manifest's `[package]` table.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields[name].as_str()
    }
}

/// All crates of the workspace, in the order of their names.
pub(crate) fn load(sh: &Shell) -> Result<Vec<Package>> {
    let text = cmd!(sh, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let data: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let mut packages: Vec<Package> = list(&data, "packages")
        .iter()
        .map(package)
        .collect::<Option<_>>()
        .context("cargo metadata")?;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(fields: &Value) -> Option<Package> {
    let text = |name: &str| fields[name].as_str().map(str::to_owned);
    let dependencies = list(fields, "dependencies").iter().map(|dependency| {
        Some(Dependency {
            name: dependency["name"].as_str()?.to_owned(),
            requirement: dependency["req"].as_str()?.to_owned(),
            dev: dependency["kind"] == "dev",
            own: dependency["path"].is_string(),
        })
    });
    Some(Package {
        name: text("name")?,
        version: text("version")?,
        folder: PathBuf::from(text("manifest_path")?).parent()?.to_owned(),
        published: fields["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        dependencies: dependencies.collect::<Option<_>>()?,
        fields: fields.clone(),
    })
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}
