//! What hosts answer while they are provisioned.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_host::fuzzing;

fuzz_target!(|text: &str| {
    fuzzing::answer(text);
    fuzzing::compose(text);
});
