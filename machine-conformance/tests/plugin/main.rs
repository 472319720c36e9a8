//! The suite, run against a provider of which nothing is known when it is compiled.
mod binary;
mod provider;

use provider::PluginFixture;

fn main() -> std::process::ExitCode {
    machine_conformance::run(|| Ok(Box::new(PluginFixture::new(None))))
}
