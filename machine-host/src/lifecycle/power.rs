use super::Machines;
use super::operation::Operation;
use crate::Progress;
use crate::store::Entry;
use machine_core::{Error, ErrorKind, MachineState, Provider, Result};

/// What to do with a machine that exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Power {
    /// Start it, and wait until it can be logged into.
    Start,
    /// Stop it, its disk kept.
    Stop,
    /// Stop it without asking it.
    Kill,
    /// Start it if it is stopped, restart it if it runs.
    Restart,
}

impl Machines {
    /// Acts on machines side by side; one result each, in the order given.
    ///
    /// # Errors
    /// When one cannot be loaded, nothing is done: the errors of all such.
    pub async fn power(
        &self,
        power: Power,
        names: &[String],
    ) -> Result<Vec<Result<()>>, Vec<Error>> {
        self.on_each(names, |name| self.power_one(power, name)).await
    }

    pub(super) async fn power_one(&self, power: Power, name: &str) -> Result<()> {
        let lock = self.lock(name).await?;
        let mut entry = self.store.load(name)?; // again: it may have changed while we waited
        let emit = |progress| self.progress.emit(name, progress);
        // Said even of what turns out to be done already, or impossible.
        emit(match power {
            Power::Start => Progress::Starting,
            Power::Stop => Progress::Stopping,
            Power::Kill => Progress::Killing,
            Power::Restart => Progress::Restarting,
        });
        let provider = self.signed_in(&entry).await?;
        let state = self.status_of(provider.as_ref(), &entry).await?.state;
        let done = match (power, state) {
            (Power::Start, MachineState::Running) => Err(already(name, "running")),
            (Power::Stop | Power::Kill, MachineState::Stopped) => Err(already(name, "stopped")),
            (Power::Start, _) => self.start(provider.as_ref(), &mut entry).await,
            (Power::Stop, _) => {
                self.call(provider.as_ref(), &mut entry, Call::Stop).await?;
                self.until(provider.as_ref(), &entry, MachineState::Stopped).await?;
                emit(Progress::Stopped);
                Ok(())
            }
            (Power::Kill, _) => {
                self.call(provider.as_ref(), &mut entry, Call::Kill).await?;
                self.until(provider.as_ref(), &entry, MachineState::Stopped).await?;
                emit(Progress::Killed);
                Ok(())
            }
            (Power::Restart, _) => self.restart(provider.as_ref(), &mut entry, state).await,
        };
        drop(lock);
        done
    }

    pub(super) async fn start(&self, provider: &dyn Provider, entry: &mut Entry) -> Result<()> {
        self.call(provider, entry, Call::Start).await?;
        self.until(provider, entry, MachineState::Running).await?;
        self.progress.emit(&entry.name, Progress::Started);
        self.settle(provider, entry).await
    }

    async fn restart(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        state: MachineState,
    ) -> Result<()> {
        match state {
            MachineState::Stopped => {
                self.progress.emit(&entry.name, Progress::Starting);
                return self.start(provider, entry).await;
            }
            MachineState::Running if provider.capabilities().restart_over_ssh => {
                self.reboot(provider, entry).await?;
            }
            MachineState::Running => self.call(provider, entry, Call::Restart).await?,
            _ => {}
        }
        self.settle(provider, entry).await
    }

    /// One of the provider's own operations; what it says of the state is saved, failed or not.
    async fn call(&self, provider: &dyn Provider, entry: &mut Entry, call: Call) -> Result<()> {
        let id = self.own_id(entry)?;
        let journal = self.journal(&id)?;
        let operation = Operation::new(self, &entry.name, &id, &self.store.id()?);
        let cx = operation.cx(&journal);
        let mut state = entry.config.driver.clone();
        let done = match call {
            Call::Start => provider.start(&cx, &mut state).await,
            Call::Stop => provider.stop(&cx, &mut state).await,
            Call::Kill => provider.kill(&cx, &mut state).await,
            Call::Restart => provider.restart(&cx, &mut state).await,
        };
        entry.config.driver = state;
        let saved = self.store.save(entry);
        done.and(saved)
    }

    async fn until(
        &self,
        provider: &dyn Provider,
        entry: &Entry,
        want: MachineState,
    ) -> Result<()> {
        if want == MachineState::Running {
            return self.until_running(provider, entry).await.map(|_| ());
        }
        self.poll(async || {
            let status = self.status_of(provider, entry).await?;
            Ok((status.state == want).then_some(()))
        })
        .await
    }
}

#[derive(Clone, Copy)]
enum Call {
    Start,
    Stop,
    Kill,
    Restart,
}

fn already(name: &str, state: &str) -> Error {
    Error::new(ErrorKind::Conflict, "", format!("Machine \"{name}\" is already {state}."))
}
