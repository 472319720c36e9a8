//! Conformance suite for providers. Not covered by semver: it may grow stricter in any release.
#![doc = include_str!("../README.md")]
mod cases;
mod clock;
mod disk;
mod faults;
mod fixture;
mod machine;
mod memory;
mod run;
mod subject;
mod world;

pub use clock::VirtualClock;
pub use faults::{Call, Fault, Faults, LAG, Verdict};
pub use fixture::{Fixture, STORE};
pub use memory::{
    MemoryAccount, MemoryClient, MemoryFixture, MemoryProvider, MemoryThing, SECRET_KEY,
};
pub use run::{Outcome, Report, check, run};
