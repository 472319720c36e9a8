use super::{ARGUMENTS, Command, ONE_NAME, Run, no_flags};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "url",
    usage: "Get the URL of a machine",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let name = context.target(invocation.args)?;
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    let url = context.block_on(machines.url(&entry))??;
    context.out.line(&url);
    Ok(())
}
