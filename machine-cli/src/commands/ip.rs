use super::{ARGUMENTS, Command, NAMES, Run, no_flags};
use crate::context::{Context, join_failures};
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "ip",
    usage: "Get the IP address of a machine",
    description: NAMES,
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

const WHAT: &str = "Error getting IP address: ";

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let names = context.targets(invocation.args)?;
    let entries = context.load_all(&names)?;
    let machines = context.machines();
    let statuses = context.block_on(machines.statuses(&entries))?;
    let mut failures = Vec::new();
    for status in statuses {
        match status.map(|status| status.ip) {
            Ok(Some(ip)) => context.out.line(&ip),
            Ok(None) => failures.push(Failure::new(format!("{WHAT}IP address is not set"))),
            Err(error) => failures.push(Failure::because(WHAT, &error)),
        }
    }
    join_failures(failures.into_iter().map(Err::<(), _>)).map(|_| ())
}
