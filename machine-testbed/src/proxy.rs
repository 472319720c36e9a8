use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Result};

const NO_LIMIT: u64 = u64::MAX;

/// A TCP relay on the loopback address that counts what passes, and fails on demand.
///
/// It ends with the value; connections that are open then are cut.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    ended: AtomicBool,
    refusing: AtomicBool,
    connections: AtomicUsize,
    sent: AtomicU64,
    received: AtomicU64,
    /// How many bytes from the target may still pass, over all connections.
    allowance: AtomicU64,
    stalling: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Relays connections to this address.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn to(target: SocketAddr) -> Result<Self> {
        let listener =
            TcpListener::bind("127.0.0.1:0").map_err(Error::doing("cannot bind a port"))?;
        let address = listener.local_addr().map_err(Error::doing("cannot read the bound port"))?;
        let shared = Arc::new(Shared {
            target,
            ended: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            allowance: AtomicU64::new(NO_LIMIT),
            stalling: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.ended.load(Ordering::SeqCst) {
                    break;
                }
                accepting.accept(client);
            }
        });
        Ok(Self { address, shared })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were relayed so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Bytes that went to the target so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// Bytes that came from the target so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::SeqCst)
    }

    /// Closes each new connection at once, or relays again.
    pub fn refuse(&self, refuse: bool) {
        self.shared.refusing.store(refuse, Ordering::SeqCst);
    }

    /// Cuts all connections once `bytes` more have come from the target.
    pub fn cut_after(&self, bytes: u64) {
        self.shared.stalling.store(false, Ordering::SeqCst);
        self.shared.allowance.store(bytes, Ordering::SeqCst);
    }

    /// Goes silent, without closing, once `bytes` more have come from the target.
    pub fn stall_after(&self, bytes: u64) {
        self.shared.stalling.store(true, Ordering::SeqCst);
        self.shared.allowance.store(bytes, Ordering::SeqCst);
    }

    /// Works again, for connections made from now on.
    pub fn heal(&self) {
        self.shared.allowance.store(NO_LIMIT, Ordering::SeqCst);
        self.refuse(false);
    }

    /// Cuts the connections that are open now.
    pub fn cut(&self) {
        self.shared.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        self.shared.cut();
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, client: TcpStream) {
        if self.refusing.load(Ordering::SeqCst) {
            return;
        }
        self.connections.fetch_add(1, Ordering::SeqCst);
        let relay = || -> io::Result<()> {
            let server = TcpStream::connect(self.target)?;
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.extend([client.try_clone()?, server.try_clone()?]);
            let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
            let shared = Arc::clone(self);
            thread::spawn(move || shared.copy(from_client, to_server, &shared.sent, false));
            let shared = Arc::clone(self);
            thread::spawn(move || shared.copy(server, client, &shared.received, true));
            Ok(())
        };
        // A target that refuses: the client sees its connection closed.
        let _ = relay();
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, count: &AtomicU64, limited: bool) {
        let mut buffer = [0; 16 * 1024];
        loop {
            let length = match from.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(length) => length,
            };
            let passing = if limited { self.pass(length as u64) as usize } else { length };
            count.fetch_add(passing as u64, Ordering::SeqCst);
            if to.write_all(&buffer[..passing]).is_err() {
                break;
            }
            if passing < length {
                if self.stalling.load(Ordering::SeqCst) {
                    // Swallows the rest, so that the target does not notice either.
                    let _ = io::copy(&mut from, &mut io::sink());
                }
                self.cut();
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    /// How many of `length` bytes may pass; they are taken off the allowance.
    fn pass(&self, length: u64) -> u64 {
        let take = |left: u64| (left != NO_LIMIT).then(|| left.saturating_sub(length));
        match self.allowance.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
            Ok(left) => left.min(length),
            Err(_) => length,
        }
    }

    fn cut(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
