//! `ls --filter`.

use crate::context::Context;
use crate::failure::{Failure, chain};
use crate::regexp;
use machine_core::{Error, MachineState, Status};
use machine_host::Entry;
use std::collections::BTreeMap;

/// Conditions by key: one of each key's must hold.
#[derive(Debug, Default)]
pub(super) struct Filters {
    swarm: Vec<String>,
    driver: Vec<String>,
    state: Vec<String>,
    name: Vec<String>,
    label: Vec<String>,
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

impl Filters {
    /// Reads `KEY=VALUE`s.
    pub(super) fn parse(given: &[String]) -> Result<Self, Failure> {
        let mut filters = Self::default();
        for text in given {
            let Some((key, value)) = text.split_once('=') else {
                return Err(Failure::new("Unsupported filter syntax"));
            };
            let key = key.to_lowercase();
            let list = match key.as_str() {
                "swarm" => &mut filters.swarm,
                "driver" => &mut filters.driver,
                "state" => &mut filters.state,
                "name" => &mut filters.name,
                "label" => &mut filters.label,
                _ => return Err(Failure::new(format!("Unsupported filter key '{key}'"))),
            };
            list.push(value.to_owned());
        }
        Ok(filters)
    }

    /// Whether machines must be asked for their state.
    pub(super) fn need_states(&self) -> bool {
        !self.state.is_empty()
    }

    /// The machines that pass. `statuses` answers for each, where it was asked.
    pub(super) fn apply(
        &self,
        context: &Context,
        entries: Vec<Entry>,
        statuses: &[Result<Status, Error>],
    ) -> Result<Vec<Entry>, Failure> {
        if entries.is_empty() {
            return Ok(entries);
        }
        let patterns = self.name.iter().map(|p| regexp::compile(p)).collect::<Result<Vec<_>, _>>();
        let patterns = patterns.map_err(Failure::new)?;
        let masters = masters(&entries);
        let mut passed = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let passes = self.swarm_passes(&entry, &masters)
                && self.driver_passes(&entry)
                && self.state_passes(context, statuses.get(index))
                && self.label_passes(&entry)
                && (patterns.is_empty() || patterns.iter().any(|p| p.is_match(&own_name(&entry))));
            if passes {
                passed.push(entry);
            }
        }
        Ok(passed)
    }

    fn swarm_passes(&self, entry: &Entry, masters: &BTreeMap<String, String>) -> bool {
        if self.swarm.is_empty() {
            return true;
        }
        let Ok(Some(swarm)) = entry.config.host.swarm() else { return false };
        let master = masters.get(&swarm.discovery).map(String::as_str).unwrap_or_default();
        self.swarm.iter().any(|name| same(name, master))
    }

    fn driver_passes(&self, entry: &Entry) -> bool {
        let driver = &entry.config.driver_name;
        self.driver.is_empty() || self.driver.iter().any(|name| same(name, driver))
    }

    fn state_passes(&self, context: &Context, status: Option<&Result<Status, Error>>) -> bool {
        if self.state.is_empty() {
            return true;
        }
        let state = match status {
            Some(Ok(status)) => status.state,
            Some(Err(error)) => {
                context.out.news(&chain(error));
                MachineState::Error
            }
            None => MachineState::None,
        };
        self.state.iter().any(|name| same(name, &state.to_string()))
    }

    fn label_passes(&self, entry: &Entry) -> bool {
        if self.label.is_empty() {
            return true;
        }
        let Ok(Some(engine)) = entry.config.host.engine() else { return false };
        // Of labels with the same key the last counts.
        let labels: BTreeMap<&str, &str> =
            engine.labels.iter().filter_map(|label| label.split_once('=')).collect();
        self.label
            .iter()
            .filter_map(|wanted| wanted.split_once('='))
            .any(|(key, value)| labels.get(key).is_some_and(|found| same(found, value)))
    }
}

/// The driver's own name of the machine, where it says one.
fn own_name(entry: &Entry) -> String {
    #[derive(serde::Deserialize)]
    struct Named {
        #[serde(rename = "MachineName", default)]
        name: String,
    }
    match entry.config.driver.read::<Named>() {
        Ok(named) if !named.name.is_empty() => named.name,
        _ => entry.name.clone(),
    }
}

/// Names of swarm masters by their discovery strings.
pub(super) fn masters(entries: &[Entry]) -> BTreeMap<String, String> {
    let master = |entry: &Entry| {
        let swarm = entry.config.host.swarm().ok().flatten().filter(|swarm| swarm.master)?;
        Some((swarm.discovery, entry.name.clone()))
    };
    entries.iter().filter_map(master).collect()
}
