//! What comes over an SSH connection.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_host::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::frame(bytes);
    fuzzing::known_hosts(&String::from_utf8_lossy(bytes));
});
