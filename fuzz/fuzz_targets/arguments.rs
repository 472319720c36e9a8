//! Go's flag grammar.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_core::{OptionKind, OptionSpec};

// Parts of a program, not of a library.
#[path = "../../machine-cli/src/argv.rs"]
#[allow(dead_code)]
mod argv;
#[path = "../../machine-cli/src/golang.rs"]
#[allow(dead_code)]
mod golang;

fuzz_target!(|text: &str| {
    let specs = [
        OptionSpec::new("quiet", OptionKind::Switch, "").with_alias("q"),
        OptionSpec::new("filter", OptionKind::List, "").with_env("F"),
        OptionSpec::new("timeout", OptionKind::Int, "").with_alias("t").with_env("T"),
        OptionSpec::new("format", OptionKind::Text, "").with_alias("f"),
    ];
    let mut words = text.split('\n').map(str::to_owned);
    let variable = words.next().filter(|value| !value.is_empty());
    let environment = |_: &str| variable.clone();
    let words: Vec<_> = words.collect();

    let ordered = argv::reorder(&words);
    let mut sorted = [words.clone(), ordered.clone()];
    sorted.iter_mut().for_each(|words| words.sort());
    assert_eq!(sorted[0], sorted[1]);

    let command = argv::command(&specs, &ordered, &environment);
    assert_eq!(argv::globals(&specs, &ordered, &environment).is_ok(), command.is_ok());
    let Ok(line) = command else { return };
    assert!(line.rest.len() <= words.len());
    // In its own form it says the same, whatever the environment.
    let mut canonical = line.flags.clone();
    canonical.push("--".to_owned());
    canonical.extend(line.rest.clone());
    assert_eq!(argv::command(&specs, &canonical, &|_| None), Ok(line));
});
