//! Go's regular expressions: any pattern is compiled or refused, and what is compiled can be asked.
#![no_main]
use libfuzzer_sys::fuzz_target;

// Part of a program, not of a library.
#[path = "../../machine-cli/src/regexp/mod.rs"]
mod regexp;

fuzz_target!(|text: &str| {
    match regexp::compile(text) {
        Ok(pattern) => drop(pattern.is_match("machine-1.é")),
        Err(why) => assert!(why.starts_with("error parsing regexp: ")),
    }
});
