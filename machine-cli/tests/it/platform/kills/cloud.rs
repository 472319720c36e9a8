//! A pretended cloud that stops in the middle of one call.
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// Where in a call it stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moment {
    /// Nothing is done yet.
    Before,
    /// It is done, and not answered.
    After,
}

#[derive(Default)]
struct State {
    things: BTreeMap<String, String>,
    /// Method and thing of each call so far.
    calls: Vec<String>,
    stop: Option<(usize, Moment)>,
    stopped: bool,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn wait(&self, until: impl Fn(&State) -> bool) {
        let waits = |state: &mut State| !until(state);
        let patience = Duration::from_secs(60);
        let (_state, late) = self.changed.wait_timeout_while(self.lock(), patience, waits).unwrap();
        assert!(!late.timed_out(), "waited in vain");
    }

    fn stop_here(&self, call: usize, moment: Moment) {
        let mut state = self.lock();
        if state.stop != Some((call, moment)) {
            return;
        }
        state.stopped = true;
        drop(state);
        self.changed.notify_all();
        self.wait(|state| state.stop.is_none());
    }
}

pub(super) struct Cloud {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Cloud {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, shared) = (listener.local_addr().unwrap(), Arc::<Shared>::default());
        let all = shared.clone();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if all.lock().ended {
                    return;
                }
                let shared = all.clone();
                thread::spawn(move || serve(&shared, connection));
            }
        });
        Self { address, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Stops in call number `call`, counted from 0.
    pub(super) fn stop_in(&self, call: usize, moment: Moment) {
        self.shared.lock().stop = Some((call, moment));
    }

    pub(super) fn wait_stopped(&self) {
        self.shared.wait(|state| state.stopped);
    }

    pub(super) fn go_on(&self) {
        self.shared.lock().stop = None;
        self.shared.changed.notify_all();
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.shared.lock().calls.clone()
    }

    pub(super) fn things(&self) -> Vec<String> {
        self.shared.lock().things.keys().cloned().collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.go_on();
        TcpStream::connect(self.address).ok();
    }
}

fn serve(shared: &Shared, mut connection: TcpStream) {
    let Some((method, id, body)) = read(&connection) else { return };
    let call = {
        let mut state = shared.lock();
        state.calls.push(format!("{method} {id}"));
        state.calls.len() - 1
    };
    shared.stop_here(call, Moment::Before);
    let (status, content) = carry_out(&mut shared.lock().things, &method, id, body);
    shared.stop_here(call, Moment::After);
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // The driver may be dead by now.
    connection.write_all((head + &content).as_bytes()).ok();
}

fn carry_out(
    things: &mut BTreeMap<String, String>,
    method: &str,
    id: String,
    body: String,
) -> (u16, String) {
    let nothing = String::new();
    match (method, things.get(&id).cloned()) {
        ("GET", Some(content)) => return (200, content),
        ("POST", Some(_)) => return (409, nothing),
        ("POST", None) | ("PUT", Some(_)) => drop(things.insert(id, body)),
        ("DELETE", Some(_)) => drop(things.remove(&id)),
        _ => return (404, nothing),
    }
    (200, nothing)
}

/// Method, path and body; nothing when the other side died before it had sent them.
fn read(mut connection: &TcpStream) -> Option<(String, String, String)> {
    let (mut request, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                let mut line = head.split(' ');
                let method = line.next()?.to_owned();
                let id = line.next()?.trim_start_matches('/').to_owned();
                return Some((method, id, body.to_owned()));
            }
        }
        match connection.read(&mut chunk) {
            Ok(count @ 1..) => request.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}
