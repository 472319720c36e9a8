use super::super::error::SshError;
use super::super::host_keys::Trust;
use super::super::link::{End, Exit, Link};
use super::super::open::Fault;
use super::super::target::Target;
use super::connect::{Login, log_in, text};
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Disconnect};
use std::time::Duration;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// As a pipe's.
const BUFFER: usize = 64 << 10;
/// What an extended message of the protocol holds (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// A shell that runs on the host.
pub(in super::super) struct Connection {
    login: Login,
    input: ChannelWriteHalf<Msg>,
    /// Carries output over; gone once its end was seen.
    pump: Option<JoinHandle<Option<Exit>>>,
}

/// Logs in within `limit`, and starts a shell.
pub(in super::super) async fn shell(
    target: &Target,
    trust: &Trust,
    limit: Duration,
) -> Result<Result<Link, Fault>, SshError> {
    match timeout(limit, start(target, trust)).await {
        Ok(link) => link,
        Err(_) => Ok(Err(Fault::Unreachable(format!("no answer in {} s", limit.as_secs())))),
    }
}

async fn start(target: &Target, trust: &Trust) -> Result<Result<Link, Fault>, SshError> {
    let login = match log_in(target, trust).await? {
        Ok(login) => login,
        Err(fault) => return Ok(Err(fault)),
    };
    let started = async {
        let channel = login.channel_open_session().await?;
        channel.exec(true, "sh").await?;
        Ok(channel.split())
    };
    let (output, input) = match started.await {
        Ok(halves) => halves,
        Err(error) => return Ok(Err(Fault::NoShell(text(&error)))),
    };
    let ((stdout, ours), (stderr, errors)) = (duplex(BUFFER), duplex(BUFFER));
    let stdin = Box::new(input.make_writer());
    let pump = Some(tokio::spawn(pump(output, ours, errors)));
    let end = End::Native(Connection { login, input, pump });
    Ok(Ok(Link { stdin, stdout: Box::new(stdout), stderr: Box::new(stderr), end }))
}

async fn pump(
    mut output: ChannelReadHalf,
    mut stdout: DuplexStream,
    mut stderr: DuplexStream,
) -> Option<Exit> {
    let mut exit = None;
    while let Some(message) = output.wait().await {
        // Whoever no longer listens does not keep the other stream waiting.
        match message {
            ChannelMsg::Data { data } => drop(stdout.write_all(&data).await),
            ChannelMsg::ExtendedData { data, ext: STDERR } => drop(stderr.write_all(&data).await),
            ChannelMsg::ExitStatus { exit_status } => {
                let code = i32::try_from(exit_status).unwrap_or(i32::MAX);
                exit = Some(Exit { code: Some(code), text: format!("exit status: {code}") });
            }
            ChannelMsg::ExitSignal { signal_name, .. } => {
                exit = Some(Exit { code: None, text: format!("signal: {signal_name:?}") });
            }
            ChannelMsg::Failure | ChannelMsg::Close => break,
            _ => {}
        }
    }
    exit
}

impl Connection {
    /// How the shell ended; none where the connection did.
    pub(in super::super) async fn exit(&mut self) -> Option<Exit> {
        let exit = match &mut self.pump {
            Some(pump) => pump.await.ok().flatten(),
            None => None,
        };
        self.pump = None;
        exit
    }

    pub(in super::super) async fn close(mut self) {
        self.input.eof().await.ok();
        self.exit().await;
        self.login.disconnect(Disconnect::ByApplication, "", "").await.ok();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(pump) = &self.pump {
            pump.abort();
        }
    }
}
