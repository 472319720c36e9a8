use super::about::About;
use super::operation::Operation;
use super::{AT_ONCE, Machines};
use crate::store::{Entry, Lock, LockName, Own};
use futures_util::{StreamExt, stream};
use machine_core::{Error, Journal, Provider, Result, merge, resources};
use std::collections::BTreeSet;
use std::pin::pin;

/// How a removal ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Removal {
    /// The entry is gone.
    pub gone: bool,
    /// What went wrong; with `gone`, what may remain elsewhere.
    pub error: Option<Error>,
    /// The driver whose create was cut off together with its keeper: what it made last, and had not
    /// told, may remain, and nothing here knows of it.
    pub cut_off: Option<String>,
}

impl Removal {
    fn gone(error: Option<Error>) -> Self {
        Self { gone: true, error, cut_off: None }
    }

    fn failed(error: Error) -> Self {
        Self { gone: false, error: Some(error), cut_off: None }
    }
}

impl Machines {
    /// Removes a machine with all that its journal knows. With `force` the entry goes in any case;
    /// the journal of what may remain stays for a later look.
    ///
    /// A machine that does not exist is gone, with an error.
    pub async fn remove(&self, name: &str, force: bool) -> Removal {
        if !self.store.exists(name) {
            let unknown = self.store.load(name).err();
            return match self.store.is_half(name) {
                // A command was killed: the name is known to nobody, and its remains are not either.
                true => match self.lock(name).await {
                    Ok(lock) => self.forget(name, Some(lock), unknown),
                    Err(error) => Removal::failed(error),
                },
                false => Removal::gone(unknown),
            };
        }
        let lock = match self.lock(name).await {
            Ok(lock) => lock,
            Err(error) if !force => return Removal::failed(error),
            Err(error) => return self.forget(name, None, Some(error)),
        };
        let cut_off = self.cut_off(name).await;
        let removed = self.remove_resources(name, force).await;
        let removal = match removed {
            Err(error) if !force => Removal::failed(error),
            removed => self.forget(name, Some(lock), removed.err()),
        };
        Removal { cut_off, ..removal }
    }

    /// The driver, where a keeper was killed in the middle of its create: then its file is there, and
    /// what was begun has no end in the journal.
    async fn cut_off(&self, name: &str) -> Option<String> {
        if !self.store.has_lock_file(LockName::Keeper(name)) {
            return None;
        }
        let entry = self.store.load(name).ok()?;
        let journal = self.journal(&entry.own.as_ref()?.id).ok()?;
        let known = resources(&journal.records().await.ok()?);
        let is_begun = known.iter().any(|resource| resource.open && resource.ids.is_empty());
        is_begun.then_some(entry.config.driver_name)
    }

    /// Removes machines side by side, each as [`Machines::remove`] does. `done` hears of each in the
    /// order given: whether there was such a machine, and how it ended.
    pub async fn remove_many(
        &self,
        names: &[String],
        force: bool,
        mut done: impl FnMut(&str, bool, Removal),
    ) {
        let distinct: BTreeSet<_> = names.iter().collect();
        // Whoever names a machine twice is told that it is gone the second time.
        let at_once = if distinct.len() == names.len() { AT_ONCE } else { 1 };
        let removed = names.iter().map(|name| async move {
            let known = self.store.exists(name);
            (name, known, self.remove(name, force).await)
        });
        let mut removed = pin!(stream::iter(removed).buffered(at_once));
        while let Some((name, known, removal)) = removed.next().await {
            done(name, known, removal);
        }
    }

    async fn remove_resources(&self, name: &str, force: bool) -> Result<()> {
        let mut entry = self.store.load(name)?;
        let provider = self.signed_in(&entry).await?;
        let id = self.own_id(&mut entry)?;
        let store_id = self.store.id()?;
        let journal = self.journal(&id)?;
        let removed =
            self.remove_by_journal(provider.as_ref(), &mut entry, &journal, &id, &store_id).await;
        if removed.is_err() {
            // The first error is the one to tell.
            self.store.save(&entry).ok();
            if force && !provider.capabilities().find_tagged {
                let about = About::of(&entry).with_settings(entry.config.driver.clone());
                if let Err(error) = about.note(&journal).await {
                    tracing::warn!("the driver's settings cannot be kept for later: {error}");
                }
            }
        }
        // Before the entry: a journal without one would look like something that may remain.
        let closed = journal.close().await.map(|_| ());
        removed.and(closed)
    }

    async fn remove_by_journal(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        journal: &dyn Journal,
        id: &str,
        store_id: &str,
    ) -> Result<()> {
        if provider.capabilities().find_tagged {
            About::of(entry).note(journal).await.ok(); // only helps a later look
        }
        let operation = Operation::new(self, &entry.name, id, store_id);
        let mut state = entry.config.driver.clone();
        merge(journal, provider.adopt(&state)?).await?;
        let removed = provider.remove(&operation.cx(journal), &mut state).await;
        entry.config.driver = state;
        removed
    }

    /// A machine of another program gets an id, durable before anything is recorded under it.
    pub(super) fn own_id(&self, entry: &mut Entry) -> Result<String> {
        if let Some(own) = &entry.own {
            return Ok(own.id.clone());
        }
        let own = Own::new();
        let id = own.id.clone();
        entry.own = Some(own);
        self.store.save(entry)?;
        Ok(id)
    }

    fn forget(&self, name: &str, lock: Option<Lock>, error: Option<Error>) -> Removal {
        match self.store.forget(name) {
            Ok(()) => {
                if let Some(lock) = lock {
                    self.store.discard(LockName::Keeper(name)); // a killed keeper left it
                    lock.unlink().ok(); // nobody needs the file; it is only left behind
                }
                Removal::gone(error)
            }
            Err(failed) => Removal::failed(error.unwrap_or(failed)),
        }
    }
}
