//! A session's stream gives the same in pieces of any size, and no more than it may.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_host::fuzzing::{known_hosts, session_stream};

fuzz_target!(|bytes: &[u8]| {
    let whole = session_stream(bytes, usize::MAX);
    let pieces = session_stream(bytes, 3);
    assert_eq!(whole.0, pieces.0);
    if whole.0.is_some() {
        assert_eq!(whole.1, pieces.1);
    }
    assert!(whole.1.len() < 4 << 20);
    for key in known_hosts(bytes) {
        assert_eq!(key.split(' ').count(), 2);
    }
});
