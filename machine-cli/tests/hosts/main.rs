//! The binary against real hosts: systemd, sshd, dockerd, and a real docker client.
#![allow(clippy::unwrap_used, reason = "tests")]
mod again;
mod bench;
mod callers;
mod commands;
mod docker;
mod faults;
mod kills;
mod main_job;
#[cfg(feature = "native-ssh")]
mod native;
