//! Lines that a shell evaluates. Values are not escaped: they are URLs, paths and names, and
//! callers know these lines by heart.

/// How one shell sets and unsets a variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    Posix,
    Fish,
    Tcsh,
    PowerShell,
    Cmd,
    Emacs,
}

impl Dialect {
    /// The dialect of a shell's name; whatever is not known speaks like `sh`.
    pub(crate) fn of(shell: &str) -> Self {
        match shell {
            "fish" => Self::Fish,
            "tcsh" => Self::Tcsh,
            "powershell" => Self::PowerShell,
            "cmd" => Self::Cmd,
            "emacs" => Self::Emacs,
            _ => Self::Posix,
        }
    }

    /// A line that sets a variable.
    pub(crate) fn set(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}=\"{value}\"\n"),
            Self::Fish => format!("set -gx {name} \"{value}\";\n"),
            Self::Tcsh => format!("setenv {name} \"{value}\";\n"),
            Self::PowerShell => format!("$Env:{name} = \"{value}\"\n"),
            Self::Cmd => format!("SET {name}={value}\n"),
            Self::Emacs => format!("(setenv \"{name}\" \"{value}\")\n"),
        }
    }

    /// A line that unsets a variable.
    pub(crate) fn unset(self, name: &str) -> String {
        match self {
            Self::Posix => format!("unset {name}\n"),
            Self::Fish => format!("set -e {name};\n"),
            Self::Tcsh => format!("unsetenv {name};\n"),
            Self::PowerShell => format!("Remove-Item Env:\\\\{name}\n"),
            Self::Cmd => format!("SET {name}=\n"),
            Self::Emacs => format!("(setenv \"{name}\" nil)\n"),
        }
    }

    /// Two lines of comment that say how to have the lines evaluated.
    pub(crate) fn hint(self, line: &str) -> String {
        let (comment, how) = match self {
            Self::Posix => ("#", format!("# eval $({line})")),
            Self::Fish => ("#", format!("# eval ({line})")),
            Self::Tcsh => (":", format!(": eval `{line}`")),
            Self::PowerShell => ("#", format!("# & {line} | Invoke-Expression")),
            Self::Cmd => ("REM", format!("REM \t@FOR /f \"tokens=*\" %i IN ('{line}') DO @%i")),
            Self::Emacs => (
                ";;",
                format!(
                    ";; (with-temp-buffer (shell-command \"{line}\" (current-buffer)) (eval-buffer))"
                ),
            ),
        };
        format!("{comment} Run this command to configure your shell: \n{how}\n")
    }
}

/// The command line again, for the hint.
pub(crate) fn command_line(argv: &[String]) -> String {
    let Some((program, args)) = argv.split_first() else { return String::new() };
    let program = match program.contains([' ', '\\']) {
        true => format!("\"{program}\""),
        false => program.clone(),
    };
    std::iter::once(program).chain(args.iter().cloned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_in_its_own_words() {
        for (shell, set, unset, hint) in [
            ("sh", "export K=\"V\"\n", "unset K\n", "# eval $(dm env m)\n"),
            ("zsh", "export K=\"V\"\n", "unset K\n", "# eval $(dm env m)\n"),
            ("fish", "set -gx K \"V\";\n", "set -e K;\n", "# eval (dm env m)\n"),
            ("tcsh", "setenv K \"V\";\n", "unsetenv K;\n", ": eval `dm env m`\n"),
            (
                "powershell",
                "$Env:K = \"V\"\n",
                "Remove-Item Env:\\\\K\n",
                "# & dm env m | Invoke-Expression\n",
            ),
            (
                "cmd",
                "SET K=V\n",
                "SET K=\n",
                "REM \t@FOR /f \"tokens=*\" %i IN ('dm env m') DO @%i\n",
            ),
            (
                "emacs",
                "(setenv \"K\" \"V\")\n",
                "(setenv \"K\" nil)\n",
                ";; (with-temp-buffer (shell-command \"dm env m\" (current-buffer)) (eval-buffer))\n",
            ),
        ] {
            let dialect = Dialect::of(shell);
            assert_eq!(dialect.set("K", "V"), set, "{shell}");
            assert_eq!(dialect.unset("K"), unset, "{shell}");
            let comment = hint.split(' ').next().unwrap();
            let first = format!("{comment} Run this command to configure your shell: \n");
            assert_eq!(dialect.hint("dm env m"), first + hint, "{shell}");
        }
        assert_eq!(Dialect::of("POWERSHELL"), Dialect::Posix);
    }

    #[test]
    fn a_program_with_a_blank_is_quoted() {
        let words = |line: &[&str]| line.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let line = command_line(&words(&["/my dir/dm", "env", "--shell", "", "a b"]));
        assert_eq!(line, "\"/my dir/dm\" env --shell  a b");
        assert_eq!(command_line(&words(&["C:\\dm", "env"])), "\"C:\\dm\" env");
    }
}
