//! The built-in client, over russh: for hosts of users who have no `ssh`, or do not want it used.
mod connect;
mod identity;
mod shell;
mod terminal;

pub(super) use shell::{Connection, shell};
pub use terminal::{Size, Terminal};
