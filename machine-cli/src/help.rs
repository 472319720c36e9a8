//! Docker Machine's help texts, made from the same tables as the flags.

use crate::commands::{COMMANDS, Command};
use crate::render::table::{Padding, align};
use machine_core::{OptionKind, OptionSpec, OptionValue};

/// Version and build, as they stand after the program's name.
pub(crate) fn version() -> String {
    let build = option_env!("MACHINE_BUILD").unwrap_or("HEAD");
    format!("{}, build {build}", env!("CARGO_PKG_VERSION"))
}

fn dashed(name: &str) -> String {
    match name.chars().count() {
        1 => format!("-{name}"),
        _ => format!("--{name}"),
    }
}

/// One flag: names and default, a tab, what it does. Long aliases are accepted but not listed.
pub(crate) fn flag(spec: &OptionSpec) -> String {
    let mut names = dashed(&spec.name);
    for alias in spec.aliases.iter().filter(|a| a.chars().count() == 1) {
        names.push_str(&format!(", -{alias}"));
    }
    let long = dashed(&spec.name);
    let value = match (spec.kind, &spec.default) {
        (OptionKind::Switch, _) => String::new(),
        (OptionKind::List, _) => format!(" [{long} option {long} option]"),
        (OptionKind::Int, Some(OptionValue::Int(number))) => format!(" \"{number}\""),
        (OptionKind::Int, _) => " \"0\"".to_owned(),
        (_, Some(OptionValue::Text(text))) if !text.is_empty() => format!(" \"{text}\""),
        _ => " ".to_owned(),
    };
    let env = spec.env.as_ref().map(|env| format!(" [${env}]")).unwrap_or_default();
    format!("{names}{value}\t{}{env}", spec.help)
}

/// What `help COMMAND` prints.
pub(crate) fn command(command: &Command, specs: &[OptionSpec]) -> String {
    let options = if specs.is_empty() { "" } else { " [OPTIONS]" };
    let mut text =
        format!("Usage: docker-machine {}{options} {}\n\n", command.name, command.arguments);
    text.push_str(command.usage);
    if !command.description.is_empty() {
        text.push_str("\n\nDescription:\n   ");
        text.push_str(command.description);
    }
    if !specs.is_empty() {
        text.push_str("\n\nOptions:\n   ");
        for spec in specs {
            text.push_str("\n   ");
            text.push_str(&flag(spec));
        }
    }
    text.push('\n');
    align(&text, Padding::Tabs)
}

/// What `help` prints.
pub(crate) fn top(program: &str, specs: &[OptionSpec]) -> String {
    let mut text = format!(
        "Usage: {program} [OPTIONS] COMMAND [arg...]\n\n\
         Create and manage machines running Docker.\n\n\
         Version: {}\n\n\
         Author:\n  Docker Machine Contributors - <{}>\n\n\
         Options:\n  ",
        version(),
        env!("CARGO_PKG_REPOSITORY"),
    );
    for spec in specs {
        text.push_str(&flag(spec));
        text.push_str("\n  ");
    }
    text.push_str("\nCommands:\n  ");
    for command in COMMANDS {
        text.push_str(&format!("{}\t{}\n  ", command.name, command.usage));
    }
    text.push_str(&format!(
        "\nRun '{program} COMMAND --help' for more information on a command.\n"
    ));
    align(&text, Padding::Tabs)
}
