//! A shell on the other side, whichever client leads there.
#[cfg(feature = "native-ssh")]
use super::native::Connection;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::Child;
use tokio::time::timeout;

/// How long a client may take to end once its streams are closed.
const ENDING: Duration = Duration::from_secs(2);

/// The shell's streams, and the client that holds them.
pub(super) struct Link {
    pub(super) stdin: Box<dyn AsyncWrite + Send + Unpin>,
    pub(super) stdout: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) stderr: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) end: End,
}

/// The client.
pub(super) enum End {
    Child(Child),
    #[cfg(feature = "native-ssh")]
    Native(Connection),
}

/// How a client ended.
#[derive(Debug)]
pub(super) struct Exit {
    /// None: by a signal, or by itself.
    pub(super) code: Option<i32>,
    pub(super) text: String,
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        Self { code: status.code(), text: status.to_string() }
    }
}

impl End {
    /// How it ended, when it does so soon.
    pub(super) async fn exit(&mut self) -> Option<Exit> {
        match self {
            Self::Child(child) => {
                timeout(ENDING, child.wait()).await.ok().and_then(Result::ok).map(Exit::from)
            }
            #[cfg(feature = "native-ssh")]
            Self::Native(connection) => timeout(ENDING, connection.exit()).await.ok().flatten(),
        }
    }
}

impl Link {
    /// Ends it in order: the shell ends with its input.
    pub(super) async fn close(self) {
        let Self { stdin, stdout, stderr, end } = self;
        drop((stdin, stdout, stderr));
        match end {
            End::Child(mut child) => {
                if timeout(ENDING, child.wait()).await.is_err() {
                    let _ = child.kill().await;
                }
            }
            #[cfg(feature = "native-ssh")]
            End::Native(connection) => {
                let _ = timeout(ENDING, connection.close()).await;
            }
        }
    }
}
