//! What carries a store's tag, whoever remembers it.
use crate::client::{InstanceState, Tags, is};
use crate::session::Session;
use crate::steps::{GROUP, INSTANCE, KEY_PAIR};
use machine_core::{Found, Intent, Result, TAG_MACHINE};
use std::time::{Duration, SystemTime};

const TAG_STORE_FILTER: &str = "tag:docker-machine-store";

pub(crate) async fn find(session: &Session<'_>, scope: &str, store: &str) -> Result<Vec<Found>> {
    let filter = [is(TAG_STORE_FILTER, store)];
    let (pairs, groups, instances, requests) = tokio::join!(
        session.call(|ec2| ec2.key_pairs(&filter)),
        session.call(|ec2| ec2.groups(&filter)),
        session.call(|ec2| ec2.instances(&filter)),
        session.call(|ec2| ec2.spot_requests(&filter)),
    );
    let machine = |tags: &Tags| tags.get(TAG_MACHINE).cloned();
    let mut all = Vec::new();
    for pair in pairs? {
        let intent = Intent::new(KEY_PAIR, scope).with_name(pair.name.clone());
        let found = Found::new(machine(&pair.tags), KEY_PAIR, intent, pair.name);
        all.push(found.with_age(age(pair.since)));
    }
    for group in groups? {
        // Shared, whatever else its tags say.
        let intent = Intent::new(GROUP, scope).with_name(group.name).with_shared();
        all.push(Found::new(None, GROUP, intent, group.id));
    }
    // Instance and request under keys of their own: either leads to the other.
    for request in requests?.into_iter().filter(|request| request.alive) {
        let intent = Intent::new(INSTANCE, scope);
        let found = Found::new(machine(&request.tags), INSTANCE, intent, request.id);
        all.push(found.with_age(age(request.since)));
    }
    for instance in instances? {
        if instance.state != InstanceState::Terminated {
            let intent = Intent::new(INSTANCE, scope);
            let found = Found::new(machine(&instance.tags), INSTANCE, intent, instance.id);
            all.push(found.with_age(age(instance.since)));
        }
    }
    Ok(all)
}

fn age(since: Option<SystemTime>) -> Option<Duration> {
    // From the future, where this computer's clock is behind: brand new.
    Some(SystemTime::now().duration_since(since?).unwrap_or_default())
}
