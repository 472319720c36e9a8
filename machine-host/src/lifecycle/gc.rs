use super::Machines;
use super::about::About;
use super::operation::Operation;
use crate::FileJournal;
use crate::store::{Entry, Lock, LockName};
use machine_core::{
    Error, ErrorKind, Found, Journal, MemoryJournal, Record, Resource, Result, State, merge,
    resources,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What has no journal here is left alone until it is that old: somebody may be making it.
const YOUNG: Duration = Duration::from_secs(60 * 60);

/// Where to look for what belongs to no machine.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OrphansSpec {
    /// Only what these made; none means any driver.
    pub drivers: Vec<String>,
    /// Drivers to ask in [`OrphansSpec::scopes`] where [`OrphansSpec::drivers`] names none; those
    /// that cannot find by tag are passed over.
    pub asked: Vec<String>,
    /// Regions (in a provider's words) to look in, beside those that journals name.
    pub scopes: Vec<String>,
    /// Another store whose resources are meant: one that was lost. Default: this one.
    pub store_id: Option<String>,
}

/// All that was found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Orphans {
    /// Machines' first; what machines shared comes last.
    pub all: Vec<Orphan>,
    /// Resources that have no journal here and may still be in the making: left alone.
    pub young: usize,
    /// Machines that another command works on: left alone.
    pub busy: usize,
    /// Where it could not be looked, and why.
    pub failures: Vec<Error>,
    /// Places that were to be looked at; where there are none, nothing was found out.
    pub places: usize,
}

/// What is left of one machine that is not in the store, or what machines shared.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Orphan {
    /// Its id; none for what machines shared.
    pub machine: Option<String>,
    /// Its name, where the journal tells.
    pub name: Option<String>,
    /// Its driver.
    pub driver: String,
    /// What may be left.
    pub parts: Vec<OrphanPart>,
    account: Account,
    records: Vec<Record>,
    has_journal: bool,
    /// What the journal keeps of the machine's settings.
    settings: Option<State>,
}

/// One resource.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OrphanPart {
    /// The provider's word for it.
    pub kind: String,
    /// Where it is.
    pub scope: String,
    /// Its id; empty where only the intention is known.
    pub id: String,
}

/// Driver, and where the credentials come from.
type Account = (String, Option<String>);

/// What the store itself knows.
#[derive(Default)]
struct Known {
    /// Ids of machines that have an entry.
    kept: BTreeSet<String>,
    /// Places that journals name.
    places: BTreeSet<(Account, String)>,
    /// Ids that machines of the store use.
    used: BTreeSet<String>,
    /// Places where a machine of the store makes something shared just now.
    making: BTreeSet<String>,
    /// What a machine of the store uses could not be read: nothing shared is anybody's orphan.
    is_blind: bool,
    /// Machines whose journal is in use.
    busy: BTreeSet<String>,
    orphans: BTreeMap<(Account, String), Orphan>,
    failures: Vec<Error>,
}

impl Machines {
    /// Looks for what carries the store's tag, or stands in a journal, and belongs to no machine of
    /// the store. Deletes nothing.
    ///
    /// # Errors
    /// When the store cannot be read: what belongs to an unreadable machine must not be taken for
    /// nobody's.
    pub async fn orphans(&self, spec: &OrphansSpec) -> Result<Orphans> {
        let own = self.store.id()?;
        let store = spec.store_id.as_deref().unwrap_or(&own);
        let mut known = self.known(spec, store == own)?;
        let asked = if spec.drivers.is_empty() { &spec.asked } else { &spec.drivers };
        for driver in asked {
            let accounts = known.places.iter().map(|(account, _)| account);
            let mut accounts: BTreeSet<_> = accounts.filter(|a| a.0 == *driver).cloned().collect();
            if accounts.is_empty() {
                accounts.insert((driver.clone(), None));
            }
            for scope in &spec.scopes {
                known.places.extend(accounts.iter().map(|a| (a.clone(), scope.clone())));
            }
        }
        let mut out =
            Orphans { failures: std::mem::take(&mut known.failures), ..Orphans::default() };
        let mut shared = Vec::new();
        let places = std::mem::take(&mut known.places);
        out.places = places.len();
        for (account, scope) in places {
            match self.tagged(&account, &scope, store).await {
                Ok(found) => known.sort(&account, &scope, found, &mut out, &mut shared),
                Err(error) => {
                    let place = format!("{} in {scope}", account.0);
                    let told = Error::new(error.kind(), place, error.to_string());
                    out.failures.push(told.with_source(error));
                }
            }
        }
        out.busy = known.busy.len();
        out.all = known.orphans.into_values().chain(shared).collect();
        out.all.retain(|orphan| !orphan.parts.is_empty());
        Ok(out)
    }

    /// Deletes it, by the one way to delete. What cannot be deleted stays in its journal, if it has
    /// one.
    ///
    /// # Errors
    /// With all that may remain.
    pub async fn collect(&self, orphan: &Orphan, spec: &OrphansSpec) -> Result<()> {
        let (driver, source) = &orphan.account;
        let provider = self.signed_in_as(driver, source.as_deref()).await?;
        let own = self.store.id()?;
        let store = spec.store_id.as_deref().unwrap_or(&own);
        let id = orphan.machine.as_deref().unwrap_or(store);
        let name = orphan.name.as_deref().unwrap_or(id);
        let lock = match orphan.settings {
            Some(_) => Some(self.lock_of_none(name)?),
            None => None,
        };
        let operation = Operation::new(self, name, id, store);
        let remove = async |journal: &dyn Journal| {
            merge(journal, orphan.records.clone()).await?;
            let mut state = orphan.settings.clone().unwrap_or_default();
            let removed = provider.remove(&operation.cx(journal), &mut state).await;
            if removed.is_err() && orphan.settings.is_some() {
                // Half of it may be gone: the next attempt must not begin with what was before.
                let about = About::among(&journal.records().await?);
                if let Some(about) = about {
                    about.with_settings(state).note(journal).await?;
                }
            }
            removed
        };
        if !orphan.has_journal {
            return remove(&MemoryJournal::default()).await;
        }
        let journal = self.journal(id)?;
        let removed = remove(&journal).await;
        let closed = journal.close().await.map(drop);
        if let Some(lock) = lock {
            lock.unlink().ok(); // only left behind
        }
        removed.and(closed)
    }

    /// The lock of a name that no machine has: a driver that goes by names would remove the one that
    /// is there.
    fn lock_of_none(&self, name: &str) -> Result<Lock> {
        let conflict = |text: String| Error::new(ErrorKind::Conflict, "", text);
        let lock = self.store.try_lock(LockName::Machine(name))?;
        let lock = lock.ok_or_else(|| conflict(format!("another command works on {name:?}")))?;
        if self.store.exists(name) {
            return Err(conflict(format!(
                "there is a machine named {name:?} again, which the driver may take for the old one"
            )));
        }
        Ok(lock)
    }

    async fn tagged(&self, account: &Account, scope: &str, store: &str) -> Result<Vec<Found>> {
        let provider = self.signed_in_as(&account.0, account.1.as_deref()).await?;
        match provider.capabilities().find_tagged {
            true => provider.find_tagged(scope, store).await,
            false => Ok(Vec::new()),
        }
    }

    /// Journals first: a machine that is made meanwhile has its entry before its journal.
    fn known(&self, spec: &OrphansSpec, is_own: bool) -> Result<Known> {
        let journals = self.store.journals()?;
        let mut known = Known::default();
        for name in self.store.names()? {
            if let Some(own) = self.store.load_own(&name)? {
                known.kept.insert(own.id.clone());
                match self.store.load(&name) {
                    Ok(entry) => self.keep(&mut known, &entry, &own.id),
                    Err(error) => {
                        known.failures.push(error);
                        known.is_blind = true;
                    }
                }
            }
        }
        for id in journals {
            if known.kept.contains(&id) {
                continue;
            }
            match FileJournal::read(&self.store.journal_path(&id)) {
                Ok(records) if is_own => self.leave(&mut known, spec, &id, &records),
                Ok(_) => {}
                Err(error) => known.failures.push(error),
            }
        }
        Ok(known)
    }

    /// A machine of the store.
    fn keep(&self, known: &mut Known, entry: &Entry, id: &str) {
        let About { driver, source, .. } = About::of(entry);
        let records = FileJournal::read(&self.store.journal_path(id));
        let mut all = records.unwrap_or_else(|error| {
            known.failures.push(error);
            known.is_blind = true;
            Vec::new()
        });
        let provider = self.registry.provider(&driver);
        let adopted = provider.and_then(|provider| provider.adopt(&entry.config.driver).ok());
        all.extend(adopted.unwrap_or_default());
        for resource in resources(&all).into_iter().filter(|resource| resource.open) {
            let scope = resource.intent.scope;
            if resource.intent.shared && resource.ids.is_empty() {
                known.making.insert(scope.clone());
            }
            known.used.extend(resource.ids);
            known.places.insert(((driver.clone(), source.clone()), scope));
        }
    }

    /// A journal without a machine.
    fn leave(&self, known: &mut Known, spec: &OrphansSpec, id: &str, records: &[Record]) {
        let open: Vec<_> = resources(records).into_iter().filter(|r| r.open).collect();
        if open.is_empty() {
            return;
        }
        let about = About::among(records);
        let is_locked = |name: &str| self.store.is_locked(LockName::Machine(name));
        let in_use = about.as_ref().is_some_and(|about| is_locked(&about.name));
        if in_use || FileJournal::open(&self.store.journal_path(id)).is_err() {
            known.busy.insert(id.to_owned());
            return;
        }
        let driver = match (&about, spec.drivers.as_slice()) {
            (Some(about), _) => about.driver.clone(),
            (None, [only]) => only.clone(),
            (None, _) => {
                let path = self.store.journal_path(id);
                let text = format!("{}: it does not say which driver's it is", path.display());
                known.failures.push(Error::new(ErrorKind::InvalidOption, "", text));
                return;
            }
        };
        if !spec.drivers.is_empty() && !spec.drivers.contains(&driver) {
            return;
        }
        let account = (driver.clone(), about.as_ref().and_then(|about| about.source.clone()));
        for resource in &open {
            known.places.insert((account.clone(), resource.intent.scope.clone()));
        }
        // What others still use stays when this machine's share in it goes.
        let mut parts: Vec<_> = open.iter().flat_map(parts).collect();
        parts.retain(|part| !known.used.contains(&part.id));
        let orphan = Orphan {
            machine: Some(id.to_owned()),
            name: about.as_ref().map(|about| about.name.clone()),
            driver,
            parts,
            account: account.clone(),
            records: Vec::new(),
            has_journal: true,
            settings: about.and_then(|about| about.settings),
        };
        known.orphans.insert((account, id.to_owned()), orphan);
    }
}

impl Known {
    /// Tells orphans among what carries the tag in one place.
    fn sort(
        &mut self,
        account: &Account,
        scope: &str,
        found: Vec<Found>,
        out: &mut Orphans,
        shared: &mut Vec<Orphan>,
    ) {
        let is_young = |found: &Found| found.age.is_none_or(|age| age < YOUNG);
        let mut in_use = self.is_blind || self.making.contains(scope);
        let mut of_all = Vec::new();
        for found in found {
            let Some(id) = found.machine.clone() else {
                of_all.push(found);
                continue;
            };
            let key = (account.clone(), id.clone());
            if self.kept.contains(&id) || self.busy.contains(&id) {
                in_use = true;
            } else if let Some(orphan) = self.orphans.get_mut(&key) {
                orphan.add(&found);
            } else if is_young(&found) {
                (in_use, out.young) = (true, out.young + 1);
            } else {
                let mut orphan = Orphan::new(account, Some(id));
                orphan.add(&found);
                self.orphans.insert(key, orphan);
            }
        }
        let mut orphan = Orphan::new(account, None);
        let is_old = |found: &Found| found.age.is_none_or(|age| age >= YOUNG);
        // A machine's journal has it, which goes first.
        let is_told = |found: &Found| {
            let mut parts = self.orphans.values().flat_map(|orphan| &orphan.parts);
            parts.any(|part| part.id == found.id && part.scope == scope)
        };
        let free = |found: &&Found| {
            !in_use && is_old(found) && !self.used.contains(&found.id) && !is_told(found)
        };
        of_all.iter().filter(free).for_each(|found| orphan.add(found));
        shared.push(orphan);
    }
}

impl Orphan {
    fn new(account: &Account, machine: Option<String>) -> Self {
        Self {
            machine,
            name: None,
            driver: account.0.clone(),
            parts: Vec::new(),
            account: account.clone(),
            records: Vec::new(),
            has_journal: false,
            settings: None,
        }
    }

    fn add(&mut self, found: &Found) {
        let records = found.records();
        for part in resources(&records).iter().flat_map(parts) {
            if !self.parts.contains(&part) {
                self.parts.push(part);
            }
        }
        self.records.extend(records);
    }
}

/// A resource as a person sees it: one for each id, and one for an intention alone.
fn parts(resource: &Resource) -> Vec<OrphanPart> {
    let part = |id: &str| OrphanPart {
        kind: resource.intent.kind.clone(),
        scope: resource.intent.scope.clone(),
        id: id.to_owned(),
    };
    match resource.ids.as_slice() {
        [] => vec![part("")],
        ids => ids.iter().map(|id| part(id)).collect(),
    }
}
