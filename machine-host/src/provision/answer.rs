//! What the scripts answer.
/// Longest text of foreign origin that goes into an error.
const WHY: usize = 2 << 10;

/// The items of an answer, in their order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Answer<'a>(Vec<Item<'a>>);

/// One `@KEY VALUE` and the text behind it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Item<'a> {
    pub key: &'a str,
    pub value: &'a str,
    pub text: String,
}

impl<'a> Answer<'a> {
    /// Reads an answer; lines that belong to nothing are passed over.
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut items: Vec<Item<'a>> = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix('@') {
                let (key, value) = rest.split_once(' ').unwrap_or((rest, ""));
                items.push(Item { key, value, text: String::new() });
            } else if let (Some(line), Some(item)) = (line.strip_prefix(' '), items.last_mut()) {
                item.text.push_str(line);
                item.text.push('\n');
            }
        }
        Self(items)
    }

    /// All items of a key.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &Item<'a>> {
        self.0.iter().filter(move |i| i.key == key)
    }

    /// The first item of a key.
    pub(crate) fn item(&self, key: &str) -> Option<&Item<'a>> {
        self.0.iter().find(|i| i.key == key)
    }

    /// The first value of a key, where it is not empty.
    pub(crate) fn value(&self, key: &str) -> Option<&'a str> {
        self.item(key).map(|i| i.value).filter(|v| !v.is_empty())
    }

    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.item(key).map_or("", |i| &i.text)
    }
}

/// `KEY=VALUE` of a text.
pub(crate) fn property<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines()
        .find_map(|l| l.split_once('=').filter(|(k, _)| *k == key))
        .map_or("", |(_, value)| value)
}

/// Variables of an environment file as systemd reads it.
pub(crate) fn variables(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.lines().filter_map(|line| {
        let line = line.trim();
        let (key, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
        Some((key.trim(), unquote(value.trim())))
    })
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote)) {
            return if quote == '"' { inner.replace("\\\"", "\"") } else { inner.to_owned() };
        }
    }
    value.to_owned()
}

/// The lines that say why a package manager failed, as one.
pub(crate) fn package_error(text: &str) -> String {
    let telling = |line: &&str| {
        let lower = line.to_ascii_lowercase();
        ["e:", "w:", "err:", "dpkg: error", "error:", "error ", "no match for", "problem:"]
            .iter()
            .any(|start| lower.starts_with(start))
            || lower.contains("no space left")
    };
    let lines: Vec<_> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let mut told: Vec<_> = lines.iter().copied().filter(telling).collect();
    told.dedup();
    if told.is_empty() {
        told = lines.into_iter().rev().take(3).collect();
        told.reverse();
    }
    bounded(&told.join("; "))
}

/// What a package manager says when the host's disk is full.
pub(crate) fn is_disk_full(text: &str) -> bool {
    ["No space left on device", "enough free space", "Disk Requirements", "not enough free disk"]
        .iter()
        .any(|sign| text.contains(sign))
}

/// The daemon's own reason, out of its log or of what it wrote to the terminal.
pub(crate) fn daemon_error(text: &str) -> Option<String> {
    const SIGNS: [&str; 6] = [
        "failed to start daemon",
        "unable to configure the Docker daemon",
        "failed to load listeners",
        "unknown flag",
        "unknown shorthand flag",
        "invalid argument",
    ];
    let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty());
    let line = lines()
        .find(|l| SIGNS.iter().any(|s| l.contains(s)))
        .or_else(|| lines().find(|l| l.contains("level=fatal") || l.contains("level=error")))
        .or_else(|| {
            lines().find(|l| !l.starts_with("See '") && !l.contains("level=") && !is_systemds(l))
        })?;
    let line = line.strip_prefix("Status: ").unwrap_or(line);
    Some(bounded(message(line)))
}

/// The text of a log line in the form `time=… level=… msg="…"`.
fn message(line: &str) -> &str {
    line.split_once("msg=\"").and_then(|(_, m)| m.rsplit_once('"')).map_or(line, |(m, _)| m)
}

fn is_systemds(line: &str) -> bool {
    ["docker.service", "Start", "Stopp", "Failed to start", "Consumed", "Job for"]
        .iter()
        .any(|s| line.starts_with(s))
}

/// Cuts a text at its end.
pub(crate) fn bounded(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    if clean.len() <= WHY {
        return clean.to_owned();
    }
    let end = clean.char_indices().map(|(i, _)| i).take_while(|i| *i <= WHY).last();
    format!("{}…", &clean[..end.unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn items_keep_their_texts() {
        let answer = Answer::parse("noise\n@a 1 2\n@b\n one\n  two\n\n@a\n@c /x\n \n");
        assert_eq!(answer.value("a"), Some("1 2"));
        assert_eq!((answer.value("b"), answer.text("b")), (None, "one\n two\n"));
        assert_eq!(answer.all("a").count(), 2);
        assert_eq!(answer.text("c"), "\n");
        assert_eq!(answer.value("none"), None);
    }

    #[test]
    fn environment_files_are_read_as_systemd_does() {
        let read: Vec<_> = variables("# c\nA=1\n B = \"x y\" \nC='q'\nD\n;E=1\nF=a=b").collect();
        let read: Vec<_> = read.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(read, [("A", "1"), ("B", "x y"), ("C", "q"), ("F", "a=b")]);
    }

    #[test]
    fn the_daemons_reason_is_found() {
        let log = "Starting Docker\ntime=\"x\" level=info msg=\"Starting up\"\n\
                   failed to start daemon: Error initializing network controller: x\n\
                   docker.service: Main process exited";
        let expected = "failed to start daemon: Error initializing network controller: x";
        assert_eq!(daemon_error(log).unwrap(), expected);
        assert_eq!(
            daemon_error("Status: unknown flag: --foo\nSee 'dockerd --help'.").unwrap(),
            "unknown flag: --foo"
        );
        let log = "time=\"x\" level=error msg=\"say \\\"no\\\"\" a=b";
        assert_eq!(daemon_error(log).unwrap(), "say \\\"no\\\"");
        assert_eq!(daemon_error("Starting Docker\n"), None);
    }

    #[test]
    fn a_package_managers_reason_is_found() {
        let text = "Reading…\nE: Unable to locate package docker.io\nE: Unable to locate package docker.io\n";
        assert_eq!(package_error(text), "E: Unable to locate package docker.io");
        assert_eq!(package_error("a\nb\nc\nd\n"), "b; c; d");
        assert!(is_disk_full("cannot copy: No space left on device"));
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let answer = Answer::parse(&text);
            let _ = (answer.value("a"), daemon_error(&text), package_error(&text));
            let _ = variables(&text).count();
            prop_assert!(bounded(&text).len() <= WHY + 8);
        }
    }
}
