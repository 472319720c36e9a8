//! What the scripts of `completion` ask: what may stand in the place of an unfinished word.
use super::{COMMANDS, Command, Run, completion, create, find, no_flags};
use crate::argv;
use crate::context::Context;
use crate::failure::Failure;
use crate::registry::Drivers;
use crate::render::json;
use machine_core::{OptionKind, OptionSpec};
use machine_host::Store;
use std::path::PathBuf;

/// Arguments are `=WORD`, the unfinished word behind a sign that keeps shells from dropping it when
/// it is empty, then the words before it. Each line of the answer is a word, a tab, what it means.
pub(crate) const COMMAND: Command = Command {
    name: "__complete",
    usage: "",
    description: "",
    arguments: "",
    flags: no_flags,
    run: Run::Raw(run),
};

/// A word, and what it means.
type Candidate = (String, String);

fn run(context: &Context, _: &Command, args: &[String]) -> Result<(), Failure> {
    let Some((word, before)) = args.split_first() else { return Ok(()) };
    let word = word.strip_prefix('=').unwrap_or(word);
    let mut found = candidates(context, before, word);
    found.retain(|(candidate, _)| candidate.starts_with(word));
    let lines = found.iter().map(|(word, meaning)| format!("{word}\t{meaning}\n"));
    context.out.text(&lines.collect::<String>());
    Ok(())
}

fn plain(words: impl IntoIterator<Item = impl Into<String>>) -> Vec<Candidate> {
    words.into_iter().map(|word| (word.into(), String::new())).collect()
}

fn candidates(context: &Context, before: &[String], word: &str) -> Vec<Candidate> {
    let globals = crate::globals();
    // Here and below: a line that is no line yet has one flag too many, whose value is the word.
    let Ok(line) = argv::globals(&globals, before, &crate::variable) else {
        return Vec::new(); // all that take a value take a file, or what nobody knows
    };
    let Some((name, tail)) = line.rest.split_first() else {
        return match word.starts_with('-') {
            true => flags(&globals, word),
            false => commands(),
        };
    };
    let Some(command) = find(name) else { return Vec::new() };
    let value = line.flags.iter().find_map(|flag| flag.strip_prefix("--storage-path="));
    let root = value.map_or_else(crate::context::home_store, PathBuf::from);
    let store = Store::new(root);
    let drivers = Drivers::of(&store);
    let specs = specs_of(context, command, tail);
    if let Some((flag, _)) = word.split_once('=').filter(|_| word.starts_with('-')) {
        let found =
            spec_of(&specs, flag).map(|spec| values(command, spec, &drivers)).unwrap_or_default();
        return found.into_iter().map(|(v, about)| (format!("{flag}={v}"), about)).collect();
    }
    let last = tail.last().map(String::as_str).unwrap_or_default();
    if let Some(spec) = spec_of(&specs, last).filter(|spec| spec.kind != OptionKind::Switch) {
        return values(command, spec, &drivers);
    }
    if word.starts_with('-') {
        return flags(&specs, word);
    }
    let given = positional(&specs, tail);
    arguments(command, &given, &store)
}

fn commands() -> Vec<Candidate> {
    COMMANDS.iter().map(|c| (c.name.to_owned(), c.usage.to_owned())).collect()
}

/// The flags of a command, and those of the driver that the line names.
fn specs_of(context: &Context, command: &Command, tail: &[String]) -> Vec<OptionSpec> {
    let mut specs = (command.flags)();
    if matches!(command.name, "create" | "run") {
        let of_driver = create::Offer::new(context, tail).map(|offer| offer.all);
        specs = of_driver.unwrap_or(specs);
    }
    if command.name != "ssh" {
        specs.push(OptionSpec::new("help", OptionKind::Switch, "show help").with_alias("h"));
    }
    specs
}

/// The option that a word names, with or without its value.
fn spec_of<'a>(specs: &'a [OptionSpec], word: &str) -> Option<&'a OptionSpec> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    specs.iter().find(|spec| spec.name == name || spec.aliases.iter().any(|alias| alias == name))
}

/// Flags as `word` begins to write them: the long ones unless it has one dash alone.
fn flags(specs: &[OptionSpec], word: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    for spec in specs {
        let short = spec.aliases.iter().find(|alias| alias.chars().count() == 1);
        if let Some(short) = short.filter(|_| !word.starts_with("--")) {
            found.push((format!("-{short}"), spec.help.to_string()));
        }
        let dashes = if spec.name.chars().count() == 1 { "-" } else { "--" };
        found.push((format!("{dashes}{}", spec.name), spec.help.to_string()));
    }
    found
}

/// What an option may say; nothing where that is a file, or anybody's guess.
fn values(command: &Command, spec: &OptionSpec, drivers: &Drivers) -> Vec<Candidate> {
    match (command.name, spec.name.as_ref()) {
        (_, "driver") => plain(drivers.names()),
        ("env", "shell") => plain(["bash", "cmd", "emacs", "fish", "powershell", "tcsh", "zsh"]),
        ("ls", "filter") => plain(["driver=", "label=", "name=", "state=", "swarm="]),
        ("ls" | "inspect", "format") => plain([json::FORMAT]),
        _ => Vec::new(),
    }
}

/// Words of a line that are neither flags nor their values.
fn positional(specs: &[OptionSpec], tail: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = tail.iter();
    while let Some(word) = words.next() {
        match spec_of(specs, word) {
            Some(spec) if spec.kind != OptionKind::Switch => {
                words.next();
            }
            Some(_) => {}
            None if word.starts_with('-') => {}
            None => found.push(word.clone()),
        }
    }
    found
}

/// What a command takes beside flags.
fn arguments(command: &Command, given: &[String], store: &Store) -> Vec<Candidate> {
    let names = || store.names().unwrap_or_default();
    match command.name {
        "ip" | "kill" | "provision" | "regenerate-certs" | "restart" | "rm" | "start" | "stop"
        | "upgrade" => plain(names().into_iter().filter(|name| !given.contains(name))),
        "config" | "env" | "inspect" | "run" | "ssh" | "status" | "url" | "version"
            if given.is_empty() =>
        {
            plain(names())
        }
        "scp" => plain(names().into_iter().map(|name| name + ":")),
        "mount" if given.is_empty() => plain(names().into_iter().map(|name| name + ":")),
        "help" if given.is_empty() => commands(),
        "driver" => match given {
            [] => plain(["install", "ls", "new", "rm"]),
            [rm, given @ ..] if rm == "rm" => {
                let mut names = Drivers::of(store).installed_names();
                names.retain(|name| !given.contains(name));
                plain(names)
            }
            _ => Vec::new(),
        },
        "completion" if given.is_empty() => {
            plain(completion::SCRIPTS.iter().map(|(name, _)| *name))
        }
        _ => Vec::new(),
    }
}
