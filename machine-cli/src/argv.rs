//! Go's flag grammar, ahead of clap: whatever way an option was written, clap sees `--name=value`.

use crate::golang::{parse_bool, parse_int, quote};
use machine_core::{OptionKind, OptionSpec};

/// Looks up an environment variable.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A command line that does not follow the grammar.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Misuse {
    /// An unknown or ill-formed flag.
    Flag(String),
    /// Both spellings of one flag.
    TwoForms(String),
}

impl Misuse {
    /// The message, as it goes to stderr.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Flag(text) | Self::TwoForms(text) => text,
        }
    }
}

/// A command line in canonical form.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Canonical {
    /// `--name=value`, at most once a name but for lists.
    pub(crate) flags: Vec<String>,
    /// All that is no flag.
    pub(crate) rest: Vec<String>,
}

/// Names of a spec as Docker Machine lists them: the long one first.
fn names(spec: &OptionSpec) -> impl Iterator<Item = &str> {
    std::iter::once(spec.name.as_ref()).chain(spec.aliases.iter().map(AsRef::as_ref))
}

/// Puts a command's arguments in the order in which Docker Machine reads them: what stands from the
/// first flag up to `--` comes first, then the plain arguments before it, then `--` and what follows.
pub(crate) fn reorder(args: &[String]) -> Vec<String> {
    let end = args.iter().position(|a| a == "--").unwrap_or(args.len());
    let Some(first) = args[..end].iter().position(|a| a.starts_with('-')) else {
        return args.to_vec();
    };
    [&args[first..end], &args[..first], &args[end..]].concat()
}

/// One pass of Go's `FlagSet.Parse`: flags up to the first plain argument.
#[derive(Default)]
struct FlagSet {
    /// Spec, the name used, the value.
    given: Vec<(usize, String, String)>,
    rest: Vec<String>,
    failed: Option<String>,
}

fn scan(specs: &[OptionSpec], args: &[String]) -> FlagSet {
    let mut set = FlagSet::default();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        if arg.len() < 2 || !arg.starts_with('-') {
            break;
        }
        at += 1;
        if arg == "--" {
            break;
        }
        let body = arg.strip_prefix("--").unwrap_or(&arg[1..]);
        if body.is_empty() || body.starts_with(['-', '=']) {
            set.failed = Some(format!("bad flag syntax: {arg}"));
            return set;
        }
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (body, None),
        };
        let Some(index) = specs.iter().position(|s| names(s).any(|n| n == name)) else {
            set.failed = Some(format!("flag provided but not defined: -{name}"));
            return set;
        };
        let kind = specs[index].kind;
        let value = match (value, kind) {
            (Some(value), _) => value,
            (None, OptionKind::Switch) => "true".to_owned(),
            (None, _) => match args.get(at) {
                Some(next) => {
                    at += 1;
                    next.clone()
                }
                None => {
                    set.failed = Some(format!("flag needs an argument: -{name}"));
                    return set;
                }
            },
        };
        match checked(kind, &value) {
            Ok(value) => set.given.push((index, name.to_owned(), value)),
            Err(reason) => {
                let quoted = quote(&value);
                set.failed = Some(match kind {
                    OptionKind::Switch => {
                        format!("invalid boolean value {quoted} for -{name}: {reason}")
                    }
                    _ => format!("invalid value {quoted} for flag -{name}: {reason}"),
                });
                return set;
            }
        }
    }
    set.rest = args[at..].to_vec();
    set
}

/// A value in the form clap reads.
fn checked(kind: OptionKind, value: &str) -> Result<String, &'static str> {
    match kind {
        OptionKind::Int => parse_int(value).map(|n| n.to_string()).map_err(|e| e.text()),
        OptionKind::Switch => parse_bool(value).map(|b| b.to_string()).ok_or("parse error"),
        _ => Ok(value.to_owned()),
    }
}

fn two_forms(specs: &[OptionSpec], set: &FlagSet) -> Option<String> {
    specs.iter().enumerate().find_map(|(index, spec)| {
        let used = |n: &str| set.given.iter().any(|(i, name, _)| *i == index && name == n);
        let mut forms = names(spec).filter(|n| used(n));
        let (first, second) = (forms.next()?, forms.next()?);
        Some(format!("Cannot use two forms of the same flag: {second} {first}"))
    })
}

/// Values of a spec from its variable. A value of the wrong form is as if it were not there.
fn from_environment(spec: &OptionSpec, environment: Environment<'_>) -> Vec<String> {
    let Some(text) = spec.env.as_deref().and_then(environment).filter(|t| !t.is_empty()) else {
        return Vec::new();
    };
    match spec.kind {
        OptionKind::List => text.split(',').map(|item| item.trim().to_owned()).collect(),
        kind => checked(kind, &text).into_iter().collect(),
    }
}

fn merge(specs: &[OptionSpec], set: FlagSet, environment: Environment<'_>) -> Canonical {
    let mut flags = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let mut values = from_environment(spec, environment);
        values.extend(set.given.iter().filter(|(i, ..)| *i == index).map(|(_, _, v)| v.clone()));
        if spec.kind != OptionKind::List {
            values = values.pop().into_iter().collect();
        }
        flags.extend(values.iter().map(|value| format!("--{}={value}", spec.name)));
    }
    Canonical { flags, rest: set.rest }
}

/// Reads a command's arguments, which [`reorder`] has put in order where the command wants that.
pub(crate) fn command(
    specs: &[OptionSpec],
    args: &[String],
    environment: Environment<'_>,
) -> Result<Canonical, Misuse> {
    let set = scan(specs, args);
    if let Some(text) = set.failed {
        return Err(Misuse::Flag(text));
    }
    if let Some(text) = two_forms(specs, &set) {
        return Err(Misuse::TwoForms(text));
    }
    Ok(merge(specs, set, environment))
}

/// Reads the flags before the command; here the doubled flag is the first complaint.
pub(crate) fn globals(
    specs: &[OptionSpec],
    args: &[String],
    environment: Environment<'_>,
) -> Result<Canonical, Misuse> {
    let set = scan(specs, args);
    if let Some(text) = two_forms(specs, &set) {
        return Err(Misuse::TwoForms(text));
    }
    if let Some(text) = set.failed {
        return Err(Misuse::Flag(text));
    }
    Ok(merge(specs, set, environment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> Vec<OptionSpec> {
        vec![
            OptionSpec::new("quiet", OptionKind::Switch, "").with_alias("q"),
            OptionSpec::new("filter", OptionKind::List, "").with_env("FILTER"),
            OptionSpec::new("timeout", OptionKind::Int, "").with_alias("t").with_env("TIMEOUT"),
            OptionSpec::new("format", OptionKind::Text, "").with_alias("f").with_env("FORMAT"),
        ]
    }

    fn words(line: &str) -> Vec<String> {
        line.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
    }

    fn read(line: &str, variables: &[(&str, &str)]) -> Result<(String, String), String> {
        let environment = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        command(&specs(), &reorder(&words(line)), &environment)
            .map(|c| (c.flags.join(" "), c.rest.join(" ")))
            .map_err(|m| m.text().to_owned())
    }

    fn ok(flags: &str, rest: &str) -> Result<(String, String), String> {
        Ok((flags.to_owned(), rest.to_owned()))
    }

    #[test]
    fn one_and_two_dashes_with_and_without_equals() {
        for line in ["-t 5", "--t 5", "-timeout 5", "--timeout=5", "-t=5", "--timeout=+5"] {
            assert_eq!(read(line, &[]), ok("--timeout=5", ""), "{line}");
        }
        assert_eq!(read("-q", &[]), ok("--quiet=true", ""));
        assert_eq!(read("--quiet=F", &[]), ok("--quiet=false", ""));
        assert_eq!(read("-q false", &[]), ok("--quiet=true", "false"));
        assert_eq!(read("-f=a=b", &[]), ok("--format=a=b", ""));
        assert_eq!(read("-f -q", &[]), ok("--format=-q", ""));
        assert_eq!(read("-t 1 -t 2 -q -q", &[]), ok("--quiet=true --timeout=2", ""));
    }

    #[test]
    fn plain_arguments_before_the_first_flag_go_behind() {
        assert_eq!(read("a b -q", &[]), ok("--quiet=true", "a b"));
        assert_eq!(read("a -q b -f x", &[]), ok("--quiet=true", "b -f x a"));
        assert_eq!(read("foo -f", &[]), ok("--format=foo", ""));
        assert_eq!(read("-", &[]), ok("", "-"));
        assert_eq!(read("a -", &[]), ok("", "- a"));
    }

    #[test]
    fn two_dashes_end_the_flags_only_when_no_name_stands_before() {
        assert_eq!(read("-q -- a b", &[]), ok("--quiet=true", "a b"));
        assert_eq!(read("-- -x", &[]), ok("", "-x"));
        assert_eq!(read("foo -q -- bar", &[]), ok("--quiet=true", "foo -- bar"));
        assert_eq!(read("foo --", &[]), ok("", "foo --"));
        assert_eq!(read("foo -- -q", &[]), ok("", "foo -- -q"));
    }

    #[test]
    fn complaints() {
        for (line, text) in [
            ("--bogus", "flag provided but not defined: -bogus"),
            ("-qt5", "flag provided but not defined: -qt5"),
            ("-bogus=1", "flag provided but not defined: -bogus"),
            ("-t", "flag needs an argument: -t"),
            ("---q", "bad flag syntax: ---q"),
            ("-=x", "bad flag syntax: -=x"),
            ("--=x", "bad flag syntax: --=x"),
            ("-t abc", "invalid value \"abc\" for flag -t: parse error"),
            ("--timeout=", "invalid value \"\" for flag -timeout: parse error"),
            (
                "-t 99999999999999999999",
                "invalid value \"99999999999999999999\" for flag -t: value out of range",
            ),
            ("--quiet=maybe", "invalid boolean value \"maybe\" for -quiet: parse error"),
            ("-q --quiet", "Cannot use two forms of the same flag: q quiet"),
            ("--timeout 1 -t 1", "Cannot use two forms of the same flag: t timeout"),
        ] {
            assert_eq!(read(line, &[]), Err(text.to_owned()), "{line}");
        }
    }

    #[test]
    fn a_doubled_global_flag_is_complained_of_first() {
        let bad = words("-q --quiet --bogus");
        let none = |_: &str| None;
        assert!(matches!(globals(&specs(), &bad, &none), Err(Misuse::TwoForms(_))));
        assert!(matches!(command(&specs(), &bad, &none), Err(Misuse::Flag(_))));
    }

    #[test]
    fn variables_supply_values() {
        assert_eq!(read("", &[("TIMEOUT", "0x10"), ("FORMAT", "")]), ok("--timeout=16", ""));
        assert_eq!(read("", &[("TIMEOUT", "abc"), ("FORMAT", " a ")]), ok("--format= a ", ""));
        assert_eq!(read("-t 3", &[("TIMEOUT", "7")]), ok("--timeout=3", ""));
        let both = read("--filter c", &[("FILTER", "a, b")]);
        assert_eq!(both, ok("--filter=a --filter=b --filter=c", ""));
        assert!(read("-t 1 --timeout 2", &[("TIMEOUT", "7")]).is_err());
    }
}
