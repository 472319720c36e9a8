use super::power::batch;
use super::{ARGUMENTS, Command, Run, no_flags};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "provision",
    usage: "Re-provision existing machines",
    description: "",
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let names = context.targets(invocation.args)?;
    batch(context.block_on(context.machines().provision(&names))?)
}
