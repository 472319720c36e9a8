//! Store, certificates, SSH, provisioning and life cycle of machines that run Docker.
mod progress;

pub use progress::{Progress, ProgressSink};
