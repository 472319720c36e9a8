//! The shared suite, run against moto behind a proxy.
mod moto;

fn main() -> std::process::ExitCode {
    moto::fixture::run(false)
}
