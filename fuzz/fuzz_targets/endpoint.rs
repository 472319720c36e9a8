//! URLs of engines.
#![no_main]
use libfuzzer_sys::fuzz_target;
use machine_host::Endpoint;

fuzz_target!(|text: &str| {
    let Ok(endpoint) = Endpoint::parse(text) else { return };
    assert!(!endpoint.host.is_empty() && !endpoint.host.contains(['/', '\n']));
    let again = Endpoint::parse(&format!("tcp://{endpoint}")).expect("what was read");
    assert_eq!(again, endpoint);
});
