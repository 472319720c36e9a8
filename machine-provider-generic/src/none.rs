use crate::config::none_options;
use crate::error::Failure;
use crate::state::{Address, Base, NoneState};
use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, MachineState, OptionSpec, Options, Prepared, Provider, Record, Result,
    SshEndpoint, State, Status, undo,
};

/// Name of [`NoDriver`].
pub const NONE: &str = "none";

/// A Docker endpoint and nothing else: driver `none`.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct NoDriver;

impl NoDriver {
    /// Needs no credentials.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Provider for NoDriver {
    fn name(&self) -> &str {
        NONE
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        (able.endpoint_only, able.own_ssh_key) = (true, true);
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Ok(none_options())
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        let url = options.text("url").filter(|url| !url.is_empty()).ok_or(Failure::NoUrl)?;
        // Host and port: so does Docker Machine, and `ip` prints it.
        let base =
            Base { ip_address: crate::url::host(url).map_err(Failure::BadUrl)?, ..Base::new(cx) };
        Ok(Prepared::new(State::new(&NoneState { base, url: url.to_owned() })?))
    }

    async fn create(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Ok(())
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        undo(&[], cx, state).await // a journal that does name something is not for us to forget
    }

    fn adopt(&self, _: &State) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }

    async fn start(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Err(Failure::None("started").into())
    }

    async fn stop(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Err(Failure::None("stopped").into())
    }

    async fn kill(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Err(Failure::None("killed").into())
    }

    async fn restart(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Err(Failure::None("restarted").into())
    }

    fn batch_key(&self, _: &State) -> Option<String> {
        Some(NONE.to_owned()) // answered without asking anybody
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        machines.iter().map(|state| status(state)).collect()
    }
}

fn status(state: &State) -> Result<Status> {
    let Address { ip_address, url } = state.read()?;
    let mut status = Status::new(MachineState::Running);
    status.ip = Some(ip_address);
    status.url = Some(url);
    // Docker Machine runs `ssh @` then, and so says what is wrong.
    status.ssh = Some(SshEndpoint::new("", 0, ""));
    Ok(status)
}
