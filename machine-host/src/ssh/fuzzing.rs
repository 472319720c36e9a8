//! Laws of what an SSH connection brings.
use super::frame::Scanner;
use super::host_keys::parse_known_hosts;

/// How a stream comes in pieces does not matter.
pub fn frame(bytes: &[u8]) {
    let scan = |size: usize| {
        let (mut scanner, mut notes) = (Scanner::new("B", "E"), Vec::new());
        for piece in bytes.chunks(size) {
            scanner.push(piece, &mut |note| notes.push(note.to_owned()));
        }
        (scanner.begun(), scanner.status(), scanner.body(), scanner.noise(), notes)
    };
    let whole = scan(bytes.len().max(1));
    for size in [1, 7, 1 << 12] {
        assert_eq!(scan(size), whole, "in pieces of {size}");
    }
}

/// Keys are written as they were read.
pub fn known_hosts(text: &str) {
    let keys = parse_known_hosts(text);
    let file: String = keys.iter().map(|key| format!("m {key}\n")).collect();
    assert_eq!(parse_known_hosts(&file), keys);
}
