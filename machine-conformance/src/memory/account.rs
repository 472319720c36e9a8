use crate::Faults;
use machine_core::Clock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The secret key that the account accepts.
pub const SECRET_KEY: &str = "hunter2-hunter2";

/// How long a thing takes to start or to stop.
const SWITCHING: Duration = Duration::from_secs(10);
/// How long an instance takes to go, once its deletion was accepted.
const GOING: Duration = Duration::from_secs(30);

/// A resource of the account: what a call asks for, and what a look shows.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MemoryThing {
    /// `key`, `group` or `instance`.
    pub kind: String,
    /// Taken once per kind; empty: none.
    pub name: String,
    /// Where its id is valid.
    pub region: String,
    /// Zone `full` has no capacity.
    pub zone: String,
    /// A known one is answered with what it made; empty: none.
    pub token: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Ids that cannot go before this one.
    pub uses: Vec<String>,
    /// Size, where it has one.
    pub size: u32,
    /// Address, where it has one.
    pub ip: String,
    /// Running, or on its way there.
    pub on: bool,
    /// Starting or stopping until then, by the account's clock.
    pub settles: Duration,
    /// When it was made, by the account's clock.
    pub made: Duration,
    /// Its deletion was accepted, and is carried out then.
    pub goes: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Things {
    pub(super) all: BTreeMap<String, MemoryThing>,
    next: u32,
}

/// A pretended account of a pretended service.
#[derive(Clone, Debug, Default)]
pub struct MemoryAccount {
    things: Arc<Mutex<Things>>,
    faults: Faults,
}

impl MemoryAccount {
    /// Its fault points.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// All ids, those that are going among them.
    pub fn ids(&self) -> Vec<String> {
        self.things().all.keys().cloned().collect()
    }

    /// Makes a group by hand, as another program would.
    pub fn make_group(&self, name: &str, tags: BTreeMap<String, String>) {
        let (kind, name, region) = ("group".to_owned(), name.to_owned(), "here".to_owned());
        self.things().add(MemoryThing { kind, name, region, tags, ..MemoryThing::default() });
    }

    /// Deletes by hand.
    pub fn delete(&self, id: &str) {
        self.things().all.remove(id);
    }

    /// The secret key of a profile on this computer.
    pub(super) fn profile(&self, name: &str) -> Option<&'static str> {
        (name == "dev").then_some(SECRET_KEY)
    }

    /// What is there now.
    pub(super) fn things(&self) -> MutexGuard<'_, Things> {
        let now = self.faults.clock().now();
        let mut things = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        things.all.retain(|_, thing| thing.goes.is_none_or(|goes| goes > now));
        things
    }

    pub(super) fn switch(&self, thing: &mut MemoryThing, on: bool) {
        (thing.on, thing.settles) = (on, self.faults.clock().now() + SWITCHING);
    }

    /// Instances take their time; the rest goes at once.
    pub(super) fn let_go(&self, thing: &mut MemoryThing) {
        let now = self.faults.clock().now();
        let going = if thing.kind == "instance" { GOING } else { Duration::ZERO };
        thing.goes = thing.goes.or(Some(now + going));
    }
}

impl Things {
    pub(super) fn add(&mut self, mut thing: MemoryThing) -> String {
        self.next += 1;
        let id = format!("{}-{}", thing.kind, self.next);
        if thing.kind == "instance" {
            thing.ip = format!("192.0.2.{}", self.next % 250 + 1);
        }
        self.all.insert(id.clone(), thing);
        id
    }
}
