use super::error::SshError;
use super::frame::{Frame, Scanner};
use super::link::{Exit, Link};
use machine_core::Result;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// Longest reason, in bytes, that goes into an error.
const REASON: usize = 2 << 10;

/// What a script answered.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// Exit status of the script.
    pub status: i32,
    /// Its standard output; the middle is left out where it is over 512 KiB.
    pub stdout: String,
    /// Its standard error, bounded likewise.
    pub stderr: String,
}

/// One shell on the host: every script of a command goes through it, one after the other, as root.
///
/// Scripts are POSIX shell. They travel on the shell's standard input, so what they hold appears in
/// no argument list, here or on the host. Dropping the session ends its client; a script that runs
/// on the host by then runs on.
pub struct Session {
    peer: String,
    link: Link,
    /// An answer is missing: what comes next on the streams belongs to an unknown script.
    over: bool,
}

/// Why no answer came.
#[derive(Debug)]
pub(super) enum Break {
    Ended { exit: Option<Exit>, said: String },
    TimedOut { said: String },
}

/// Both streams of one frame.
struct Answer {
    stdout: Scanner,
    stderr: Scanner,
}

impl Session {
    /// Waits until a shell answers on the other side.
    pub(super) async fn over(peer: String, link: Link, limit: Duration) -> Result<Self, Break> {
        let mut session = Self { peer, link, over: false };
        session.exchange(&Frame::hello(), limit, &mut |_| {}).await?;
        Ok(session)
    }

    /// Runs `script` as root and waits for its end: one round trip.
    ///
    /// `limit` counts in real time, as the other side does.
    ///
    /// # Errors
    /// `Indeterminate` when the connection is lost or the limit passes: the script may have run, or
    /// still run. The session is over then. `Permission` where root rights are missing. A script
    /// that fails is no error: see [`Reply::status`].
    pub async fn run(&mut self, script: &str, limit: Duration) -> Result<Reply> {
        self.run_with_notes(script, limit, &mut |_| {}).await
    }

    /// Like [`Session::run`]; each `note TEXT` of the script reaches `note` while it runs.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn run_with_notes(
        &mut self,
        script: &str,
        limit: Duration,
        note: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Reply> {
        if self.over {
            return Err(SshError::Over { peer: self.peer.clone() }.into());
        }
        let frame = Frame::new(script);
        let answer = match self.exchange(&frame, limit, note).await {
            Ok(answer) => answer,
            Err(fault) => return Err(self.lost(fault, limit).into()),
        };
        let status = answer.stdout.status().unwrap_or_default();
        if !answer.stdout.begun() {
            return Err(self.not_root(&answer.stderr.noise()).into());
        }
        Ok(Reply { status, stdout: answer.stdout.body(), stderr: answer.stderr.body() })
    }

    /// Ends the session in order.
    pub async fn close(self) {
        self.link.close().await;
    }

    async fn exchange(
        &mut self,
        frame: &Frame,
        limit: Duration,
        note: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, Break> {
        // Also when this future is dropped half-way.
        self.over = true;
        let (mut stdout, mut stderr) = (frame.scanner(), frame.scanner());
        let mut silent = |_: &str| {};
        let talk = async {
            // A failed write is not the end of it: the reason comes on the other streams.
            let (_, out, err) = tokio::join!(
                write(&mut self.link.stdin, frame.bytes()),
                scan(&mut self.link.stdout, &mut stdout, note),
                scan(&mut self.link.stderr, &mut stderr, &mut silent),
            );
            out && err
        };
        match timeout(limit, talk).await {
            Ok(true) => {
                self.over = false;
                Ok(Answer { stdout, stderr })
            }
            Ok(false) => {
                let exit = self.link.end.exit().await;
                Err(Break::Ended { exit, said: said(&stdout, &stderr) })
            }
            Err(_) => Err(Break::TimedOut { said: said(&stdout, &stderr) }),
        }
    }

    fn lost(&self, fault: Break, limit: Duration) -> SshError {
        let peer = self.peer.clone();
        match fault {
            Break::TimedOut { .. } => SshError::TimedOut { peer, limit },
            Break::Ended { exit, said } => {
                let ending = || exit.map_or_else(|| "closed".to_owned(), |exit| exit.text);
                let why = if said.is_empty() { ending() } else { said };
                SshError::Lost { peer, why }
            }
        }
    }

    fn not_root(&self, said: &str) -> SshError {
        let why = reason(said);
        let cure = if why.contains("password") {
            "let the user run sudo without a password, or log in as root"
        } else {
            "install sudo and give the user the right to use it, or log in as root"
        };
        SshError::NotRoot { peer: self.peer.clone(), why, cure }
    }
}

async fn write(stdin: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stdin.write_all(bytes).await?;
    stdin.flush().await
}

/// Reads until the frame's end; false when the stream ends before it.
async fn scan(
    stream: &mut (impl AsyncRead + Unpin),
    scanner: &mut Scanner,
    note: &mut (dyn FnMut(&str) + Send),
) -> bool {
    let mut buffer = vec![0; 16 << 10];
    while scanner.status().is_none() {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(n) => scanner.push(&buffer[..n], note),
        }
    }
    true
}

/// What the client, the server or a login script said for itself.
fn said(stdout: &Scanner, stderr: &Scanner) -> String {
    let errors = if stderr.begun() {
        // The client's last words stand behind what the script wrote.
        let body = stderr.body() + &stderr.unfinished();
        body.lines().last().unwrap_or_default().to_owned()
    } else {
        stderr.noise()
    };
    let errors = reason(&errors);
    if errors.is_empty() && !stdout.begun() { reason(&stdout.noise()) } else { errors }
}

/// Foreign words as one bounded line.
pub(super) fn reason(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let lines: Vec<_> = clean.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let line = lines.join("; ");
    let start = line.char_indices().map(|(i, _)| i).find(|i| line.len() - i <= REASON);
    line[start.unwrap_or(line.len())..].to_owned()
}
