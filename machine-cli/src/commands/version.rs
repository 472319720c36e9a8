use super::{ARGUMENTS, Command, Run, no_flags};
use crate::context::{Context, expected_one};
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "version",
    usage: "Show the Docker Machine version or a machine docker version",
    description: "",
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

/// Without a name our own version; `default` is not meant then.
fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let name = match invocation.args.as_slice() {
        [] => {
            context.out.line(&context.version_line());
            return Ok(());
        }
        [name] => name,
        _ => return Err(expected_one()),
    };
    let machines = context.machines();
    let entry = machines.store().load(name)?;
    let version = context.block_on(machines.engine_version(&entry))?;
    // The cause is for the debug log: Docker Machine's words stand alone.
    let version = version.map_err(|error| Failure::new(error.to_string()))?;
    context.out.line(&version.version);
    Ok(())
}
