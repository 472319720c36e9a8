//! Markdown and man pages, from the same tables as flags and help texts.

use crate::help;
use machine_core::OptionSpec;
use roff::{Inline, Roff, bold, italic, roman};

/// The program, or one of its commands.
pub(crate) struct Page {
    /// The command's name; none for the program.
    pub(crate) command: Option<&'static str>,
    /// One line.
    pub(crate) usage: String,
    /// May be empty.
    pub(crate) description: String,
    pub(crate) arguments: String,
    /// A heading (none for those that help texts show), and the options below it.
    pub(crate) options: Vec<(String, Vec<OptionSpec>)>,
}

const PROGRAM: &str = "docker-machine";

impl Page {
    /// Name of its man page, without the section.
    pub(crate) fn file(&self) -> String {
        match self.command {
            Some(command) => format!("{PROGRAM}-{command}"),
            None => PROGRAM.to_owned(),
        }
    }

    fn synopsis(&self) -> String {
        let command = self.command.map(|name| format!(" {name}")).unwrap_or_default();
        let has_options = self.tables().next().is_some();
        let options = if has_options { " [OPTIONS]" } else { "" };
        format!("{PROGRAM}{command}{options} {}", self.arguments)
    }

    fn tables(&self) -> impl Iterator<Item = (&str, &[OptionSpec])> {
        let all = self.options.iter().map(|(whose, specs)| (whose.as_str(), specs.as_slice()));
        all.filter(|(_, specs)| !specs.is_empty())
    }
}

/// Names and default, and what it does with the variable that stands for it.
fn parts(spec: &OptionSpec) -> (String, String) {
    let flag = help::flag(spec);
    let (names, text) = flag.split_once('\t').unwrap_or((&flag, ""));
    (names.trim_end().to_owned(), text.to_owned())
}

/// The whole reference as one page.
pub(crate) fn markdown(pages: &[Page]) -> String {
    let mut text = "# Command line\n\nMade by `cargo xtask docs` from the program's own tables; \
                    a test compares it with them.\n"
        .to_owned();
    for page in pages {
        let title = page.file().replacen('-', " ", 2).replacen(' ', "-", 1);
        text.push_str(&format!("\n## {title}\n\n    {}\n\n{}\n", page.synopsis(), page.usage));
        if !page.description.is_empty() {
            text.push_str(&format!("\n{}\n", page.description));
        }
        for (whose, specs) in page.tables() {
            text.push('\n');
            if !whose.is_empty() {
                text.push_str(&format!("### {whose}\n\n"));
            }
            text.push_str("| option | what |\n| --- | --- |\n");
            for (names, what) in specs.iter().map(parts) {
                let what = what.replace('|', "\\|").replace('<', "\\<");
                text.push_str(&format!("| `{names}` | {what} |\n"));
            }
        }
    }
    text
}

/// One man page of section 1.
pub(crate) fn man(page: &Page, all: &[Page]) -> String {
    let file = page.file();
    let version = format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION"));
    let mut roff = Roff::new();
    roff.control("TH", [file.to_uppercase().as_str(), "1", "", version.as_str()]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{file} - {}", page.usage))]);
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold(page.synopsis())]);
    if !page.description.is_empty() {
        roff.control("SH", ["DESCRIPTION"]);
        roff.text([roman(page.description.as_str())]);
    }
    for (whose, specs) in page.tables() {
        match whose {
            "" => roff.control("SH", ["OPTIONS"]),
            whose => roff.control("SS", [whose]),
        };
        for (names, what) in specs.iter().map(parts) {
            item(&mut roff, bold(names), what);
        }
    }
    let commands = all.iter().filter(|other| other.command.is_some());
    if page.command.is_none() {
        roff.control("SH", ["COMMANDS"]);
        for other in commands {
            item(&mut roff, bold(format!("{}(1)", other.file())), other.usage.clone());
        }
    } else {
        roff.control("SH", ["SEE ALSO"]);
        roff.text([italic(format!("{PROGRAM}(1)"))]);
    }
    roff.render()
}

fn item(roff: &mut Roff, name: Inline, what: String) {
    roff.control("TP", []);
    roff.text([name]);
    roff.text([roman(what)]);
}
