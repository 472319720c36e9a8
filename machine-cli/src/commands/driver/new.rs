use super::{Command, Run, no_flags, with_help};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::registry;
use machine_core::{OptionKind, OptionSpec};
use std::fs;
use std::path::Path;

pub(super) const COMMAND: Command = Command {
    name: "driver new",
    usage: "Write the crate of a new driver",
    description: "Argument is the driver's name. The crate is written to a folder of that name \
                  here. It passes its\n   tests as it is, and becomes a driver by `cargo build` \
                  and `driver install`; see its README.md.",
    arguments: "NAME",
    flags: no_flags,
    run: Run::Flags(run),
};

const PATCH_PATH: &str = "patch-path";

/// For tests, before our crates are published.
pub(super) fn hidden_flags() -> Vec<OptionSpec> {
    vec![OptionSpec::new(PATCH_PATH, OptionKind::Text, "")]
}

const FILES: [(&str, &str); 13] = [
    (".gitignore", include_str!("template/gitignore.in")),
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("README.md", include_str!("template/README.md.in")),
    ("config.yml", include_str!("template/config.yml.in")),
    ("version.txt", include_str!("template/version.txt.in")),
    ("src/lib.rs", include_str!("template/lib.rs.in")),
    ("src/machine.rs", include_str!("template/machine.rs.in")),
    ("src/main.rs", include_str!("template/main.rs.in")),
    ("src/options.rs", include_str!("template/options.rs.in")),
    ("src/provider.rs", include_str!("template/provider.rs.in")),
    ("src/tool.rs", include_str!("template/tool.rs.in")),
    ("tests/conformance.rs", include_str!("template/conformance.rs.in")),
    ("tests/folder.rs", include_str!("template/folder.rs.in")),
];

/// Our crates on which a driver depends, by itself or through others.
const OURS: [&str; 4] = ["machine-conformance", "machine-core", "machine-host", "machine-plugin"];

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    let [name] = invocation.args.as_slice() else {
        return Err(with_help(context, command, "Error: Expected the name of one driver"));
    };
    check(name)?;
    let folder = Path::new(name);
    let failed = |what: &Path| {
        let what = what.display().to_string();
        move |error: std::io::Error| Failure::because(&format!("cannot write {what}: "), &error)
    };
    // Nothing of the user's is written over.
    fs::create_dir(folder).map_err(failed(folder))?;
    for part in ["src", "tests"] {
        fs::create_dir(folder.join(part)).map_err(failed(folder))?;
    }
    for (file, text) in FILES {
        let mut text = fill(text, name);
        if let Some(ours) = invocation.options.text(PATCH_PATH).filter(|_| file == "Cargo.toml") {
            text += &patch(Path::new(ours));
        }
        let path = folder.join(file);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    context.out.line(&format!("Wrote driver \"{name}\" to {name}/; see {name}/README.md"));
    Ok(())
}

/// It becomes part of the names of a crate, of options and of environment variables.
fn check(name: &str) -> Result<(), Failure> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(sound);
    if !is_word || name.ends_with('-') {
        return Err(Failure::new(format!(
            "\"{name}\" cannot name a driver: small letters, digits and '-' are allowed, and a \
             letter comes first"
        )));
    }
    if registry::linked().any(|linked| linked == name) {
        return Err(Failure::new(format!("Driver \"{name}\" is part of this program")));
    }
    Ok(())
}

fn fill(text: &str, name: &str) -> String {
    let word = name.replace('-', "_");
    text.replace("@NAME@", name)
        .replace("@ENV@", &word.to_uppercase())
        .replace("@CRATE@", &format!("docker_machine_driver_{word}"))
}

/// Takes our crates from a folder.
fn patch(ours: &Path) -> String {
    let ours = std::path::absolute(ours).unwrap_or_else(|_| ours.to_owned());
    let line =
        |name: &str| format!("{name} = {{ path = {:?} }}\n", ours.join(name).display().to_string());
    let lines: String = OURS.into_iter().map(line).collect();
    format!("\n[patch.crates-io]\n{lines}")
}
