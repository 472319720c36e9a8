//! How a script and its answer are told apart from everything else on one connection.
//!
//! A frame is a shell command whose here-document is the script; an inner shell reads the script
//! whole, so no secret stands in an argument list, and runs it with an empty standard input, so it
//! cannot swallow the frames behind it. Lines with unguessable words mark where its output begins
//! and ends, on both streams.
use std::collections::VecDeque;
use std::fmt::Write as _;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Bytes kept of one stream of one script: half from its start, half from its end.
const KEPT: usize = 512 << 10;
/// Bytes kept of what comes before a script's own output.
const NOISE: usize = 16 << 10;
/// A line that is longer cannot be one of ours.
const LINE: usize = 4 << 10;

/// Starts the inner shell's work: reads the script, gives up standard input, says that it begins.
/// Stands between single quotes.
const INNER: &str = r#"PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C; export PATH LC_ALL
machine_script=$(cat); exec </dev/null; machine_begin=$1; shift
note() { printf "\n%s note %s\n" "$machine_begin" "$*"; }
printf "\n%s\n" "$machine_begin"; printf "\n%s\n" "$machine_begin" >&2
eval "$machine_script""#;

/// One script on its way, and the words that mark its output.
pub(crate) struct Frame {
    begin: String,
    end: String,
    text: Zeroizing<String>,
}

impl Frame {
    /// The first frame of a session: finds out how to become root.
    pub(crate) fn hello() -> Self {
        let (begin, end) = (word(), word());
        let text = format!(
            "machine_as=; [ \"$(id -u)\" = 0 ] || machine_as='sudo -n'\n\
             printf '\\n%s\\n' {begin}; printf '\\n%s\\n' {begin} >&2\n{}",
            finish(&end)
        );
        Self { begin, end, text: Zeroizing::new(text) }
    }

    /// Wraps `script`, which runs as root.
    pub(crate) fn new(script: &str) -> Self {
        let (begin, end) = (word(), word());
        let mut text =
            Zeroizing::new(String::with_capacity(script.len() + INNER.len() + (1 << 10)));
        // Reserved in one go: growing would leave copies of secrets behind.
        let _ = writeln!(text, "$machine_as sh -c '{INNER}' sh {begin} <<'{end}'");
        text.push_str(script);
        let _ = write!(text, "\n{end}\n{}", finish(&end));
        Self { begin, end, text }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Finds this frame's output in a stream.
    pub(crate) fn scanner(&self) -> Scanner {
        Scanner::new(&self.begin, &self.end)
    }
}

fn finish(end: &str) -> String {
    format!("printf '\\n%s %s\\n' {end} $?; printf '\\n%s 0\\n' {end} >&2\n")
}

fn word() -> String {
    format!("machine-{}", Uuid::new_v4().simple())
}

/// Cuts one script's output out of a stream that may hold anything.
pub(crate) struct Scanner {
    begin: Vec<u8>,
    end: Vec<u8>,
    line: Vec<u8>,
    /// The line's start was too long to be kept.
    within: bool,
    begun: bool,
    status: Option<i32>,
    noise: Bounded,
    body: Bounded,
}

impl Scanner {
    pub(crate) fn new(begin: &str, end: &str) -> Self {
        Self {
            begin: begin.as_bytes().to_vec(),
            end: end.as_bytes().to_vec(),
            line: Vec::new(),
            within: false,
            begun: false,
            status: None,
            noise: Bounded::new(NOISE),
            body: Bounded::new(KEPT),
        }
    }

    /// Takes what was read; hands each note to `note` as it comes.
    pub(crate) fn push(&mut self, bytes: &[u8], note: &mut dyn FnMut(&str)) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            if self.status.is_some() {
                return;
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.finish_line(note);
            } else if self.line.len() > LINE {
                self.within = true;
                self.keep_line();
            }
        }
    }

    /// Whether the script's own output has begun.
    pub(crate) fn begun(&self) -> bool {
        self.begun
    }

    /// The script's exit status, once its output is complete.
    pub(crate) fn status(&self) -> Option<i32> {
        self.status
    }

    /// The script's output.
    pub(crate) fn body(&self) -> String {
        self.body.text()
    }

    /// What came before it, and an unfinished last line.
    pub(crate) fn noise(&self) -> String {
        self.noise.text() + &self.unfinished()
    }

    /// The last line, where it has no end.
    pub(crate) fn unfinished(&self) -> String {
        String::from_utf8_lossy(&self.line).into_owned()
    }

    fn finish_line(&mut self, note: &mut dyn FnMut(&str)) {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let whole = !std::mem::take(&mut self.within) && line.len() <= LINE;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if whole {
            if let Some(rest) = line.strip_prefix(&*self.end) {
                if let Some(status) = number(rest) {
                    self.status = Some(status);
                    self.body.drop_newline();
                    self.line.clear();
                    return;
                }
            } else if let Some(rest) = line.strip_prefix(&*self.begin) {
                match rest.strip_prefix(b" note ") {
                    Some(text) if self.begun => {
                        note(&String::from_utf8_lossy(text));
                        self.body.drop_newline();
                        self.line.clear();
                        return;
                    }
                    None if rest.is_empty() && !self.begun => {
                        self.begun = true;
                        self.line.clear();
                        return;
                    }
                    _ => {}
                }
            }
        }
        self.keep_line();
    }

    fn keep_line(&mut self) {
        let place = if self.begun { &mut self.body } else { &mut self.noise };
        place.extend(&self.line);
        self.line.clear();
    }
}

fn number(rest: &[u8]) -> Option<i32> {
    std::str::from_utf8(rest).ok()?.strip_prefix(' ')?.parse().ok()
}

/// The start and the end of a stream of any length.
struct Bounded {
    half: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    lost: u64,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        Self { half: limit / 2, head: Vec::new(), tail: VecDeque::new(), lost: 0 }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.half - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..over);
        self.lost += over as u64;
    }

    /// Takes back the line's end that a marker brings along.
    fn drop_newline(&mut self) {
        if self.tail.is_empty() {
            self.head.pop_if(|b| *b == b'\n');
        } else if self.tail.back() == Some(&b'\n') {
            self.tail.pop_back();
        }
    }

    fn text(&self) -> String {
        let mut bytes = self.head.clone();
        if self.lost > 0 {
            bytes.extend(format!("\n[{} bytes left out]\n", self.lost).bytes());
        }
        bytes.extend(&self.tail);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(bytes: &[u8], step: usize) -> (Scanner, Vec<String>) {
        let mut scanner = Scanner::new("B", "E");
        let mut notes = Vec::new();
        for piece in bytes.chunks(step) {
            scanner.push(piece, &mut |n| notes.push(n.to_owned()));
        }
        (scanner, notes)
    }

    #[test]
    fn output_is_cut_out_byte_by_byte() {
        for step in [1, 2, 7, 100] {
            let (s, notes) =
                scan(b"motd\nB no\n\nB\none\n\nB note apt lock\ntwo\nE x\n\nE 3\nlate\n", step);
            assert_eq!(s.body(), "one\ntwo\nE x\n");
            assert_eq!(s.noise(), "motd\nB no\n\n");
            assert_eq!((s.status(), notes), (Some(3), vec!["apt lock".to_owned()]));
        }
    }

    #[test]
    fn output_without_a_last_line_end_stays_so() {
        let (s, _) = scan(b"B\nno end\nE 0\n", 5);
        assert_eq!((s.body().as_str(), s.status()), ("no end", Some(0)));
    }

    #[test]
    fn carriage_returns_of_a_terminal_do_not_hide_the_marks() {
        let (s, _) = scan(b"B\r\nx\r\n\r\nE 1\r\n", 3);
        assert_eq!(s.status(), Some(1));
    }

    #[test]
    fn endless_output_is_bounded_and_its_end_is_kept() {
        let mut s = Scanner::new("B", "E");
        s.push(b"B\n", &mut |_| {});
        for _ in 0..200 {
            s.push(&[b'x'; 100_000], &mut |_| {});
        }
        s.push(b"last\nE 0\n", &mut |_| {});
        let body = s.body();
        assert!(body.len() < KEPT + 100, "{}", body.len());
        assert!(body.ends_with("xlast") && body.contains("bytes left out"));
        assert_eq!(s.status(), Some(0));
    }

    #[test]
    fn a_mark_inside_an_overlong_line_is_none() {
        let mut s = Scanner::new("B", "E");
        s.push(b"B\n", &mut |_| {});
        s.push(&[b'x'; LINE + 1], &mut |_| {});
        s.push(b"E 0\n", &mut |_| {});
        assert_eq!(s.status(), None);
        s.push(b"E 0\n", &mut |_| {});
        assert_eq!(s.status(), Some(0));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_survived(bytes: Vec<u8>, step in 1..50usize) {
            scan(&bytes, step);
        }

        #[test]
        fn what_a_script_says_comes_back(body in "[ -~\n]{0,300}", noise in "[ -~\n]{0,100}", step in 1..50usize) {
            let stream = format!("{noise}\n#begin\n{body}\n#end 7\n");
            prop_assume!(!stream.contains("#begin\n#begin") && !body.contains("#") && !noise.contains("#"));
            let mut s = Scanner::new("#begin", "#end");
            for piece in stream.as_bytes().chunks(step) {
                s.push(piece, &mut |_| {});
            }
            prop_assert_eq!(s.status(), Some(7));
            prop_assert_eq!(s.body(), body);
        }
    }
}
