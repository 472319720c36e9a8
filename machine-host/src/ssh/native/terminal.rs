use super::super::error::SshError;
use super::super::host_keys::Trust;
use super::super::open::{Fault, Patience, give_up};
use super::super::target::Target;
use super::connect::{Login, log_in, text};
use machine_core::Result;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Disconnect, Pty};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::sleep;

/// Docker Machine's kind of terminal (`libmachine/ssh/client.go`).
const KIND: &str = "xterm";
/// As the program's `ConnectionAttempts`, and the pause between two.
const ATTEMPTS: (u32, Duration) = (3, Duration::from_secs(1));
/// Input is echoed, as Docker Machine asks for (RFC 4254, 8).
const MODES: [(Pty, u32); 1] = [(Pty::ECHO, 1)];

/// A terminal's size in characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Size {
    /// Characters in a line.
    pub columns: u32,
    /// Lines.
    pub rows: u32,
}

impl Size {
    /// A size other than 80 × 24, which is the default.
    pub fn new(columns: u32, rows: u32) -> Self {
        Self { columns, rows }
    }
}

impl Default for Size {
    fn default() -> Self {
        Self { columns: 80, rows: 24 }
    }
}

/// The user's side of a login with the built-in client.
#[derive(Debug)]
pub struct Terminal<I, O> {
    /// What the user types.
    pub input: I,
    /// What the user sees.
    pub output: O,
    /// The window's size, now and later.
    pub size: watch::Receiver<Size>,
}

impl<I: AsyncRead + Unpin, O: AsyncWrite + Unpin> Terminal<I, O> {
    /// Logs in and runs a command, or without one the login shell; its exit status.
    ///
    /// # Errors
    /// Those of [`super::super::Session::open`], after three attempts; `Indeterminate` when the
    /// connection is lost.
    pub async fn run(self, target: &Target, command: Option<&str>) -> Result<i32> {
        let login = patiently(target).await?;
        let peer = || target.to_string();
        let channel = self.start(&login, command).await;
        let channel = channel.map_err(|e| SshError::NoShell { peer: peer(), why: text(&e) })?;
        let talked = self.talk(channel).await;
        login.disconnect(Disconnect::ByApplication, "", "").await.ok();
        match talked {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err(SshError::Lost { peer: peer(), why: "closed".to_owned() }.into()),
            Err(e) => Err(SshError::Lost { peer: peer(), why: text(&e) }.into()),
        }
    }

    async fn start(
        &self,
        login: &Login,
        command: Option<&str>,
    ) -> Result<Channel<Msg>, russh::Error> {
        let Size { columns, rows } = *self.size.borrow();
        let channel = login.channel_open_session().await?;
        channel.request_pty(false, KIND, columns, rows, 0, 0, &MODES).await?;
        match command {
            Some(command) => channel.exec(true, command).await?,
            None => channel.request_shell(true).await?,
        }
        Ok(channel)
    }

    /// None when the connection ends without a status.
    async fn talk(self, channel: Channel<Msg>) -> Result<Option<i32>, russh::Error> {
        let Self { input, output, size } = self;
        let (from, to) = channel.split();
        // Side by side: the host may take no more input before we have taken its output.
        tokio::select! {
            status = show(from, output) => status,
            failed = pass_on(to, input, size) => Err(failed),
        }
    }
}

/// Shows what comes, until the end.
async fn show(
    mut from: ChannelReadHalf,
    mut output: impl AsyncWrite + Unpin,
) -> Result<Option<i32>, russh::Error> {
    let mut status = None;
    loop {
        match from.wait().await {
            Some(ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. }) => {
                output.write_all(&data).await?;
                output.flush().await?;
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                status = Some(i32::try_from(exit_status).unwrap_or(i32::MAX));
            }
            // A shell's own number for a program that a signal ended.
            Some(ChannelMsg::ExitSignal { .. }) => status = Some(128),
            Some(ChannelMsg::Close) | None => return Ok(status),
            Some(_) => {}
        }
    }
}

/// Passes on what is typed and the window's size; comes back with an error alone.
async fn pass_on(
    to: ChannelWriteHalf<Msg>,
    mut input: impl AsyncRead + Unpin,
    mut size: watch::Receiver<Size>,
) -> russh::Error {
    let typing = async {
        let mut typed = vec![0; 4 << 10];
        loop {
            match input.read(&mut typed).await {
                Ok(0) | Err(_) => return to.eof().await,
                Ok(n) => to.data(&typed[..n]).await?,
            }
        }
    };
    let resizing = async {
        while size.changed().await.is_ok() {
            let Size { columns, rows } = *size.borrow_and_update();
            to.window_change(columns, rows, 0, 0).await?;
        }
        Ok(())
    };
    match tokio::try_join!(typing, resizing) {
        Ok(_) => std::future::pending().await,
        Err(error) => error,
    }
}

async fn patiently(target: &Target) -> Result<Login> {
    target.check_key()?;
    let trust = Trust::of(target)?;
    let mut attempt = 1;
    loop {
        trust.reset()?;
        match log_in(target, &trust).await? {
            Ok(login) => {
                trust.settle(target)?;
                return Ok(login);
            }
            Err(Fault::Unreachable(_)) if attempt < ATTEMPTS.0 => {
                attempt += 1;
                sleep(ATTEMPTS.1).await;
            }
            Err(fault) => {
                let limit = ATTEMPTS.1 * ATTEMPTS.0;
                return Err(give_up(target, Patience::new(limit, limit), fault).into());
            }
        }
    }
}
