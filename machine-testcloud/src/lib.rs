//! EC2 to test against: moto behind a proxy that supplies what moto lacks, and misbehaves on order.
//!
//! moto imitates the calls. The proxy adds idempotency by client token, instances that take their
//! time to appear, boot and end, groups that cannot be deleted while in use, spot requests, and
//! whatever a test's hook answers instead. Time is the test's own.
#![allow(clippy::expect_used, clippy::unreachable, reason = "a test may panic")]
mod proxy;
mod request;
mod server;
mod service;

pub use proxy::{Answer, Cloud, Hook};
pub use request::Request;
