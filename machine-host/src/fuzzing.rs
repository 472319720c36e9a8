//! What the targets of the workspace's `fuzz` folder call. Built only there: `cargo fuzz` sets the
//! `cfg`, so no other build, document or version of this crate knows of it. Each function holds
//! some foreign bytes to laws, and panics where one is broken.
pub use crate::journal::fuzzing::journal;
pub use crate::provision::fuzzing::{answer, compose};
pub use crate::ssh::fuzzing::{frame, known_hosts};
pub use crate::store::fuzzing::{config, own};
