//! Drivers that are programs of their own: to write, to install, to list and to remove them.
mod install;
mod list;
mod new;
mod remove;

use super::{Command, Run, no_flags, read, with_help};
use crate::argv;
use crate::context::Context;
use crate::failure::Failure;

pub(crate) const COMMAND: Command = Command {
    name: "driver",
    usage: "Manage drivers that are programs of their own",
    description: "new NAME             Write the crate of a new driver\n   \
                  install DIR|BINARY   Install a driver: its folder, or its program alone\n   \
                  ls                   List drivers\n   \
                  rm NAME...           Remove installed drivers",
    arguments: "COMMAND [arg...]",
    flags: no_flags,
    run: Run::Raw(run),
};

const COMMANDS: &[Command] = &[new::COMMAND, install::COMMAND, list::COMMAND, remove::COMMAND];

fn run(context: &Context, command: &Command, args: &[String]) -> Result<(), Failure> {
    let (name, rest) = match args.split_first() {
        Some((name, rest)) if !name.starts_with('-') => (name, rest),
        // Flags of its own it has none: this is about help.
        _ => {
            return match read(context, command, &[], &[], args)? {
                Some(_) => Err(with_help(context, command, "Error: No command specified")),
                None => Ok(()),
            };
        }
    };
    let full = format!("driver {name}");
    let found = COMMANDS.iter().find(|command| command.name == full);
    let command = found.ok_or_else(|| context.unknown_command(&full))?;
    let Run::Flags(function) = command.run else { return Ok(()) };
    let hidden = if name == "new" { new::hidden_flags() } else { Vec::new() };
    match read(context, command, &(command.flags)(), &hidden, &argv::reorder(rest))? {
        Some(invocation) => function(context, command, invocation),
        None => Ok(()),
    }
}
