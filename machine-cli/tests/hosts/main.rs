//! The binary against real hosts: systemd, sshd, dockerd, and a real docker client.
#![allow(clippy::unwrap_used, reason = "tests")]
mod again;
#[path = "../support/answer.rs"]
mod answer;
mod authoring;
mod bench;
mod callers;
mod commands;
mod docker;
mod faults;
#[path = "../../../machine-plugin/tests/it/go.rs"]
mod go;
mod kept;
mod kills;
mod main_job;
#[cfg(feature = "native-ssh")]
mod native;
