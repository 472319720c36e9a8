use super::{ARGUMENTS, Command, Run, find, no_flags};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "help",
    usage: "Shows a list of commands or help for one command",
    description: "",
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let Some(name) = invocation.args.first().filter(|name| !name.is_empty()) else {
        context.out.text(&crate::help::top(&context.program, &crate::globals()));
        return Ok(());
    };
    let command = find(name).ok_or_else(|| context.unknown_command(name))?;
    context.out.text(&crate::help::command(command, &(command.flags)()));
    Ok(())
}
