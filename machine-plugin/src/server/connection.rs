use crate::rpc::Body;
use crate::rpc::server::{CONNECTED, Greeting, ReplyWriter, Request, RequestStream, greeting};
use crate::server::dispatch::dispatch;
use crate::server::machine::Machine;
use crate::server::serve::Signal;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{Semaphore, mpsc};

/// Calls that one client may have waiting; then it is not read on.
const AT_ONCE: usize = 64;

/// The answer to one request.
struct Answer {
    method: String,
    seq: u64,
    result: Result<Body, String>,
    /// Sent once the answer is on its way.
    after: Option<Signal>,
}

/// Serves one client until it goes.
pub(crate) async fn serve_client(
    mut socket: TcpStream,
    machine: Arc<Machine>,
    signals: mpsc::Sender<Signal>,
) {
    // A client that breaks off, or is none, concerns nobody else.
    if let Ok(Some(requests)) = greet(&mut socket).await {
        socket.set_nodelay(true).ok();
        let (mut from, to) = socket.into_split();
        let (answers, queue) = mpsc::channel(AT_ONCE);
        tokio::spawn(write_answers(to, queue, signals));
        read_requests(&mut from, requests, machine, answers).await.ok();
    }
}

async fn greet(socket: &mut TcpStream) -> io::Result<Option<RequestStream>> {
    let mut request = Vec::new();
    loop {
        match greeting(&request) {
            Greeting::Partial => {}
            Greeting::Connect(start) => {
                socket.write_all(CONNECTED).await?;
                let mut requests = RequestStream::default();
                requests.feed(&request[start..]);
                return Ok(Some(requests));
            }
            Greeting::Other(answer) => {
                socket.write_all(answer).await?;
                return Ok(None);
            }
        }
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    }
}

async fn read_requests(
    from: &mut (impl AsyncReadExt + Unpin),
    mut requests: RequestStream,
    machine: Arc<Machine>,
    answers: mpsc::Sender<Answer>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut chunk = vec![0; 16 << 10];
    loop {
        while let Some(request) = requests.next_request().map_err(io::Error::other)? {
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (machine, answers) = (machine.clone(), answers.clone());
            tokio::spawn(async move {
                let answer = answer(&machine, request).await;
                answers.send(answer).await.ok();
                drop(place);
            });
        }
        let count = from.read(&mut chunk).await?;
        if count == 0 {
            return Ok(());
        }
        requests.feed(&chunk[..count]);
    }
}

async fn answer(machine: &Arc<Machine>, request: Request) -> Answer {
    let Request { method, seq, body } = request;
    let (called, machine) = (method.clone(), machine.clone());
    // A task of its own, so that a panic ends this call alone.
    let call = tokio::spawn(async move { dispatch(&machine, &called, &body).await });
    let (result, after) = match call.await {
        Ok(Ok((body, signal))) => (Ok(body), signal),
        Ok(Err(text)) => (Err(text), None),
        Err(panic) => (Err(format!("Panic in the driver: {panic}")), None),
    };
    Answer { method, seq, result, after }
}

async fn write_answers(
    mut to: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Answer>,
    signals: mpsc::Sender<Signal>,
) {
    let mut writer = ReplyWriter::new();
    while let Some(Answer { method, seq, result, after }) = queue.recv().await {
        // Values of our own types: they can be written.
        let Ok(bytes) = writer.write(method, seq, result) else { return };
        let sent = to.write_all(&bytes).await;
        if let Some(signal) = after {
            signals.send(signal).await.ok();
        }
        if sent.is_err() {
            return;
        }
    }
}
