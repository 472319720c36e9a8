//! EC2 to test against: moto behind a proxy that supplies what moto lacks, and misbehaves on order.
//!
//! moto imitates the calls. The proxy adds idempotency by client token, instances that take their
//! time to appear, boot and end, groups that cannot be deleted while in use, spot requests, and
//! whatever a test's hook answers instead. Time is the test's own.
#![allow(dead_code, reason = "each test binary uses its part")]
pub(crate) mod fixture;
mod install;
mod proxy;
mod request;
mod service;

pub(crate) use proxy::{Answer, Cloud};
pub(crate) use request::Request;
