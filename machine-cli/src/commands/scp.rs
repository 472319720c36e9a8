use super::{ARGUMENTS, Command, Run, with_help};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::platform;
use machine_core::{OptionKind, OptionSpec, Options};
use machine_host::Target;
use std::ffi::OsString;
use std::io::Write;
use std::process;

pub(crate) const COMMAND: Command = Command {
    name: "scp",
    usage: "Copy files between machines",
    description: "Arguments are [[user@]machine:][path] [[user@]machine:][path].",
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let switch = |name: &'static str, alias: &'static str, help: &'static str| {
        OptionSpec::new(name, OptionKind::Switch, help).with_alias(alias)
    };
    vec![
        switch("recursive", "r", "Copy files recursively (required to copy directories)"),
        switch(
            "delta",
            "d",
            "Reduce amount of data sent over network by sending only the differences (uses rsync)",
        ),
        switch(
            "quiet",
            "q",
            "Disables the progress meter as well as warning and diagnostic messages from ssh",
        ),
    ]
}

/// What the client's own settings must not decide, as Docker Machine passes it; but not `quiet`,
/// which hides why the client gives up.
pub(super) const LOG_LEVEL: &str = "LogLevel=ERROR";

/// Where files come from or go to.
pub(super) enum Place {
    Local(String),
    Machine { target: Box<Target>, user: Option<String>, path: String },
}

impl Place {
    /// Reads `[[USER@]MACHINE:]PATH`. `localhost:` makes room for paths with a colon.
    pub(super) fn read(context: &Context, text: &str) -> Result<Self, Failure> {
        let Some((host, path)) = text.split_once(':') else {
            return Ok(Self::Local(text.to_owned()));
        };
        if host == "localhost" {
            return Ok(Self::Local(path.to_owned()));
        }
        let (user, name) = match host.split_once('@') {
            Some((user, name)) => (Some(user.to_owned()).filter(|user| !user.is_empty()), name),
            None => (None, host),
        };
        let machines = context.machines();
        let entry = machines.store().load(name).map_err(|error| {
            Failure::because("Error loading host: Error loading host: ", &error)
        })?;
        let target = Box::new(context.block_on(machines.ssh_target(&entry))??);
        Ok(Self::Machine { target, user, path: path.to_owned() })
    }

    fn target(&self) -> Option<&Target> {
        match self {
            Self::Local(_) => None,
            Self::Machine { target, .. } => Some(target),
        }
    }

    /// As the programs read it, the machine called by `word` or by its address.
    fn location(&self, word: Option<&str>) -> Result<String, Failure> {
        Ok(match self {
            Self::Local(path) => path.clone(),
            Self::Machine { target, user, path } => match word {
                Some(word) => target.location_at(word, user.as_deref(), path)?,
                None => target.location(user.as_deref(), path)?,
            },
        })
    }
}

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    let Invocation { options, args, .. } = invocation;
    let [from, to] = args.as_slice() else {
        return Err(with_help(context, command, "Improper number of arguments"));
    };
    let (program, feature) = match options.switch("delta") {
        true => ("rsync", "--delta option"),
        false => ("scp", "scp feature"),
    };
    let program = tool(program, feature)?;
    let places = [Place::read(context, from)?, Place::read(context, to)?];
    let way = Way::between(&places)?;
    let mut child = process::Command::new(program);
    match options.switch("delta") {
        true => rsync(&mut child, &options, &way),
        false => scp(&mut child, &options, &way),
    }
    child.args(&way.locations);
    finish(child)
}

/// A program that the user must have.
pub(super) fn tool(name: &str, feature: &str) -> Result<std::path::PathBuf, Failure> {
    platform::find_program(name).ok_or_else(|| {
        Failure::new(format!(
            "You must have a copy of the {name} binary locally to use the {feature}"
        ))
    })
}

/// Runs a program with our streams.
pub(super) fn finish(mut child: process::Command) -> Result<(), Failure> {
    let status = child.status().map_err(|error| Failure::because("", &error))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::child(status)),
    }
}

/// How `ssh` reaches both places.
struct Way {
    /// Each `NAME=VALUE`.
    options: Vec<OsString>,
    /// Settings for each of two machines. Gone with this value.
    config: Option<tempfile::NamedTempFile>,
    locations: Vec<String>,
}

impl Way {
    fn between(places: &[Place; 2]) -> Result<Self, Failure> {
        let targets: Vec<_> = places.iter().filter_map(Place::target).collect();
        let mut options = vec![LOG_LEVEL.into()];
        let located = |words: &[Option<&str>]| -> Result<Vec<String>, Failure> {
            places.iter().zip(words).map(|(place, word)| place.location(*word)).collect()
        };
        let locations = located(&[None, None])?;
        if targets.iter().all(|target| target.key.is_some()) {
            options.push("IdentitiesOnly=yes".into());
        }
        let [one, two] = targets.as_slice() else {
            for target in targets {
                options.extend(target.options()?);
            }
            return Ok(Self { options, config: None, locations });
        };
        // The first port counts for both, so it can be an option only where they share it.
        if one.endpoint.port == two.endpoint.port {
            options.extend(one.endpoint_options().into_iter().chain(two.endpoint_options()));
            let config = config(&[(&one.endpoint.host, one), (&two.endpoint.host, two)])?;
            return Ok(Self { options, config: Some(config), locations });
        }
        let words = ["source", "destination"];
        let config = config(&[(words[0], one), (words[1], two)])?;
        let locations = located(&words.map(Some))?;
        Ok(Self { options: options[..1].to_vec(), config: Some(config), locations })
    }
}

/// A file of settings for several machines, and the user's own behind them.
fn config(targets: &[(&str, &Target)]) -> Result<tempfile::NamedTempFile, Failure> {
    let mut text = Vec::new();
    for (word, target) in targets {
        let word = word.trim_matches(['[', ']']);
        text.extend(target.config_block(word)?.into_encoded_bytes());
    }
    text.extend(b"Host *\n  Include ~/.ssh/config /etc/ssh/ssh_config\n");
    let written = tempfile::NamedTempFile::new().and_then(|mut file| {
        file.write_all(&text)?;
        file.flush()?;
        Ok(file)
    });
    written.map_err(|error| Failure::because("", &error))
}

fn scp(child: &mut process::Command, options: &Options, way: &Way) {
    if let Some(config) = &way.config {
        child.arg("-F").arg(config.path());
    }
    let (host_keys, rest) = way.options.split_at(1);
    host_keys.iter().for_each(|option| _ = child.arg("-o").arg(option));
    child.arg("-3");
    for (name, flag) in [("recursive", "-r"), ("quiet", "-q")] {
        if options.switch(name) {
            child.arg(flag);
        }
    }
    rest.iter().for_each(|option| _ = child.arg("-o").arg(option));
}

fn rsync(child: &mut process::Command, options: &Options, way: &Way) {
    if !options.switch("quiet") {
        child.arg("--progress");
    }
    let mut shell = OsString::from("ssh");
    let mut word = |word: &std::ffi::OsStr| {
        shell.push(" ");
        shell.push(quoted(word));
    };
    if let Some(config) = &way.config {
        word("-F".as_ref());
        word(config.path().as_os_str());
    }
    for option in &way.options {
        word("-o".as_ref());
        word(option);
    }
    child.arg("-e").arg(shell);
    if options.switch("recursive") {
        child.arg("-r");
    }
}

/// A word of rsync's `-e`: quotes keep blanks, and are written twice within themselves.
fn quoted(word: &std::ffi::OsStr) -> OsString {
    let text = word.to_string_lossy();
    match text.contains([' ', '"', '\'']) {
        true => format!("'{}'", text.replace('\'', "''")).into(),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_rsync_keep_their_blanks() {
        for (word, expected) in
            [("Port=22", "Port=22"), ("F=\"/a b\"", "'F=\"/a b\"'"), ("it's", "'it''s'")]
        {
            assert_eq!(quoted(word.as_ref()), expected, "{word}");
        }
    }
}
