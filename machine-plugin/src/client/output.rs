use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, oneshot};

/// Longer lines are passed on in pieces.
const LONGEST: usize = 64 << 10;
/// What is kept of lines that nobody takes; beyond it the oldest go.
const KEPT: usize = 8 << 20;

/// One line of a plugin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    /// For the user.
    Out(String),
    /// For debugging.
    Err(String),
    /// This many lines are missing here.
    Lost(u64),
}

/// Lines of a plugin that wait to be passed on.
///
/// The pipes are read all the time, whether somebody takes the lines or not: a plugin whose pipe is
/// full hangs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    bytes: usize,
    lost: u64,
    open: usize,
    /// What a crash would be explained by.
    last_err: Option<String>,
    panic: Option<String>,
}

impl Output {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Line) {
        let mut state = self.state();
        if let Line::Err(text) = &line
            && !text.trim().is_empty()
        {
            if text.starts_with("panic: ") || text.starts_with("fatal error: ") {
                state.panic.get_or_insert_with(|| shorten(text));
            }
            state.last_err = Some(shorten(text));
        }
        state.bytes += size(&line);
        state.lines.push_back(line);
        while state.bytes > KEPT {
            let Some(oldest) = state.lines.pop_front() else { break };
            state.bytes -= size(&oldest);
            state.lost += 1;
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// The next line, if there is one.
    pub(crate) fn try_next(&self) -> Option<Line> {
        let mut state = self.state();
        if state.lost > 0 {
            return Some(Line::Lost(std::mem::take(&mut state.lost)));
        }
        let line = state.lines.pop_front()?;
        state.bytes -= size(&line);
        Some(line)
    }

    /// The next line; `None` once both pipes have ended.
    pub(crate) async fn next(&self) -> Option<Line> {
        loop {
            if let Some(line) = self.try_next() {
                return Some(line);
            }
            if self.state().open == 0 {
                return self.try_next();
            }
            self.0.changed.notified().await;
        }
    }

    /// The line that best says why the plugin died.
    pub(crate) fn last_words(&self) -> Option<String> {
        let state = self.state();
        state.panic.clone().or_else(|| state.last_err.clone())
    }

    /// Registers a pipe, which [`read_lines`] will read.
    pub(crate) fn open(&self) -> Pipe {
        self.state().open += 1;
        Pipe(self.clone())
    }
}

/// Counts as open until it is dropped.
pub(crate) struct Pipe(Output);

impl Drop for Pipe {
    fn drop(&mut self) {
        self.0.state().open -= 1;
        self.0.0.changed.notify_one();
    }
}

fn size(line: &Line) -> usize {
    match line {
        Line::Out(text) | Line::Err(text) => text.len() + size_of::<Line>(),
        Line::Lost(_) => 0,
    }
}

pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Passes on a pipe's lines until it ends. `address` gets the first line that is one; lines before
/// it are passed on.
pub(crate) async fn read_lines(
    mut from: impl AsyncRead + Unpin,
    to: Pipe,
    kind: fn(String) -> Line,
    mut address: Option<oneshot::Sender<String>>,
) {
    let (mut pending, mut chunk) = (Vec::new(), vec![0; 8 << 10]);
    let mut pass = |line: &[u8]| {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        match (address.take(), is_address(line.trim())) {
            (Some(address), true) => drop(address.send(line.trim().to_owned())),
            (waiting, _) => {
                address = waiting;
                to.0.push(kind(line.into_owned()));
            }
        }
    };
    // An error of the pipe is its end: the process is gone or closed it.
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        for &byte in &chunk[..count] {
            match byte {
                b'\n' => {
                    pass(&pending);
                    pending.clear();
                }
                _ => {
                    pending.push(byte);
                    if pending.len() == LONGEST {
                        pass(&pending);
                        pending.clear();
                    }
                }
            }
        }
    }
    if !pending.is_empty() {
        pass(&pending);
    }
}

fn is_address(line: &str) -> bool {
    let Some((host, port)) = line.rsplit_once(':') else { return false };
    !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || c.is_control())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(bytes: &[u8]) -> (Vec<Line>, Option<String>) {
        let output = Output::default();
        let (sender, address) = oneshot::channel();
        read_lines(bytes, output.open(), Line::Out, Some(sender)).await;
        let mut all = Vec::new();
        while let Some(line) = output.next().await {
            all.push(line);
        }
        (all, address.await.ok())
    }

    #[tokio::test]
    async fn the_address_is_taken_out_wherever_it_is() {
        let out = |text: &str| Line::Out(text.to_owned());
        let (all, address) =
            lines(b"hello: world\n 127.0.0.1:4711 \r\nthen\n127.0.0.1:1\nend").await;
        assert_eq!(address.unwrap(), "127.0.0.1:4711");
        assert_eq!(all, [out("hello: world"), out("then"), out("127.0.0.1:1"), out("end")]);
        for none in ["", "\n", "no address here: 80\n", "127.0.0.1:0\n", ":80\n", "host:99999\n"] {
            assert_eq!(lines(none.as_bytes()).await.1, None, "{none}");
        }
        assert_eq!(lines(b"[::1]:80\n").await.1.unwrap(), "[::1]:80");
    }

    #[tokio::test]
    async fn long_lines_come_in_pieces_and_bytes_that_are_no_text_are_replaced() {
        let (all, _) = lines(&vec![b'x'; LONGEST + 1]).await;
        assert_eq!(all, [Line::Out("x".repeat(LONGEST)), Line::Out("x".to_owned())]);
        assert_eq!(lines(b"a\xffb\n").await.0, [Line::Out("a\u{fffd}b".to_owned())]);
    }

    #[tokio::test]
    async fn what_nobody_takes_is_bounded() {
        let output = Output::default();
        let noise = [&[b'x'; 1023][..], b"\n"].concat().repeat(3 * KEPT / 1024);
        read_lines(&noise[..], output.open(), Line::Err, None).await;
        let Some(Line::Lost(lost)) = output.next().await else { panic!("nothing was lost") };
        let mut kept = 0;
        while output.next().await.is_some() {
            kept += 1;
        }
        assert_eq!(lost + kept, 3 * KEPT as u64 / 1024);
        assert!(kept * 1024 <= KEPT as u64);
    }
}
