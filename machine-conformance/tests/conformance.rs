//! The suite, run against its own example.
use machine_conformance::MemoryFixture;

fn main() -> std::process::ExitCode {
    machine_conformance::run(|| Ok(Box::new(MemoryFixture::new())))
}
