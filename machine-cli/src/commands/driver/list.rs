use super::super::ARGUMENTS;
use super::{Command, Run};
use crate::context::Context;
use crate::failure::{Failure, chain};
use crate::flags::Invocation;
use crate::registry;
use crate::render::table::{LIST, align};
use machine_core::{OptionKind, OptionSpec};
use std::collections::BTreeMap;

pub(super) const COMMAND: Command = Command {
    name: "driver ls",
    usage: "List drivers",
    description: "Those that are part of this program, those that are installed in the store, and \
                  those on PATH,\n   each as `create --driver` finds it.",
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let help = "Only names of installed drivers";
    vec![OptionSpec::new("quiet", OptionKind::Switch, help).with_alias("q")]
}

/// A line of the table, but for the name.
#[derive(Default)]
struct Row {
    version: String,
    source: &'static str,
    path: String,
    error: String,
}

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let drivers = context.drivers();
    let installed = drivers.installed().list()?;
    if invocation.options.switch("quiet") {
        let names: String = installed.iter().map(|(name, _)| format!("{name}\n")).collect();
        context.out.text(&names);
        return Ok(());
    }
    let mut rows = BTreeMap::new();
    let search = drivers.search();
    for name in search.names() {
        let path = search.find(&name).map(|driver| driver.path().display().to_string());
        let path = path.unwrap_or_default();
        rows.insert(name, Row { source: "path", path, ..Row::default() });
    }
    for (name, found) in installed {
        let row = match found {
            Ok(driver) => Row {
                version: driver.version.unwrap_or_default(),
                source: "installed",
                path: driver.path.display().to_string(),
                error: String::new(),
            },
            Err(error) => Row { source: "installed", error: chain(&error), ..Row::default() },
        };
        rows.insert(name, row);
    }
    for name in registry::linked() {
        rows.insert(name.to_owned(), Row { source: "built-in", ..Row::default() });
    }
    let mut table = "NAME\tVERSION\tSOURCE\tPATH\tERRORS\n".to_owned();
    for (name, row) in rows {
        let Row { version, source, path, error } = row;
        table += &format!("{name}\t{version}\t{source}\t{path}\t{error}\n");
    }
    context.out.text(&align(&table, LIST));
    Ok(())
}
