//! Questions to the user, read as Docker Machine reads them: one word.

use std::io::BufRead;

/// What stood on the line that answered.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    /// One word.
    Word(String),
    /// Nothing.
    EndOfInput,
    /// An empty line.
    EmptyLine,
    /// More than one word.
    SeveralWords,
}

impl Answer {
    /// What was wrong with it, in the words of Go's `fmt.Scanln`.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        match self {
            Self::Word(_) => None,
            Self::EndOfInput => Some("EOF"),
            Self::EmptyLine => Some("unexpected newline"),
            Self::SeveralWords => Some("expected newline"),
        }
    }

    /// Whether it is a word that begins like yes.
    pub(crate) fn is_yes(&self) -> bool {
        matches!(self, Self::Word(word) if word.starts_with(['y', 'Y']))
    }
}

/// A longer answer is none.
const LONGEST: u64 = 64 * 1024;

/// Reads one line.
pub(crate) fn read(input: impl BufRead) -> Answer {
    let mut line = Vec::new();
    // What cannot be read answers nothing.
    input.take(LONGEST).read_until(b'\n', &mut line).unwrap_or_default();
    let ended = line.ends_with(b"\n");
    let line = String::from_utf8_lossy(&line).into_owned();
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some(word), None) => Answer::Word(word.to_owned()),
        (Some(_), Some(_)) => Answer::SeveralWords,
        (None, _) if ended => Answer::EmptyLine,
        (None, _) => Answer::EndOfInput,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_word_counts() {
        for (line, yes) in [
            ("y\n", true),
            ("Y\n", true),
            ("yes", true),
            ("yellow\n", true),
            (" y\n", true),
            ("y\r\n", true),
            ("n\ny\n", false),
            ("Ja\n", false),
            ("y n\n", false),
            ("\n", false),
            ("", false),
        ] {
            assert_eq!(read(line.as_bytes()).is_yes(), yes, "{line:?}");
        }
        assert_eq!(read(&b""[..]), Answer::EndOfInput);
        assert_eq!(read(&b"\ny\n"[..]), Answer::EmptyLine);
        assert_eq!(read(&b"y n\n"[..]), Answer::SeveralWords);
    }
}
