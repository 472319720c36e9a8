//! URLs as Go reads them: any text has a host, or is none.
#![no_main]
use libfuzzer_sys::fuzz_target;

// Not public.
#[path = "../../machine-provider-generic/src/url.rs"]
mod url;

fuzz_target!(|text: &str| {
    match url::host(text) {
        Ok(host) => assert!(host.len() <= text.len() * 3),
        Err(why) => assert!(why.starts_with("parse ")),
    }
});
