use super::setup::{Manner, engine_endpoint};
use super::{Machines, create};
use crate::store::{AuthOptions, Entry};
use crate::{Progress, provision};
use machine_core::{Error, ErrorKind, MachineState, Provider, Result, Status};

/// What [`Machines::regenerate_certificates`] makes anew beside the server's certificates.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Regenerate {
    /// Nothing.
    #[default]
    Server,
    /// CA and client's certificate, where they are missing or past their end.
    All,
}

impl Machines {
    /// Sets machines up again, as the end of `create` does: with all that is missing, and a new
    /// server certificate where the old one is not good any more. One result each, in the order
    /// given.
    ///
    /// # Errors
    /// When one cannot be loaded, nothing is done: the errors of all such.
    pub async fn provision(&self, names: &[String]) -> Result<Vec<Result<()>>, Vec<Error>> {
        self.on_each(names, |name| async move {
            let _lock = self.lock(name).await?;
            let mut entry = self.store.load(name)?; // again: it may have changed while we waited
            self.provision_one(&mut entry, Manner::default()).await
        })
        .await
    }

    /// As [`Machines::provision`], with new server certificates and nothing of classic swarm.
    ///
    /// # Errors
    /// As [`Machines::provision`].
    pub async fn regenerate_certificates(
        &self,
        what: Regenerate,
        names: &[String],
    ) -> Result<Vec<Result<()>>, Vec<Error>> {
        self.on_each(names, |name| async move {
            let _lock = self.lock(name).await?;
            let mut entry = self.store.load(name)?;
            if self.has_no_engine_of_ours(&entry) {
                return Ok(());
            }
            if what == Regenerate::All {
                self.progress.emit(name, Progress::RegeneratingClientCertificates);
                let paths = self.store.auth_paths(&entry)?;
                let auth = AuthOptions {
                    ca_cert_path: paths.ca_cert,
                    ca_private_key_path: paths.ca_key,
                    client_cert_path: paths.client_cert,
                    client_key_path: paths.client_key,
                    ..AuthOptions::default()
                };
                self.bootstrap(name, &auth).await?;
                self.configs.clear();
            }
            self.provision_one(&mut entry, Manner { renews: true, ..Manner::default() }).await
        })
        .await
    }

    async fn provision_one(&self, entry: &mut Entry, manner: Manner) -> Result<()> {
        let provider = self.signed_in(entry).await?;
        self.can_be_logged_into(provider.as_ref(), entry)?;
        self.own_id(entry)?;
        let status = self.until_running(provider.as_ref(), entry).await?;
        let done = self.set_up(provider.as_ref(), entry, &status, manner).await;
        done.map_err(|create::CreateError { error, .. }| error)
    }

    /// Upgrades the engines of machines, those that are off started first. One result each, in the
    /// order given.
    ///
    /// # Errors
    /// When one cannot be loaded, nothing is done: the errors of all such.
    pub async fn upgrade(&self, names: &[String]) -> Result<Vec<Result<()>>, Vec<Error>> {
        self.on_each(names, |name| self.upgrade_one(name)).await
    }

    async fn upgrade_one(&self, name: &str) -> Result<()> {
        let _lock = self.lock(name).await?;
        let mut entry = self.store.load(name)?;
        if self.has_no_engine_of_ours(&entry) {
            return Ok(());
        }
        let provider = self.signed_in(&entry).await?;
        let provider = provider.as_ref();
        let mut status = self.status_of(provider, &entry).await?;
        if status.state != MachineState::Running {
            self.progress.emit(name, Progress::StartingToUpgrade);
            self.progress.emit(name, Progress::Starting);
            self.start(provider, &mut entry).await?;
            status = self.until_running(provider, &entry).await?;
        }
        self.can_be_logged_into(provider, &entry)?;
        self.own_id(&mut entry)?;
        self.upgrade_engine(provider, &mut entry, &status).await
    }

    async fn upgrade_engine(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        status: &Status,
    ) -> Result<()> {
        let name = entry.name.clone();
        let note = |progress| self.progress.emit(&name, progress);
        let mut session = self.log_in(provider, entry, status).await?;
        let upgraded = provision::upgrade(&mut session, self.clock.as_ref(), &note).await?;
        session.close().await;
        tracing::debug!(machine = name, ?upgraded, "engine");
        self.until_engine_answers(entry, &engine_endpoint(status)?).await
    }

    /// Nothing of it is an error, as in Rancher's fork.
    fn has_no_engine_of_ours(&self, entry: &Entry) -> bool {
        let by_script = entry.install_script().is_some();
        if by_script {
            self.progress.emit(&entry.name, Progress::NoEngineOfOurs);
        }
        by_script
    }

    /// Docker Machine waits three minutes for the SSH server of such a machine.
    fn can_be_logged_into(&self, provider: &dyn Provider, entry: &Entry) -> Result<()> {
        if !provider.capabilities().endpoint_only {
            return Ok(());
        }
        self.progress.emit(&entry.name, Progress::WaitingForSsh);
        let text = format!(
            "Too many retries waiting for SSH to be available.  Last error: a machine of the \
             driver \"{}\" cannot be logged into",
            entry.config.driver_name
        );
        Err(Error::new(ErrorKind::Unsupported, "", text))
    }
}
