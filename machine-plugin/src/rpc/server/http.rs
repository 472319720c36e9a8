use crate::rpc::http::{LONGEST, end_of_head};

/// What a server answers to a client's `CONNECT`.
pub(crate) const CONNECTED: &[u8] = b"HTTP/1.0 200 Connected to Go RPC\n\n";

/// What a client's first words are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Greeting {
    /// Not whole yet.
    Partial,
    /// The right ones; the gob stream begins here.
    Connect(usize),
    /// Others, and what to answer.
    Other(&'static [u8]),
}

/// Reads a client's first words.
pub(crate) fn greeting(request: &[u8]) -> Greeting {
    let head = &request[..request.len().min(LONGEST)];
    match end_of_head(head) {
        Some(end) if head.starts_with(b"CONNECT /_goRPC_ ") => Greeting::Connect(end),
        Some(_) if head.split(|b| *b == b' ').nth(1) == Some(b"/_goRPC_") => Greeting::Other(
            b"HTTP/1.0 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
              405 must CONNECT\n",
        ),
        None if head.len() < LONGEST => Greeting::Partial,
        _ => Greeting::Other(b"HTTP/1.0 404 Not Found\r\n\r\n404 page not found\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_taken_by_their_first_words() {
        let good = b"CONNECT /_goRPC_ HTTP/1.0\n\n";
        assert_eq!(greeting(good), Greeting::Connect(good.len()));
        assert_eq!(greeting(b"CONNECT /_goRPC_ HTTP/1.0\r\nA: b\r\n\r\nx"), Greeting::Connect(35));
        assert_eq!(greeting(&good[..20]), Greeting::Partial);
        let Greeting::Other(text) = greeting(b"GET /_goRPC_ HTTP/1.0\n\n") else { panic!() };
        assert!(text.ends_with(b"\n405 must CONNECT\n"));
        for other in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[b'x'; LONGEST], b"\n\n"] {
            let Greeting::Other(text) = greeting(other) else { panic!() };
            assert!(text.starts_with(b"HTTP/1.0 404 "));
        }
    }
}
