use super::ls::{Row, rows};
use super::{ARGUMENTS, Command, Run};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use machine_core::{OptionKind, OptionSpec, OptionValue};
use std::time::Duration;

pub(crate) const COMMAND: Command = Command {
    name: "active",
    usage: "Print which machine is active",
    description: "",
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    vec![timeout()]
}

/// How long one machine may take.
pub(super) fn timeout() -> OptionSpec {
    OptionSpec::new("timeout", OptionKind::Int, "Timeout in seconds, default to 10s")
        .with_alias("t")
        .with_default(OptionValue::Int(10))
}

/// Its value. Less than nothing is nothing.
pub(super) fn limit(seconds: Option<i64>) -> Duration {
    Duration::from_secs(u64::try_from(seconds.unwrap_or(10)).unwrap_or(0))
}

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    if !invocation.args.is_empty() {
        return Err(Failure::new("Error: Too many arguments given"));
    }
    let limit = limit(invocation.options.int("timeout"));
    let machines = context.machines_within(limit);
    let names = machines.store().names();
    let names = names.map_err(|e| Failure::because("Error getting active host: ", &e))?;
    let (entries, damaged): (Vec<_>, Vec<_>) =
        machines.store().load_many(&names).into_iter().partition(Result::is_ok);
    drop(damaged);
    let entries: Vec<_> = entries.into_iter().flatten().collect();
    let rows = context.block_on(rows(&machines, &entries, Vec::new(), limit))?;
    if let Some(row) = rows.iter().find(|row| row.active_host || row.active_swarm) {
        context.out.line(&row.name);
        return Ok(());
    }
    Err(Failure::new(match rows.iter().any(Row::timed_out) {
        true => "Error getting active host: timeout",
        false => "No active host found",
    }))
}
