use super::{ARGUMENTS, Command, NAMES, Run, no_flags};
use crate::context::{Context, join_failures};
use crate::failure::Failure;
use crate::flags::Invocation;
use machine_host::Power;

const fn command(
    name: &'static str,
    usage: &'static str,
    run: fn(&Context, &Command, Invocation) -> Result<(), Failure>,
) -> Command {
    Command {
        name,
        usage,
        description: NAMES,
        arguments: ARGUMENTS,
        flags: no_flags,
        run: Run::Flags(run),
    }
}

pub(crate) const START: Command = command("start", "Start a machine", |context, _, invocation| {
    act(context, Power::Start, invocation)?;
    context.out.news(&new_addresses("Started"));
    Ok(())
});

pub(crate) const STOP: Command = command("stop", "Stop a machine", |context, _, invocation| {
    act(context, Power::Stop, invocation)
});

pub(crate) const KILL: Command = command("kill", "Kill a machine", |context, _, invocation| {
    act(context, Power::Kill, invocation)
});

pub(crate) const RESTART: Command =
    command("restart", "Restart a machine", |context, _, invocation| {
        act(context, Power::Restart, invocation)?;
        context.out.news(&new_addresses("Restarted"));
        Ok(())
    });

fn new_addresses(what: &str) -> String {
    format!(
        "{what} machines may have new IP addresses. You may need to re-run the \
         `docker-machine env` command."
    )
}

fn act(context: &Context, power: Power, invocation: Invocation) -> Result<(), Failure> {
    let names = context.targets(invocation.args)?;
    batch(context.block_on(context.machines().power(power, &names))?)
}

/// How work on several machines ended: all that went wrong, one a line.
pub(super) fn batch(
    done: Result<Vec<machine_core::Result<()>>, Vec<machine_core::Error>>,
) -> Result<(), Failure> {
    let results =
        done.or_else(|unloaded| join_failures(unloaded.into_iter().map(Err::<Result<_, _>, _>)))?;
    join_failures(results).map(|_| ())
}
