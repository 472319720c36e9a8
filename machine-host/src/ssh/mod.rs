//! One SSH connection for everything a command does on a host.
mod error;
mod frame;
mod host_keys;
mod open;
mod session;
mod system;
mod target;
mod transfer;

pub use host_keys::{ACCEPT_HOST_KEY, accepts_host_key};
pub use open::Patience;
pub use session::{Reply, Session};
pub use system::command;
pub use target::Target;

/// See [`crate::fuzzing`].
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    pub(crate) fn session_stream(bytes: &[u8], size: usize) -> (Option<i32>, String) {
        let mut scanner = super::frame::Scanner::new("begin", "end");
        for piece in bytes.chunks(size.max(1)) {
            scanner.push(piece, &mut |_| {});
        }
        let _ = scanner.noise();
        (scanner.status(), scanner.body())
    }

    pub(crate) fn known_hosts(text: &str) -> Vec<String> {
        super::host_keys::parse_known_hosts(text)
    }
}
