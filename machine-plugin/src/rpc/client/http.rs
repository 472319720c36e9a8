use crate::rpc::http::{LONGEST, end_of_head};

/// What a client sends first; Go's server takes it with bare line feeds.
pub(crate) const CONNECT: &[u8] = b"CONNECT /_goRPC_ HTTP/1.0\n\n";
/// Status that Go's client insists on.
const STATUS: &str = "200 Connected to Go RPC";

/// A server's first words were not those of Go's `net/rpc`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unexpected answer to CONNECT: {0:?}")]
pub(crate) struct HttpError(String);

/// Where the gob stream begins in what a server sent; `None` while its head is not whole.
pub(crate) fn connected(answer: &[u8]) -> Result<Option<usize>, HttpError> {
    let head = &answer[..answer.len().min(LONGEST)];
    let end = end_of_head(head);
    let text = String::from_utf8_lossy(&head[..end.unwrap_or(head.len())]);
    let line = text.lines().next().unwrap_or_default();
    let refuse = || Err(HttpError(line.chars().take(200).collect()));
    // A server that speaks something else is refused at its first bytes, not after a time-out.
    let start = &head[..head.len().min(5)];
    if !b"HTTP/".starts_with(start) || (end.is_none() && head.len() == LONGEST) {
        return refuse();
    }
    let Some(end) = end else { return Ok(None) };
    match line.split_once(' ') {
        Some((version, status)) if version.starts_with("HTTP/") && status.trim() == STATUS => {
            Ok(Some(end))
        }
        _ => refuse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_go_rpc_is_taken() {
        let good = b"HTTP/1.0 200 Connected to Go RPC\n\nmore";
        assert_eq!(connected(good), Ok(Some(34)));
        assert_eq!(connected(b"HTTP/1.0 200 Connected to Go RPC\r\nA: b\r\n\r\n"), Ok(Some(42)));
        for cut in 0..34 {
            assert_eq!(connected(&good[..cut]), Ok(None), "{cut}");
        }
        for bad in
            ["HTTP/1.0 405 must CONNECT\n\n", "HTTP/1.1 200 OK\r\n\r\n", "SSH-2.0-x\r\n", "x"]
        {
            assert!(connected(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(connected(&[b"HTTP/1.0 ".as_slice(), &[b'x'; LONGEST]].concat()).is_err());
    }
}
