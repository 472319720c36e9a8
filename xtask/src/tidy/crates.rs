//! Rules about manifests, dependencies and what stands beside a crate.

use std::collections::BTreeSet;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::metadata::Package;

/// What the provider contract may depend on: a provider's author pays for each of them.
const CORE: &[&str] = &["async-trait", "serde", "serde_json", "zeroize"];

/// Crates that must not be in any build, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("native-tls", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
    ("ring", "the one cryptography provider is aws-lc-rs"),
];

pub(crate) fn check(sh: &Shell, packages: &[Package]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for package in packages {
        findings.extend(dependencies(package));
        if package.published {
            findings.extend(published(package));
        }
    }
    findings.extend(forbidden(sh)?);
    Ok(findings)
}

/// Which crates of ours a crate may use outside its tests. Arrows point one way.
fn allowed(name: &str) -> &'static [&'static str] {
    const CLI: &[&str] = &[
        "machine-core",
        "machine-host",
        "machine-plugin",
        "machine-provider-aws",
        "machine-provider-azure",
        "machine-provider-gce",
        "machine-provider-generic",
        "machine-provider-qemu",
        "machine-provider-virtualbox",
    ];
    match name {
        "machine-core" | "machine-testbed" => &[],
        "machine-plugin" => &["machine-core", "machine-host"],
        "machine-testcloud" => &["machine-core", "machine-host", "machine-testbed"],
        "machine-cli" => CLI,
        "xtask" => &["machine-testbed"],
        _ => &["machine-core"],
    }
}

fn dependencies(package: &Package) -> Vec<String> {
    let mut findings = Vec::new();
    let mut add = |text: String| findings.push(format!("{}/Cargo.toml: {text}", package.name));
    for dependency in &package.dependencies {
        let name = &dependency.name;
        let versioned = dependency.requirement != "*";
        if !dependency.own {
            if package.name == "machine-core" && !dependency.dev && !CORE.contains(&name.as_str()) {
                add(format!("the contract may not depend on {name}"));
            }
            continue;
        }
        if dependency.dev {
            if versioned {
                add(format!("the development dependency {name} must have a path and no version"));
            }
            continue;
        }
        if !allowed(&package.name).contains(&name.as_str()) {
            add(format!("may not depend on {name}"));
        }
        if package.published && !versioned {
            add(format!("the dependency {name} needs a version beside its path"));
        }
    }
    findings
}

fn published(package: &Package) -> Vec<String> {
    let mut findings = Vec::new();
    for field in ["description", "license", "repository", "readme", "rust_version"] {
        if package.field(field).is_none_or(str::is_empty) {
            findings.push(format!("{}/Cargo.toml: `{field}` is missing", package.name));
        }
    }
    for file in ["README.md", "CHANGELOG.md"] {
        if !package.folder.join(file).is_file() {
            findings.push(format!("{}/{file} is missing", package.name));
        }
    }
    findings
}

fn forbidden(sh: &Shell) -> Result<Vec<String>> {
    // Of what is really built: the lock file also lists what a feature of a feature could bring.
    let tree = cmd!(sh, "cargo tree --workspace --all-features --target all --prefix none");
    let text = tree.quiet().read()?;
    let names: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let found = FORBIDDEN.iter().filter(|(name, _)| names.contains(name));
    Ok(found.map(|(name, why)| format!("Cargo.lock: {name} is built, but {why}")).collect())
}
