//! The shared suite again, with spot instances: each is two things that must go.
mod moto;

fn main() -> std::process::ExitCode {
    moto::fixture::run(true)
}
