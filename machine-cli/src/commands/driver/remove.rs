use super::{Command, Run, with_help};
use crate::context::{Context, join_failures};
use crate::failure::Failure;
use crate::flags::Invocation;
use machine_core::{OptionKind, OptionSpec};

pub(super) const COMMAND: Command = Command {
    name: "driver rm",
    usage: "Remove installed drivers",
    description: "Argument(s) are one or more names of drivers.",
    arguments: "NAME...",
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let help = "Remove a driver even if machines are left that only it can manage";
    vec![OptionSpec::new("force", OptionKind::Switch, help).with_alias("f")]
}

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    if invocation.args.is_empty() {
        let text = "Error: Expected to get one or more names of drivers as arguments";
        return Err(with_help(context, command, text));
    }
    let force = invocation.options.switch("force");
    let removed = invocation.args.iter().map(|name| {
        if !force {
            spare(context, name)?;
        }
        context.drivers().installed().remove(name)?;
        context.out.line(&format!("Removed driver \"{name}\""));
        Ok::<_, Failure>(())
    });
    join_failures(removed).map(drop)
}

/// A machine without its driver can be neither used nor removed.
fn spare(context: &Context, driver: &str) -> Result<(), Failure> {
    let store = context.store();
    let entries = store.load_many(&store.names()?).into_iter().flatten();
    let users: Vec<_> =
        entries.filter(|e| e.config.driver_name == driver).map(|entry| entry.name).collect();
    if users.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Driver \"{driver}\" is not removed: machines need it ({}). Remove them first, or use \
         --force",
        users.join(", ")
    )))
}
