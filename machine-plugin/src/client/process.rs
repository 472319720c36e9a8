use crate::client::error::{Said, StartError};
use crate::client::listener::Listener;
use crate::client::output::{Line, Output, read_lines, shorten};
use crate::client::{Driver, TimeLimits};
use crate::platform;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What is read of a dead plugin's pipes, which a child of its own may hold open for ever.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A plugin's process. It is killed when the value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: Output,
    _pipes: JoinSet<()>,
}

impl Process {
    /// Starts the binary and waits until it says where it listens.
    pub(crate) async fn start(
        driver: &Driver,
        limits: &TimeLimits,
        listener: Listener<'_>,
    ) -> Result<(Self, String), StartError> {
        let path = driver.path().to_owned();
        let spawn = |source| StartError::Spawn { path: path.clone(), source };
        let mut command = Command::new(driver.path());
        command
            .env("MACHINE_PLUGIN_TOKEN", "42")
            .env("MACHINE_PLUGIN_DRIVER_NAME", driver.name())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        platform::isolate(&mut command).map_err(spawn)?;
        let mut child = command.spawn().map_err(spawn)?;
        let output = Output::default();
        let (address, found) = oneshot::channel();
        let mut pipes = JoinSet::new();
        let no_pipe = || spawn(io::Error::other("its output cannot be read"));
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (out, err) = out.zip(err).ok_or_else(no_pipe)?;
        pipes.spawn(read_lines(out, output.open(), Line::Out, Some(address)));
        pipes.spawn(read_lines(err, output.open(), Line::Err, None));
        let mut process = Self { child, output, _pipes: pipes };
        let found = listener.during(&process.output, timeout(limits.handshake, found)).await;
        match found {
            Ok(Ok(address)) => Ok((process, address)),
            Ok(Err(_)) => {
                let status = process.end(limits.close, listener).await;
                Err(StartError::Ended { path, status, said: process.last_words() })
            }
            Err(_) => {
                process.kill(listener).await;
                Err(StartError::NoAddress(limits.handshake, process.last_words()))
            }
        }
    }

    pub(crate) fn output(&self) -> &Output {
        &self.output
    }

    /// What it printed before it died, where that may say why.
    pub(crate) fn last_words(&self) -> Said {
        Said(self.output.last_words().map(|line| shorten(line.trim())))
    }

    /// How it ended, if it has or does within `limit`.
    pub(crate) async fn ended(
        &mut self,
        limit: Duration,
        listener: Listener<'_>,
    ) -> Option<ExitStatus> {
        let wait = timeout(limit, self.child.wait());
        let ended = listener.during(&self.output, wait).await;
        ended.ok().and_then(Result::ok)
    }

    /// Waits for its end, which it must come to by itself within `limit`, and says how it ended.
    pub(crate) async fn end(&mut self, limit: Duration, listener: Listener<'_>) -> String {
        let Some(status) = self.ended(limit, listener).await else {
            self.kill(listener).await;
            return "killed".to_owned();
        };
        timeout(LAST_LINES, listener.drain(&self.output)).await.ok();
        status.to_string()
    }

    /// Ends it at once.
    pub(crate) async fn kill(&mut self, listener: Listener<'_>) {
        // It fails only where the process has ended already.
        self.child.kill().await.ok();
        timeout(LAST_LINES, listener.drain(&self.output)).await.ok();
        listener.catch_up(&self.output);
    }
}
