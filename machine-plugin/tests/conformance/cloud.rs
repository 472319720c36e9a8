//! A cloud that speaks just enough HTTP, and goes wrong as it is told.
use machine_conformance::{Call, Faults, Verdict};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Things = Arc<Mutex<BTreeMap<String, String>>>;

pub(crate) struct Cloud {
    address: std::net::SocketAddr,
    things: Things,
    faults: Faults,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (things, faults) = (Things::default(), Faults::default());
        let state = (things.clone(), faults.clone());
        // One connection after the other: what a dead driver asked for comes before what the next
        // one asks.
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for connection in listener.incoming().map_while(Result::ok) {
                if let Some((method, id, body)) = read(&connection) {
                    if method == "END" {
                        return;
                    }
                    answer(&state.0, &state.1, &method, &id, body, connection, &mut unanswered);
                }
            }
        });
        Self { address, things, faults }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn things(&self) -> Vec<String> {
        self.things.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Ok(mut connection) = TcpStream::connect(self.address) {
            connection.write_all(b"END / HTTP/1.1\r\n\r\n").ok();
        }
    }
}

fn answer(
    things: &Things,
    faults: &Faults,
    method: &str,
    id: &str,
    body: String,
    mut connection: TcpStream,
    unanswered: &mut Vec<TcpStream>,
) {
    let verdict = faults.verdict(match method {
        "GET" => Call::Read,
        "DELETE" => Call::Delete(id),
        _ => Call::Change,
    });
    let effect = || {
        let mut things = things.lock().unwrap();
        match (method, things.get(id).cloned()) {
            ("GET", Some(content)) => (200, content),
            ("POST", Some(_)) => (409, String::new()),
            ("POST", None) => {
                things.insert(id.to_owned(), body);
                (200, String::new())
            }
            ("PUT", Some(_)) => {
                things.insert(id.to_owned(), body);
                (200, String::new())
            }
            ("DELETE", Some(_)) => {
                things.remove(id);
                (200, String::new())
            }
            _ => (404, String::new()),
        }
    };
    let (status, content) = match verdict {
        Verdict::Refuse => (403, String::new()),
        Verdict::Stall => (200, String::new()),
        Verdict::LoseReply => {
            effect();
            return;
        }
        Verdict::Die => {
            effect();
            faults.die();
            return unanswered.push(connection);
        }
        _ => effect(),
    };
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // The driver may be dead by now.
    connection.write_all((head + &content).as_bytes()).ok();
}

/// Method, path and body; nothing when the driver died before it had sent them.
fn read(mut connection: &TcpStream) -> Option<(String, String, String)> {
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: "));
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
