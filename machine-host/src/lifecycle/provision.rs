use super::Machines;
use machine_core::{Error, Result};

impl Machines {
    /// Sets machines up again, as the end of `create` does: with new server certificates, and all
    /// that is missing. One result each, in the order given.
    ///
    /// # Errors
    /// When one cannot be loaded, nothing is done: the errors of all such.
    pub async fn provision(&self, names: &[String]) -> Result<Vec<Result<()>>, Vec<Error>> {
        self.on_each(names, |name| self.provision_one(name)).await
    }

    async fn provision_one(&self, name: &str) -> Result<()> {
        let _lock = self.lock(name).await?;
        let mut entry = self.store.load(name)?; // again: it may have changed while we waited
        let provider = self.signed_in(&entry).await?;
        self.own_id(&mut entry)?;
        let status = self.until_running(provider.as_ref(), &entry).await?;
        let done = self.set_up(provider.as_ref(), &mut entry, &status, false).await;
        done.map_err(|failed| failed.error)
    }

    /// Makes the CA and the client's certificate that new machines would use, where they are
    /// missing or past their end.
    ///
    /// # Errors
    /// Those of the files; a key without its certificate is never overwritten.
    pub async fn bootstrap_certificates(&self) -> Result<()> {
        self.bootstrap("", &self.auth_options("", Vec::new())).await?;
        self.configs.clear();
        Ok(())
    }
}
