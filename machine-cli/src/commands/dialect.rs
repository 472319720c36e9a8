//! What Rancher's fork adds to commands of Docker Machine: read, and in no help text.

use super::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use machine_core::{OptionKind, OptionSpec, Options};

/// Commands that take [`UPDATE`].
const COMMANDS: [&str; 5] = ["kill", "provision", "rm", "status", "url"];

/// With it the driver's own flags are valid too, and sign in for this one command.
pub(super) const UPDATE: &str = "update-config";

/// Flags of one command line beside those of its help text.
pub(crate) struct Extra {
    /// The driver's own, of the machine that the command is about.
    driver: Vec<OptionSpec>,
    pub(crate) all: Vec<OptionSpec>,
}

impl Extra {
    /// No flags.
    pub(crate) const NONE: Self = Self { driver: Vec::new(), all: Vec::new() };

    /// Those of `command`, whose machine is the last of `args`.
    ///
    /// # Errors
    /// Those of the driver.
    pub(crate) fn of(
        context: &Context,
        command: &Command,
        args: &[String],
    ) -> Result<Self, Failure> {
        if !COMMANDS.contains(&command.name) {
            return Ok(Self::NONE);
        }
        let mut extra =
            Self { driver: Vec::new(), all: vec![OptionSpec::new(UPDATE, OptionKind::Switch, "")] };
        let asked = |arg: &String| arg.trim_start_matches('-').split('=').next() == Some(UPDATE);
        if !args.iter().any(|arg| arg.starts_with('-') && asked(arg)) {
            return Ok(extra);
        }
        // A machine that is not there, or whose driver is not, has no flags to add.
        let entry = args.last().and_then(|name| context.store().load(name).ok());
        if let Some(provider) =
            entry.and_then(|e| context.drivers().provider(&e.config.driver_name))
        {
            extra.driver = context.block_on(provider.options())??;
            extra.driver.retain(|spec| !(command.flags)().iter().any(|own| own.name == spec.name));
            extra.all.extend(extra.driver.iter().cloned());
        }
        Ok(extra)
    }

    /// Keeps the credentials among the driver's own flags for this command.
    ///
    /// # Errors
    /// Values of the wrong kind.
    pub(crate) fn keep(&self, context: &Context, invocation: &Invocation) -> Result<(), Failure> {
        if !invocation.options.switch(UPDATE) {
            return Ok(());
        }
        let own = |name: &String| self.driver.iter().any(|spec| spec.name == *name);
        let given = invocation.given.iter().filter(|(name, _)| own(name)).cloned();
        context.set_credentials(Options::new(&self.driver, given)?.secrets());
        Ok(())
    }
}

/// The secret store that this program does not have: to go on without it would lose the machines.
///
/// # Errors
/// When the command line asks for it.
pub(crate) fn refuse_secret_store(context: &Context) -> Result<(), Failure> {
    match context.global("secret-name") {
        None => Ok(()),
        Some(_) => Err(Failure::new(
            "--secret-name: machines cannot be kept in a Kubernetes secret; nothing was done",
        )),
    }
}
