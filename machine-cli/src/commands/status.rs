use super::{ARGUMENTS, Command, ONE_NAME, Run, no_flags};
use crate::context::Context;
use crate::failure::{Failure, GONE};
use crate::flags::Invocation;
use crate::render::json::{self, Machine};
use crate::{golang, registry};
use machine_core::{ErrorKind, MachineState, OptionKind, OptionSpec, Status};

pub(crate) const COMMAND: Command = Command {
    name: "status",
    usage: "Get the status of a machine",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

/// In no help text: Docker Machine's command has no flags.
pub(super) fn format() -> OptionSpec {
    OptionSpec::new("format", OptionKind::Text, "Print as `json`").with_alias("f")
}

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let format = invocation.options.text("format").unwrap_or_default();
    if !matches!(format, "" | json::FORMAT) {
        return Err(Failure::new(format!("--format: {} is not json", golang::quote(format))));
    }
    let is_json = format == json::FORMAT;
    let name = context.target(invocation.args)?;
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    let status = context.block_on(machines.status(&entry))?;
    let found = status.as_ref().ok().cloned().unwrap_or_else(|| Status::new(MachineState::Error));
    let (line, failure) = said(&name, status);
    if is_json {
        let driver = entry.config.driver_name.as_str();
        let remedy = registry::remedy(driver).unwrap_or_default();
        let state = match &failure {
            Some(failure) if failure.code == GONE => MachineState::NotFound,
            _ => found.state,
        };
        let machine = Machine {
            name: &name,
            driver,
            state: Some(state),
            url: found.url.as_deref().unwrap_or_default(),
            ip: found.ip.as_deref().unwrap_or_default(),
            error: failure.as_ref().map_or("", |failure| &failure.text),
            hint: if failure.is_some() { &remedy } else { "" },
            ..Machine::default()
        };
        context.out.line(&json::document(&[machine]));
    } else if let Some(line) = line {
        context.out.line(&line);
    }
    failure.map_or(Ok(()), Err)
}

/// The line of stdout, and how it fails.
fn said(name: &str, status: machine_core::Result<Status>) -> (Option<String>, Option<Failure>) {
    match status {
        Ok(status) if status.state != MachineState::NotFound => {
            (Some(status.state.to_string()), None)
        }
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let what = format!("error getting state for host {name}: ");
            (None, Some(Failure::because(&what, &error)))
        }
        _ => {
            let failure = Failure::new(format!("{name} not found")).with_code(GONE);
            (Some("Not Found".to_owned()), Some(failure))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine_core::Error;

    #[test]
    fn an_instance_that_is_gone_has_a_code_of_its_own() {
        let gone = Err(Error::new(ErrorKind::NotFound, "", "no such instance"));
        for status in [gone, Ok(Status::new(MachineState::NotFound))] {
            let (line, failure) = said("m", status);
            let failure = failure.unwrap();
            assert_eq!(line.unwrap(), "Not Found");
            assert_eq!((failure.code, failure.text.as_str()), (4, "m not found"));
        }
        let (line, failure) = said("m", Err(Error::new(ErrorKind::Transient, "", "late")));
        let failure = failure.unwrap();
        assert_eq!((line, failure.code), (None, 1));
        assert_eq!(failure.text, "error getting state for host m: late");
    }
}
