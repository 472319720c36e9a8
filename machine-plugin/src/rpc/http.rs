/// Far more than the one line that both sides send.
pub(in crate::rpc) const LONGEST: usize = 8 << 10;

/// Where a head ends; Go writes bare line feeds.
pub(in crate::rpc) fn end_of_head(head: &[u8]) -> Option<usize> {
    let line_feeds = head.windows(2).position(|w| w == b"\n\n").map(|at| at + 2);
    let both = head.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4);
    match (line_feeds, both) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
