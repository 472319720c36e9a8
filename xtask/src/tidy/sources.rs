//! Rules about source files.

use anyhow::Result;
use xshell::{Shell, cmd};

/// A file that is longer has more than one purpose.
const LINES: usize = 520;

struct Rule {
    /// Any of these texts breaks it.
    texts: &'static [&'static str],
    why: &'static str,
    /// Paths with any of these parts are free of it.
    except: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        texts: &["println!(", "print!(", "dbg!("],
        why: "only the renderer of machine-cli writes to the terminal",
        except: &["machine-cli/src/render", "machine-testcloud/src/main.rs", "xtask/"],
    },
    Rule {
        texts: &[
            "cfg(unix",
            "cfg(windows",
            "cfg!(unix",
            "cfg!(windows",
            "not(unix",
            "not(windows",
            "target_os",
            "target_family",
            "std::os::",
        ],
        why: "what differs between operating systems lives in a crate's `platform` module",
        except: &["/src/platform", "xtask/"],
    },
];

pub(crate) fn check(sh: &Shell) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in cmd!(sh, "git ls-files --cached --others --exclude-standard -- *.rs")
        .quiet()
        .read()?
        .lines()
    {
        // Listed until the deletion is committed.
        let Ok(text) = sh.read_file(path) else { continue };
        let count = text.lines().count();
        if count > LINES {
            findings.push(format!("{path}: {count} lines; {LINES} are enough for one purpose"));
        }
        if path.contains("/src/") {
            findings.extend(rules(path, &text));
        }
    }
    Ok(findings)
}

fn rules(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // Tests stand last in a file, and may print and tell systems apart.
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        if line.trim_start().starts_with("//") {
            continue;
        }
        for rule in RULES {
            let free = rule.except.iter().any(|part| path.contains(part));
            if !free && rule.texts.iter().any(|text| line.contains(text)) {
                findings.push(format!("{path}:{}: {}", index + 1, rule.why));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_found_where_it_may_not_be() {
        let text = "fn f() {\n    println!(\"x\");\n}\n";
        assert_eq!(rules("machine-core/src/a.rs", text).len(), 1);
        assert_eq!(rules("machine-cli/src/render/plain.rs", text), Vec::<String>::new());
    }

    #[test]
    fn comments_and_tests_are_free() {
        let text = "// cfg(unix)\n#[cfg(test)]\nmod tests { fn f() { println!() } }\n";
        assert_eq!(rules("machine-core/src/a.rs", text), Vec::<String>::new());
    }

    #[test]
    fn operating_systems_are_told_apart_in_one_place() {
        let text = "#[cfg(unix)]\nfn f() {}\n";
        assert_eq!(rules("machine-host/src/store/mod.rs", text).len(), 1);
        assert_eq!(rules("machine-host/src/platform.rs", text), Vec::<String>::new());
        assert_eq!(rules("machine-host/src/platform/unix.rs", text), Vec::<String>::new());
    }
}
