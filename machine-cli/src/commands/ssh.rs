use super::{ARGUMENTS, Command, Run, no_flags};
use crate::context::Context;
use crate::failure::Failure;

pub(crate) const COMMAND: Command = Command {
    name: "ssh",
    usage: "Log into or run a command on a machine with SSH.",
    description: "Arguments are [machine-name] [command]",
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Raw(run),
};

/// No flags are read but a plea for help: all behind the name is the SSH client's.
fn run(context: &Context, command: &Command, args: &[String]) -> Result<(), Failure> {
    if args.first().is_some_and(|arg| ["-h", "--help", "-help"].contains(&arg.as_str())) {
        context.out.text(&crate::help::command(command, &[]));
        return Ok(());
    }
    let first = args.first().cloned().into_iter().collect();
    let name = context.targets(first)?.swap_remove(0);
    let rest = args.get(1..).unwrap_or_default();
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    #[cfg(feature = "native-ssh")]
    if let machine_host::SshClient::Native = context.ssh_client() {
        return super::terminal::log_in(context, &machines, &entry, rest);
    }
    let mut child = context.block_on(machines.ssh_command(&entry, rest))??;
    let status = child.status().map_err(|error| Failure::because("", &error))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::child(status)),
    }
}
