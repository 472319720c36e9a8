//! Driver `none` for programs that start drivers as plugins.
use std::process::ExitCode;

fn main() -> ExitCode {
    machine_plugin::serve(Box::new(machine_provider_generic::NoDriver::new()))
}
