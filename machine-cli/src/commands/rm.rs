use super::dialect::UPDATE;
use super::{ARGUMENTS, Command, NAMES, Run, with_help};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::{golang, prompt};
use machine_core::{OptionKind, OptionSpec};
use machine_host::Removal;

pub(crate) const COMMAND: Command = Command {
    name: "rm",
    usage: "Remove a machine",
    description: NAMES,
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new(
            "force",
            OptionKind::Switch,
            "Remove local configuration even if machine cannot be removed, also implies an \
             automatic yes (`-y`)",
        )
        .with_alias("f"),
        OptionSpec::new(
            "y",
            OptionKind::Switch,
            "Assumes automatic yes to proceed with remove, without prompting further user \
             confirmation",
        ),
    ]
}

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    let (names, options) = (invocation.args, invocation.options);
    if names.is_empty() {
        let text = "Error: Expected to get one or more machine names as arguments";
        return Err(with_help(context, command, text));
    }
    let force = options.switch("force");
    let out = &context.out;
    out.line(&format!("About to remove {}", names.join(", ")));
    out.line("WARNING: This action will delete both local reference and remote instance.");
    if !force && !options.switch("y") {
        out.text("Are you sure? (y/n): ");
        if !prompt::read(std::io::stdin().lock()).is_yes() {
            return Ok(());
        }
    }
    let machines = context.machines();
    let failures = context.block_on(async {
        let mut failures: Vec<Failure> = Vec::new();
        let done = |name: &str, known: bool, removal: Removal| {
            out.done(name);
            if !known && removal.gone && options.switch(UPDATE) {
                // Its caller runs it again and again, until nothing is left.
                let text = "does not exists, so nothing to do...";
                out.line(&format!("Machine config for {name} {text}"));
                return;
            }
            let mut told = Vec::new();
            if let Some(error) = &removal.error {
                let what = format!("Error removing host {}: ", golang::quote(name));
                told.push(Failure::because(&what, error));
            }
            if removal.gone && known {
                // An error that leaves nothing here may still leave something elsewhere.
                out.line(&format!("Successfully removed {name}"));
                if let Some(driver) = &removal.cut_off {
                    out.error(&cut_off(name, driver));
                }
            } else if force {
                told.push(Failure::new(format!("Can't remove \"{name}\"")));
            }
            match force {
                true => told.iter().for_each(|failure| out.error(&failure.text)),
                false => failures.append(&mut told),
            }
        };
        machines.remove_many(&names, force, done).await;
        failures
    })?;
    crate::context::join_failures(failures.into_iter().map(Err::<(), _>)).map(|_| ())
}

/// Not a failure: whatever was known is gone.
fn cut_off(name: &str, driver: &str) -> String {
    format!(
        "The create of \"{name}\" had been cut off: what driver \"{driver}\" made last, and had not \
         told, may remain. Look there for what is called \"{name}\""
    )
}
