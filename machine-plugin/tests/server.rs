//! Our providers as driver binaries, used by a host on the original library.
//!
//! Started as a plugin, this program is one; otherwise it is the tests.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]
#[path = "it/go.rs"]
mod go;
#[path = "server/host.rs"]
mod host;
#[path = "server/provider.rs"]
mod provider;
#[path = "server/trials.rs"]
mod trials;

use machine_core::Provider;
use machine_provider_generic::{GENERIC, Generic, NONE, NoDriver};
use std::process::ExitCode;

fn main() -> ExitCode {
    let by_hand = std::env::var_os("MACHINE_PLUGIN_BY_HAND").is_some();
    let driver = match machine_plugin::requested() {
        Some(driver) => driver,
        None if by_hand => String::new(),
        None => return trials::run(),
    };
    let provider: Box<dyn Provider> = match driver.as_str() {
        GENERIC => Box::new(Generic::new()),
        NONE => Box::new(NoDriver::new()),
        _ => Box::new(provider::Folder::default()),
    };
    machine_plugin::serve(provider)
}
