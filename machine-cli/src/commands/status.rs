use super::{ARGUMENTS, Command, ONE_NAME, Run, no_flags};
use crate::context::Context;
use crate::failure::{Failure, GONE};
use crate::flags::Invocation;
use machine_core::{ErrorKind, MachineState, Status};

pub(crate) const COMMAND: Command = Command {
    name: "status",
    usage: "Get the status of a machine",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags: no_flags,
    run: Run::Flags(run),
};

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let name = context.target(invocation.args)?;
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    let (line, failure) = said(&name, context.block_on(machines.status(&entry))?);
    if let Some(line) = line {
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
