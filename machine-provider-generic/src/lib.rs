//! Machines that exist already.
//!
//! [`Generic`] is any host that answers on SSH, [`NoDriver`] a Docker endpoint about which nothing
//! else is known. Neither makes or deletes anything remote, so neither has steps or writes a journal.
mod config;
mod error;
mod generic;
mod none;
mod platform;
mod state;
mod url;

pub use generic::{GENERIC, Generic};
pub use none::{NONE, NoDriver};
