//! Tests of the crate through its public interface.
#![expect(
    clippy::expect_used,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test may panic"
)]
mod client;
mod go;
mod gob;
mod hostile;
mod peer;
mod recorded;
mod recording;
mod roundtrip;
