//! Options are data: one table becomes clap's arguments, and clap's matches become values.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use machine_core::{OptionKind, OptionSpec, OptionValue, Options, Str};

/// Where clap keeps what is no flag.
const REST: &str = "arguments";

fn text(name: &Str) -> clap::builder::Str {
    match name {
        Str::Borrowed(name) => (*name).into(),
        Str::Owned(name) => name.clone().into(),
    }
}

/// The clap command of a table of options.
pub(crate) fn clap_command(name: &'static str, specs: &[OptionSpec]) -> Command {
    let command = Command::new(name)
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(Arg::new(REST).num_args(0..).allow_hyphen_values(true));
    specs.iter().fold(command, |command, spec| command.arg(argument(spec)))
}

fn argument(spec: &OptionSpec) -> Arg {
    let name = text(&spec.name);
    let mut arg = Arg::new(name.clone()).long(name).num_args(1).help(spec.help.to_string());
    for alias in &spec.aliases {
        let mut letters = alias.chars();
        arg = match (letters.next(), letters.next()) {
            (Some(short), None) => arg.short(short),
            _ => arg.alias(text(alias)),
        };
    }
    match spec.kind {
        OptionKind::List => arg.action(ArgAction::Append),
        OptionKind::Switch => arg.value_parser(value_parser!(bool)),
        OptionKind::Int => arg.value_parser(value_parser!(i64)),
        _ => arg,
    }
}

/// What clap found, by the specs' names. Nothing stands for what was not given.
fn given(specs: &[OptionSpec], matches: &mut ArgMatches) -> Vec<(String, OptionValue)> {
    let mut values = Vec::new();
    for spec in specs {
        let name = spec.name.as_ref();
        let value = match spec.kind {
            OptionKind::Switch => matches.remove_one(name).map(OptionValue::Switch),
            OptionKind::Int => matches.remove_one(name).map(OptionValue::Int),
            OptionKind::List => {
                matches.remove_many(name).map(|list| OptionValue::List(list.collect()))
            }
            _ => matches.remove_one(name).map(OptionValue::Text),
        };
        values.extend(value.map(|value| (name.to_owned(), value)));
    }
    values
}

/// A command line that has been read.
pub(crate) struct Invocation {
    /// Values by name, defaults filled in.
    pub(crate) options: Options,
    /// Values that command line or environment gave.
    pub(crate) given: Vec<(String, OptionValue)>,
    /// All that is no flag.
    pub(crate) args: Vec<String>,
}

/// Reads a canonical command line.
///
/// # Errors
/// Clap's words, which no canonical line of the same specs provokes.
pub(crate) fn read(
    name: &'static str,
    specs: &[OptionSpec],
    line: crate::argv::Canonical,
) -> Result<Invocation, String> {
    let words = line.flags.into_iter().chain(["--".to_owned()]).chain(line.rest);
    let mut matches =
        clap_command(name, specs).try_get_matches_from(words).map_err(|error| error.to_string())?;
    let args = matches.remove_many(REST).map(Iterator::collect).unwrap_or_default();
    let given = given(specs, &mut matches);
    let options = Options::new(specs, given.clone()).map_err(|error| error.to_string())?;
    Ok(Invocation { options, given, args })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argv;

    fn read_line(line: &[&str]) -> Invocation {
        let specs = [
            OptionSpec::new("quiet", OptionKind::Switch, "").with_alias("q"),
            OptionSpec::new("filter", OptionKind::List, "")
                .with_default(OptionValue::List(vec!["own".to_owned()])),
            OptionSpec::new("timeout", OptionKind::Int, "").with_default(OptionValue::Int(10)),
            OptionSpec::new("token", OptionKind::Text, "").with_alias("other-token").with_secret(),
        ];
        let line: Vec<String> = line.iter().map(|w| (*w).to_owned()).collect();
        let canonical = argv::command(&specs, &argv::reorder(&line), &|_| None).unwrap();
        read("ls", &specs, canonical).unwrap()
    }

    #[test]
    fn values_of_every_kind() {
        let found = read_line(&["-q", "--filter=-a", "--filter", "b c", "--timeout=-1"]);
        assert!(found.options.switch("quiet"));
        assert_eq!(found.options.list("filter"), ["-a", "b c"]);
        assert_eq!(found.options.int("timeout"), Some(-1));
        assert!(found.args.is_empty());
    }

    #[test]
    fn defaults_stand_where_nothing_was_given() {
        let found = read_line(&["a", "-", "--", "-x", "--quiet"]);
        assert_eq!(found.options.list("filter"), ["own"]);
        assert_eq!(found.options.int("timeout"), Some(10));
        assert!(!found.options.switch("quiet"));
        assert_eq!(found.args, ["-", "a", "--", "-x", "--quiet"]);
        assert!(found.given.is_empty());
    }

    #[test]
    fn an_alias_is_the_option_itself_and_secrets_stay_hidden() {
        let found = read_line(&["--other-token", "s3cret"]);
        assert_eq!(found.options.secret("token").unwrap().expose(), "s3cret");
        assert!(found.options.text("token").is_none());
    }
}
