//! What is special to EC2, against moto behind a proxy.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests"
)]
mod credentials;
mod faults;
mod launch;
mod machine;
mod network;
mod power;
mod spot;
mod state;
