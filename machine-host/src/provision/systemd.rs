//! What systemd's unit files say, and the drop-in that we add to them.
use super::error::ProvisionError;
use std::fmt::Write as _;

/// Where drop-ins of the engine's service go.
pub(crate) const DROP_INS: &str = "/etc/systemd/system/docker.service.d";
/// Docker Machine's own file name.
const DROP_IN: &str = "10-machine.conf";
/// The name where a user's later file would undo ours.
const LATE_DROP_IN: &str = "zz-machine.conf";

/// A unit file or a drop-in, in the order in which systemd reads them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct UnitFile {
    pub path: String,
    pub text: String,
}

impl UnitFile {
    /// Name without its folder.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it adds to a unit rather than being one.
    pub(crate) fn is_drop_in(&self) -> bool {
        self.path.ends_with(".conf")
    }

    /// Whether it is what we, or Docker Machine, wrote.
    fn is_ours(&self) -> bool {
        self.path.strip_prefix(DROP_INS).is_some_and(|p| {
            let name = p.trim_start_matches('/');
            name == DROP_IN || name == LATE_DROP_IN
        })
    }

    /// Assignments of the `[Service]` section, with continued lines joined.
    fn assignments(&self) -> Vec<(String, String)> {
        let (mut out, mut service, mut open) = (Vec::new(), false, String::new());
        for line in self.text.lines() {
            let line = line.trim_ascii();
            if line.starts_with(['#', ';']) || (line.is_empty() && open.is_empty()) {
                continue;
            }
            if let Some(start) = line.strip_suffix('\\') {
                open.push_str(start);
                open.push(' ');
                continue;
            }
            open.push_str(line);
            let whole = std::mem::take(&mut open);
            if let Some(section) = whole.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
                service = section == "Service";
            } else if let (true, Some((key, value))) = (service, whole.split_once('=')) {
                out.push((key.trim_ascii().to_owned(), value.trim_ascii().to_owned()));
            }
        }
        out
    }
}

/// One word of a command line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Word {
    /// As it stands in the file: quoted, with specifiers.
    pub raw: String,
    /// What it means, but for variables and specifiers.
    pub value: String,
}

/// The service as it is without our own drop-in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Effective {
    /// The command line that systemd runs.
    pub command: Vec<Word>,
    /// The file that it comes from.
    pub source: String,
    /// Path of our drop-in.
    pub drop_in: String,
    /// An earlier drop-in of ours under the other name.
    pub stale: Option<String>,
}

/// Works out what is in force without us.
pub(crate) fn effective(files: &[UnitFile]) -> Result<Effective, ProvisionError> {
    let (mut command, mut source) = (None, String::new());
    let mut last = "";
    for file in files.iter().filter(|f| !f.is_ours()) {
        for (key, value) in file.assignments() {
            if key != "ExecStart" {
                continue;
            }
            if value.is_empty() {
                command = None;
            } else if command.is_none() {
                (command, source) = (Some(value), file.path.clone());
            }
            if file.is_drop_in() {
                last = last.max(file.name());
            }
        }
    }
    let command = command.ok_or(ProvisionError::NoExecStart)?;
    let name = [DROP_IN, LATE_DROP_IN].into_iter().find(|name| *name > last);
    let name = name.ok_or_else(|| ProvisionError::LateDropIn(last.to_owned()))?;
    let stale = files
        .iter()
        .find(|f| f.is_ours() && f.name() != name)
        .map(|f| format!("{DROP_INS}/{}", f.name()));
    let command = words(&command)
        .filter(|words| !words.is_empty())
        .ok_or_else(|| ProvisionError::ExecStart { file: source.clone(), line: command })?;
    Ok(Effective { command, source, drop_in: format!("{DROP_INS}/{name}"), stale })
}

/// Splits a line as systemd does; none where a quote stays open.
fn words(line: &str) -> Option<Vec<Word>> {
    let mut out = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let (mut quote, mut value) = (None, String::new());
        let mut chars = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match (c, quote) {
                ('\\', _) => {
                    let (_, next) = chars.next()?;
                    value.push(match next {
                        'n' => '\n',
                        't' => '\t',
                        's' => ' ',
                        other => other,
                    });
                }
                (c, Some(q)) if c == q => quote = None,
                ('"' | '\'', None) => quote = Some(c),
                (c, None) if c.is_ascii_whitespace() => {
                    end = at;
                    break;
                }
                _ => value.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        out.push(Word { raw: rest[..end].to_owned(), value });
        rest = rest[end..].trim_ascii_start();
    }
    Some(out)
}

/// A word of ours as systemd must read it.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@+=:,./-[]{}%$~^".contains(c);
    // `$` begins a variable and `%` a specifier, in quotes too.
    let doubled = word.replace('%', "%%").replace('$', "$$");
    if !word.is_empty() && word.chars().all(|c| plain(c) || !c.is_ascii()) {
        doubled
    } else {
        in_quotes(&doubled)
    }
}

fn in_quotes(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The drop-in: one command line, and the engine's environment where there is any (an empty
/// `Environment=` would wipe what the host's own files set).
pub(crate) fn drop_in(command: &str, env: &[String]) -> String {
    let mut out = format!("[Service]\nExecStart=\nExecStart={command}\n");
    if !env.is_empty() {
        // Variables have no meaning here, specifiers do.
        let env: Vec<_> = env.iter().map(|e| in_quotes(&e.replace('%', "%%"))).collect();
        let _ = writeln!(out, "Environment={}", env.join(" "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(path: &str, text: &str) -> UnitFile {
        UnitFile { path: path.into(), text: text.into() }
    }

    fn values(line: &str) -> Vec<String> {
        words(line).unwrap().into_iter().map(|w| w.value).collect()
    }

    const UNIT: &str = "[Unit]\nExecStart=no\n[Service]\n# ExecStart=no\nType=notify\n\
                        ExecStart=/usr/sbin/dockerd -H fd:// \\\n  # between\n  --x $DOCKER_OPTS\n";

    #[test]
    fn the_command_is_read_from_the_units_service_section() {
        let e = effective(&[file("/lib/systemd/system/docker.service", UNIT)]).unwrap();
        let raw: Vec<_> = e.command.iter().map(|w| w.raw.as_str()).collect();
        assert_eq!(raw, ["/usr/sbin/dockerd", "-H", "fd://", "--x", "$DOCKER_OPTS"]);
        assert_eq!(e.drop_in, "/etc/systemd/system/docker.service.d/10-machine.conf");
        assert_eq!(e.source, "/lib/systemd/system/docker.service");
    }

    #[test]
    fn a_users_drop_in_counts_and_ours_does_not() {
        let files = [
            file("/lib/systemd/system/docker.service", UNIT),
            file(&format!("{DROP_INS}/05-user.conf"), "[Service]\nExecStart=\nExecStart=/d --user"),
            file(&format!("{DROP_INS}/10-machine.conf"), "[Service]\nExecStart=\nExecStart=/old"),
        ];
        let e = effective(&files).unwrap();
        assert_eq!(e.command[1].value, "--user");
        assert_eq!((e.drop_in.ends_with("/10-machine.conf"), e.stale), (true, None));
    }

    #[test]
    fn a_later_drop_in_of_a_user_does_not_undo_ours() {
        let files = [
            file("/lib/systemd/system/docker.service", UNIT),
            file(&format!("{DROP_INS}/10-machine.conf"), "[Service]\nExecStart=\nExecStart=/old"),
            file(&format!("{DROP_INS}/20-user.conf"), "[Service]\nExecStart=\nExecStart=/d --u"),
        ];
        let e = effective(&files).unwrap();
        assert!(e.drop_in.ends_with("/zz-machine.conf"), "{}", e.drop_in);
        assert_eq!(e.stale, Some(format!("{DROP_INS}/10-machine.conf")));
        let files = [files[0].clone(), file(&format!("{DROP_INS}/zzz.conf"), &files[2].text)];
        assert!(effective(&files).unwrap_err().to_string().contains("zzz.conf"));
    }

    #[test]
    fn a_unit_without_a_command_is_named() {
        assert!(effective(&[file("/u", "[Service]\nExecStart=/x\nExecStart=\n")]).is_err());
        assert!(effective(&[file("/u", "[Service]\nExecStart=/x \"open\n")]).is_err());
        assert!(effective(&[]).is_err());
    }

    #[test]
    fn words_are_split_as_systemd_does() {
        assert_eq!(
            values(r#"a "b c" d"e f"g 'x\'y' \x h\si"#),
            ["a", "b c", "de fg", "x'y", "x", "h i"]
        );
        assert_eq!(words("\"open"), None);
        assert_eq!(words("a\\"), None);
        assert_eq!(values(""), [""; 0]);
    }

    #[test]
    fn our_words_are_quoted_only_where_they_must_be() {
        assert_eq!(quote("--label"), "--label");
        assert_eq!(quote("a=ä/b:c"), "a=ä/b:c");
        assert_eq!(quote("50% of $HOME"), "\"50%% of $$HOME\"");
        assert_eq!(quote("say \"hi\" \\ bye"), r#""say \"hi\" \\ bye""#);
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote(";"), "\";\"");
    }

    #[test]
    fn the_drop_in_resets_the_command_and_keeps_the_hosts_environment() {
        assert_eq!(drop_in("/d -H x", &[]), "[Service]\nExecStart=\nExecStart=/d -H x\n");
        let env = ["A=b c".to_owned(), "P=\"50%\\\"$X\n".to_owned()];
        assert_eq!(
            drop_in("/d", &env).lines().last().unwrap(),
            r#"Environment="A=b c" "P=\"50%%\\\"$X\n""#
        );
    }

    proptest! {
        #[test]
        fn any_unit_file_is_survived(text: String) {
            let _ = effective(&[file("/u", &format!("[Service]\nExecStart={text}"))]);
            let _ = effective(&[file("/u", &text)]);
        }

        #[test]
        fn a_quoted_word_is_one_word_again(word in "[ -~\t\nä]{0,40}") {
            let read = values(&format!("x {} y", quote(&word)));
            let back: Vec<_> = read.iter().map(|w| w.replace("%%", "%").replace("$$", "$")).collect();
            prop_assert_eq!(back, vec!["x".to_owned(), word, "y".to_owned()]);
        }
    }
}
