use crate::client::error::{CallError, StartError};
use crate::codec::Value;
use crate::rpc::Body;
use crate::rpc::client::{CONNECT, ReplyStream, RequestWriter, connected};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A client's end of `net/rpc`: many calls at once over one connection, which ends with the value.
#[derive(Debug)]
pub(crate) struct Connection {
    handle: Handle,
    _tasks: JoinSet<()>,
}

/// Calls over a [`Connection`], while it lives.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    requests: mpsc::Sender<Request>,
    pending: Pending,
}

#[derive(Debug)]
struct Request {
    method: String,
    body: Body,
    answer: Answer,
}

type Answer = oneshot::Sender<Result<Value, CallError>>;

/// Calls whose answers are to come, by number; once the connection is of no use, why.
#[derive(Clone, Debug, Default)]
struct Pending(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    answers: HashMap<u64, Answer>,
    broken: Option<CallError>,
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the call can be made at all.
    fn expect(&self, seq: u64, answer: Answer) -> bool {
        let mut waiting = self.lock();
        match waiting.broken.clone() {
            Some(cause) => {
                answer.send(Err(cause)).ok();
                false
            }
            None => {
                waiting.answers.insert(seq, answer);
                true
            }
        }
    }

    fn fail(&self, cause: CallError) {
        let mut waiting = self.lock();
        let cause = waiting.broken.get_or_insert(cause).clone();
        for (_, answer) in waiting.answers.drain() {
            answer.send(Err(cause.clone())).ok();
        }
    }
}

impl Connection {
    /// Connects to what a plugin said, within `limit`.
    pub(crate) async fn open(address: &str, limit: Duration) -> Result<Self, StartError> {
        let late = StartError::DialTimeout { address: address.to_owned(), limit };
        timeout(limit, Self::dial(address)).await.unwrap_or(Err(late))
    }

    async fn dial(address: &str) -> Result<Self, StartError> {
        let failed = |source| StartError::Dial { address: address.to_owned(), source };
        let mut socket = TcpStream::connect(address).await.map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        socket.write_all(CONNECT).await.map_err(failed)?;
        let mut answer = Vec::new();
        let start = loop {
            if socket.read_buf(&mut answer).await.map_err(failed)? == 0 {
                return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
            }
            let start = connected(&answer);
            let http = |source| StartError::Http { address: address.to_owned(), source };
            if let Some(start) = start.map_err(http)? {
                break start;
            }
        };
        let mut replies = ReplyStream::default();
        replies.feed(&answer[start..]);
        let (read, write) = socket.into_split();
        let (requests, queue) = mpsc::channel(16);
        let pending = Pending::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(read_replies(read, replies, pending.clone()));
        tasks.spawn(write_requests(write, queue, pending.clone()));
        Ok(Self { handle: Handle { requests, pending }, _tasks: tasks })
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.handle.give_up(CallError::Closed);
    }
}

impl Handle {
    /// Calls `method`, its service's name included.
    pub(crate) async fn call(
        &self,
        method: String,
        body: Body,
        limit: Duration,
    ) -> Result<Value, CallError> {
        let (answer, result) = oneshot::channel();
        let call = async {
            let request = Request { method, body, answer };
            if self.requests.send(request).await.is_err() {
                return Err(self.why());
            }
            result.await.unwrap_or_else(|_| Err(self.why()))
        };
        timeout(limit, call).await.unwrap_or(Err(CallError::Late(limit)))
    }

    /// Ends all calls, now and later.
    pub(crate) fn give_up(&self, cause: CallError) {
        self.pending.fail(cause);
    }

    fn why(&self) -> CallError {
        self.pending.lock().broken.clone().unwrap_or(CallError::Closed)
    }
}

async fn read_replies(mut from: OwnedReadHalf, mut replies: ReplyStream, pending: Pending) {
    let mut chunk = vec![0; 16 << 10];
    loop {
        loop {
            match replies.next_reply() {
                Ok(Some(reply)) => {
                    // A call that was given up has no taker.
                    if let Some(answer) = pending.lock().answers.remove(&reply.seq) {
                        answer.send(reply.result.map_err(CallError::Driver)).ok();
                    }
                }
                Ok(None) => break,
                Err(error) => return pending.fail(CallError::Garbled(error)),
            }
        }
        match from.read(&mut chunk).await {
            Ok(count @ 1..) => replies.feed(&chunk[..count]),
            _ => return pending.fail(CallError::Closed),
        }
    }
}

/// A task of its own, so that a caller who gives up leaves no half request behind.
async fn write_requests(
    mut to: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Request>,
    pending: Pending,
) {
    let mut writer = RequestWriter::new();
    while let Some(request) = queue.recv().await {
        let (mut next, mut bytes) = (Some(request), Vec::new());
        // Requests made together leave together.
        while let Some(Request { method, body, answer }) = next {
            match writer.write(&method, &body) {
                Ok((seq, mut request)) => {
                    if pending.expect(seq, answer) {
                        bytes.append(&mut request);
                    }
                }
                Err(error) => drop(answer.send(Err(CallError::Garbled(error)))),
            }
            next = queue.try_recv().ok();
        }
        if to.write_all(&bytes).await.is_err() {
            pending.fail(CallError::Closed);
        }
    }
}
