use super::account::{MemoryAccount, MemoryThing};
use super::error::CloudError;
use machine_core::{Clock, Result, Secret};
use std::collections::BTreeMap;
use std::time::Duration;

/// One process's connection to the account: what an SDK would be.
#[derive(Clone, Debug)]
pub struct MemoryClient {
    account: MemoryAccount,
    secret: Option<Secret>,
}

impl MemoryClient {
    /// Every call fails unless `secret` is the account's.
    pub fn new(account: MemoryAccount, secret: Option<Secret>) -> Self {
        Self { account, secret }
    }

    fn authenticate(&self) -> Result<(), CloudError> {
        match &self.secret {
            Some(secret) if secret.expose() == super::SECRET_KEY => Ok(()),
            Some(_) => Err(CloudError::WrongCredentials),
            None => Err(CloudError::NoCredentials),
        }
    }

    /// Makes a thing, or answers with what its token made before.
    ///
    /// # Errors
    /// `Conflict` when the name is taken, `Capacity` when the zone is full, `NotFound` when a thing
    /// that it uses is not there.
    pub async fn make(&self, mut thing: MemoryThing) -> Result<String> {
        self.authenticate()?;
        let effect = move || {
            let mut things = self.account.things();
            for (id, other) in &things.all {
                if !thing.token.is_empty() && other.token == thing.token {
                    return Ok(id.clone());
                }
                let same = (&other.kind, &other.name) == (&thing.kind, &thing.name);
                if same && !thing.name.is_empty() {
                    return Err(CloudError::Exists { name: thing.name.clone() }.into());
                }
            }
            if thing.zone == "full" {
                return Err(CloudError::NoCapacity { zone: thing.zone.clone() }.into());
            }
            let usable = |id: &String| things.all.get(id).is_some_and(|used| used.goes.is_none());
            if let Some(id) = thing.uses.iter().find(|id| !usable(id)) {
                return Err(CloudError::Missing { id: id.clone() }.into());
            }
            self.account.switch(&mut thing, true);
            thing.made = self.account.faults().clock().now();
            Ok(things.add(thing))
        };
        self.account.faults().call(effect).await
    }

    /// Deletes a thing. What uses another is gone only some time after this was accepted.
    ///
    /// # Errors
    /// `NotFound`, and `Conflict` while something that is not yet gone uses it.
    pub async fn delete(&self, region: &str, id: &str) -> Result<()> {
        self.authenticate()?;
        let effect = || {
            let mut things = self.account.things();
            if things.all.values().any(|t| t.uses.iter().any(|used| used == id)) {
                return Err(CloudError::InUse { id: id.to_owned() }.into());
            }
            let thing = things.all.get_mut(id).filter(|t| t.region == region);
            self.account.let_go(thing.ok_or_else(|| CloudError::Missing { id: id.to_owned() })?);
            Ok(())
        };
        self.account.faults().delete(id, effect).await
    }

    /// Looks one thing up. Never lags.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, region: &str, id: &str) -> Result<MemoryThing> {
        let mut found = self.describe(region, &[id]).await?;
        found.remove(id).ok_or_else(|| CloudError::Missing { id: id.to_owned() }.into())
    }

    /// Looks up those of `ids` that are there, in one call. Never lags.
    ///
    /// # Errors
    /// Only when the service cannot be asked.
    pub async fn describe(
        &self,
        region: &str,
        ids: &[&str],
    ) -> Result<BTreeMap<String, MemoryThing>> {
        self.authenticate()?;
        let effect = || {
            let things = self.account.things();
            let mut found = things.all.clone();
            found.retain(|id, thing| ids.contains(&id.as_str()) && thing.region == region);
            Ok(found)
        };
        self.account.faults().read(effect).await
    }

    /// Lists by filter, what is going among it. Lags.
    ///
    /// # Errors
    /// Only when the service cannot be asked.
    pub async fn list(
        &self,
        filter: impl Fn(&MemoryThing) -> bool + Send + Sync,
    ) -> Result<Vec<(String, MemoryThing)>> {
        self.authenticate()?;
        let items = || {
            let things = self.account.things();
            let found = things.all.iter().filter(|(_, thing)| filter(thing));
            found.map(|(id, thing)| (id.clone(), thing.clone())).collect()
        };
        self.account.faults().list(items).await
    }

    /// Starts or stops an instance. Accepted at once, carried out some time later.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn switch(&self, region: &str, id: &str, on: bool) -> Result<()> {
        self.authenticate()?;
        let effect = || {
            let mut things = self.account.things();
            let thing = things.all.get_mut(id).filter(|t| t.region == region && t.goes.is_none());
            let thing = thing.ok_or_else(|| CloudError::Missing { id: id.to_owned() })?;
            self.account.switch(thing, on);
            Ok(())
        };
        self.account.faults().call(effect).await
    }

    /// How long a thing has been there. Groups do not tell, as with most services.
    pub fn age(&self, thing: &MemoryThing) -> Option<Duration> {
        let now = self.account.faults().clock().now();
        (thing.kind != "group").then(|| now.saturating_sub(thing.made))
    }

    /// Whether a thing is still starting or stopping.
    pub fn is_switching(&self, thing: &MemoryThing) -> bool {
        self.account.faults().clock().now() < thing.settles
    }
}
