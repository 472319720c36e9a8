//! `config.json` and `machine.json`.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_host::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::config(bytes);
    fuzzing::own(bytes);
});
