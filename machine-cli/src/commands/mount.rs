use super::scp::{LOG_LEVEL, Place, finish, tool};
use super::{ARGUMENTS, Command, Run, with_help};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use machine_core::{OptionKind, OptionSpec};
use std::ffi::{OsStr, OsString};
use std::process;

pub(crate) const COMMAND: Command = Command {
    name: "mount",
    usage: "Mount or unmount a directory from a machine with SSHFS.",
    description: "Arguments are [machine:][path] [mountpoint]",
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let help = "Unmount instead of mount";
    vec![OptionSpec::new("unmount", OptionKind::Switch, help).with_alias("u")]
}

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    let (from, to) = match invocation.args.as_slice() {
        [from] => (from, None),
        [from, to] => (from, Some(to.clone())),
        _ => return Err(with_help(context, command, "Improper number of arguments")),
    };
    let unmount = invocation.options.switch("unmount");
    let program = match unmount {
        true => tool("fusermount", "unmount option")?,
        false => tool("sshfs", "mount feature")?,
    };
    let from = match from.contains(':') {
        true => from.clone(),
        false => format!("default:{from}"),
    };
    let Place::Machine { target, user, path } = Place::read(context, &from)? else {
        return Err(Failure::new("a folder of this computer needs no mount"));
    };
    let location = target.location(user.as_deref(), &path)?;
    let to = to.unwrap_or(path);
    let mut child = process::Command::new(program);
    if unmount {
        child.arg("-u");
    } else {
        let mut options: Vec<OsString> = vec![LOG_LEVEL.into()];
        if target.key.is_some() {
            options.push("IdentitiesOnly=yes".into());
        }
        options.extend(target.options()?);
        options.iter().for_each(|option| _ = child.arg("-o").arg(escaped(option)));
        child.arg(location);
    }
    child.arg(to);
    finish(child)
}

/// sshfs takes a comma for the end of an option.
fn escaped(option: &OsStr) -> OsString {
    match option.to_string_lossy() {
        text if text.contains([',', '\\']) => text.replace('\\', "\\\\").replace(',', "\\,").into(),
        _ => option.to_owned(),
    }
}
