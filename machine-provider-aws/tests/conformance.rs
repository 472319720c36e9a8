//! The shared suite, run against moto behind a proxy.
mod fixture;

fn main() -> std::process::ExitCode {
    fixture::run(false)
}
