//! The recordings themselves; a bench includes this file too.
use std::fs;
use std::path::{Path, PathBuf};

/// One direction of one connection.
pub(crate) struct Stream {
    pub(crate) path: PathBuf,
    pub(crate) http: String,
    pub(crate) gob: Vec<u8>,
}

pub(crate) fn streams() -> Vec<Stream> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let mut all = Vec::new();
    for folder in fs::read_dir(&root).unwrap().map(|f| f.unwrap().path()).filter(|f| f.is_dir()) {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for path in files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "hex")) {
            let bytes = from_hex(&fs::read_to_string(&path).unwrap());
            let end = bytes.windows(2).position(|w| w == b"\n\n").unwrap() + 2;
            let http = String::from_utf8(bytes[..end].to_vec()).unwrap();
            all.push(Stream { path, http, gob: bytes[end..].to_vec() });
        }
    }
    assert_eq!(all.len(), 40, "recordings are missing");
    all
}

fn from_hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}
