//! Whatever a host answers, its files included, is read or refused.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| machine_host::fuzzing::host_answer(bytes));
