//! The shared suite again, with spot instances: each is two things that must go.
mod fixture;

fn main() -> std::process::ExitCode {
    fixture::run(true)
}
