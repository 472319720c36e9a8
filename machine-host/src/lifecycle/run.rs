use super::create::{CreateError, CreateSpec, Stage, at};
use super::{Connection, Machines};
use crate::Progress;
use machine_core::MachineState;

impl Machines {
    /// A Docker endpoint of that name: the machine is made if it is missing, started if it is
    /// stopped, and left as it is if it runs.
    ///
    /// # Errors
    /// As [`Machines::create`]; those of a start, and of the connection, are at
    /// [`Stage::Verify`].
    pub async fn run(&self, name: &str, spec: &CreateSpec) -> Result<Connection, CreateError> {
        if !self.store.exists(name) {
            self.create(name, spec).await?;
        }
        let mut entry = self.store.load(name).map_err(at(Stage::Driver))?;
        let state = self.status(&entry).await.map_err(at(Stage::Verify))?.state;
        if matches!(state, MachineState::Stopped | MachineState::Saved | MachineState::Paused) {
            let _lock = self.lock(name).await.map_err(at(Stage::Verify))?;
            let provider = self.signed_in(&entry).await.map_err(at(Stage::Verify))?;
            self.progress.emit(name, Progress::Starting);
            self.start(provider.as_ref(), &mut entry).await.map_err(at(Stage::Verify))?;
        }
        self.check(&entry, false).await.map_err(at(Stage::Verify))
    }
}
