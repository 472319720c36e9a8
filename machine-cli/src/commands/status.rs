use super::{ARGUMENTS, Command, ONE_NAME, Run, no_flags};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "status",
    usage: "Get the status of a machine",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let name = context.target(invocation.args)?;
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    let status = context.block_on(machines.status(&entry))?.map_err(|error| {
        Failure::because(&format!("error getting state for host {name}: "), &error)
    })?;
    context.out.line(&status.state.to_string());
    Ok(())
}
