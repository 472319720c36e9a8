//! The daemon's command line as its flag parser takes it.
use super::systemd::Word;
use std::collections::BTreeMap;

/// Longest text that the variables of one command line may come to.
const EXPANDED: usize = 64 << 10;

/// One argument, after variables.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Argument<'a> {
    pub value: String,
    /// Index of the word that it comes from.
    pub word: usize,
    /// The environment file that it comes from, where it is not written in the command itself.
    pub file: Option<&'a str>,
}

/// One flag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Flag<'a> {
    /// Long name without dashes.
    pub name: &'a str,
    /// Empty where none is given.
    pub value: &'a str,
    /// As [`Argument::file`].
    pub file: Option<&'a str>,
    words: (usize, usize),
}

impl Flag<'_> {
    /// The words that give it.
    pub(super) fn words(&self) -> std::ops::RangeInclusive<usize> {
        self.words.0..=self.words.1
    }
}

/// Fills in variables: `$NAME` as a word of its own is split at blanks, `${NAME}` is not.
pub(super) fn arguments<'a>(
    words: &[Word],
    env: &'a BTreeMap<String, (String, String)>,
) -> Vec<Argument<'a>> {
    let (mut out, mut room) = (Vec::new(), EXPANDED);
    for (word, text) in words.iter().map(|w| &*w.value).enumerate() {
        let whole = text.strip_prefix('$').filter(|n| is_name(n));
        if let Some(name) = whole {
            if let Some((value, file)) = env.get(name) {
                for value in value.split_ascii_whitespace() {
                    if room < value.len() {
                        break;
                    }
                    room -= value.len();
                    out.push(Argument { value: value.to_owned(), word, file: Some(file) });
                }
            }
            continue;
        }
        let (value, file) = fill(text, env, &mut room);
        out.push(Argument { value, word, file });
    }
    out
}

fn fill<'a>(
    text: &str,
    env: &'a BTreeMap<String, (String, String)>,
    room: &mut usize,
) -> (String, Option<&'a str>) {
    let (mut out, mut file, mut rest) = (String::new(), None, text);
    while let Some(at) = rest.find(['$', '%']) {
        out.push_str(&rest[..at]);
        let sign = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(sign) {
            out.push_str(sign);
            rest = after;
        } else if let Some((name, after)) =
            rest.strip_prefix('{').and_then(|r| r.split_once('}')).filter(|(n, _)| is_name(n))
        {
            if let Some((value, from)) = env.get(name).filter(|(v, _)| v.len() <= *room) {
                *room -= value.len();
                out.push_str(value);
                file = Some(&**from);
            }
            rest = after;
        } else {
            out.push_str(sign);
        }
    }
    out.push_str(rest);
    (out, file)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reads flags. A word behind `--name` that is no flag itself is its value: the daemon takes no
/// other arguments.
pub(super) fn flags<'a>(arguments: &'a [Argument<'a>]) -> Vec<Flag<'a>> {
    let mut out = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let text = argument.value.as_str();
        let (name, inline) = if let Some(long) = text.strip_prefix("--") {
            match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            }
        } else if let Some(short) = text.strip_prefix('-').filter(|s| !s.is_empty()) {
            let end = short.chars().next().map_or(0, char::len_utf8);
            let value = short[end..].strip_prefix('=').unwrap_or(&short[end..]);
            (long_name(&short[..end]), (!value.is_empty()).then_some(value))
        } else {
            continue;
        };
        let mut flag = Flag {
            name,
            value: inline.unwrap_or_default(),
            file: argument.file,
            words: (argument.word, argument.word),
        };
        if inline.is_none()
            && let Some(next) = rest.next_if(|a| !a.value.starts_with('-'))
        {
            (flag.value, flag.words.1) = (&next.value, next.word);
            flag.file = flag.file.or(next.file);
        }
        out.push(flag);
    }
    out
}

fn long_name(short: &str) -> &str {
    match short {
        "H" => "host",
        "D" => "debug",
        "G" => "group",
        "b" => "bridge",
        "g" => "data-root",
        "l" => "log-level",
        "p" => "pidfile",
        "s" => "storage-driver",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(list: &[&str]) -> Vec<Word> {
        list.iter().map(|w| Word { raw: (*w).into(), value: (*w).into() }).collect()
    }

    fn env() -> BTreeMap<String, (String, String)> {
        [("OPTS", "--dns 8.8.8.8 -D"), ("ROOT", "/data dir")]
            .map(|(k, v)| (k.to_owned(), (v.to_owned(), "/etc/default/docker".to_owned())))
            .into()
    }

    #[test]
    fn variables_are_split_or_not_as_systemd_does() {
        let env = env();
        let args = arguments(&words(&["$OPTS", "--data-root=${ROOT}", "$NONE", "a$$b%%c"]), &env);
        let values: Vec<_> = args.iter().map(|a| (a.word, a.value.as_str())).collect();
        assert_eq!(
            values,
            [(0, "--dns"), (0, "8.8.8.8"), (0, "-D"), (1, "--data-root=/data dir"), (3, "a$b%c")]
        );
        assert_eq!((args[0].file, args[4].file), (Some("/etc/default/docker"), None));
    }

    #[test]
    fn flags_have_long_names_and_their_values() {
        let env = BTreeMap::new();
        let args = arguments(
            &words(&["-H", "fd://", "--host=x", "-Hunix:///y", "-D", "--label", "a=b", "-s=vfs"]),
            &env,
        );
        let read: Vec<_> = flags(&args).iter().map(|f| (f.name, f.value, f.words)).collect();
        assert_eq!(
            read,
            [
                ("host", "fd://", (0, 1)),
                ("host", "x", (2, 2)),
                ("host", "unix:///y", (3, 3)),
                ("debug", "", (4, 4)),
                ("label", "a=b", (5, 6)),
                ("storage-driver", "vfs", (7, 7)),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_words_are_survived(list: Vec<String>) {
            let env = env();
            let list: Vec<_> = list.iter().map(String::as_str).collect();
            let args = arguments(&words(&list), &env);
            flags(&args);
        }
    }
}
