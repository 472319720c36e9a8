//! Driver `generic` for programs that start drivers as plugins.
use std::process::ExitCode;

fn main() -> ExitCode {
    machine_plugin::serve(Box::new(machine_provider_generic::Generic::new()))
}
