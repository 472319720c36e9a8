use super::create::{CreateError, CreateSpec, Stage, at};
use super::{Connection, Machines, Power};
use machine_core::{Error, ErrorKind, MachineState};

impl Machines {
    /// A Docker endpoint of that name: the machine is made if it is missing, started if it is
    /// stopped, and left as it is if it runs.
    ///
    /// # Errors
    /// As [`Machines::create`]; those of a start, and of the connection, are at
    /// [`Stage::Verify`].
    pub async fn run(&self, name: &str, spec: &CreateSpec) -> Result<Connection, CreateError> {
        if !self.store.exists(name) {
            match self.create(name, spec).await {
                // Another command made it meanwhile.
                Err(error) if error.stage == Stage::Driver && is_conflict(&error.error) => {}
                made => made?,
            }
        }
        let entry = self.store.load(name).map_err(at(Stage::Driver))?;
        let state = self.status(&entry).await.map_err(at(Stage::Verify))?.state;
        if matches!(state, MachineState::Stopped | MachineState::Saved | MachineState::Paused) {
            match self.power_one(Power::Start, name).await {
                Err(error) if is_conflict(&error) => {} // another command started it meanwhile
                started => started.map_err(at(Stage::Verify))?,
            }
        }
        self.check(&entry, false).await.map_err(at(Stage::Verify))
    }
}

fn is_conflict(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict
}
