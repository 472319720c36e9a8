//! The user's terminal on a host, with the built-in client.

use crate::context::Context;
use crate::failure::Failure;
use crate::platform::{RawInput, follow_size};
use machine_host::{Entry, Machines, Size, Terminal};
use tokio::sync::watch;

/// Logs in, or runs `words` there; they are joined, and no options of `ssh`.
pub(super) fn log_in(
    context: &Context,
    machines: &Machines,
    entry: &Entry,
    words: &[String],
) -> Result<(), Failure> {
    let command = (!words.is_empty()).then(|| words.join(" "));
    let status = context.block_on(async {
        let raw = RawInput::take();
        let (told, size) = watch::channel(Size::default());
        let terminal = Terminal { input: tokio::io::stdin(), output: tokio::io::stdout(), size };
        let status = tokio::select! {
            biased;
            never = follow_size(told) => match never {},
            status = machines.ssh_terminal(entry, command.as_deref(), terminal) => status,
        };
        drop(raw);
        status
    })??;
    // The words of Docker Machine's own client (`golang.org/x/crypto/ssh`).
    match status {
        0 => Ok(()),
        status => Err(Failure::new(format!("Process exited with status {status}"))),
    }
}
