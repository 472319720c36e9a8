//! One resource each, in order of creation.
mod group;
mod instance;
mod key;

pub(super) use group::Group;
pub(super) use instance::{Instance, switched_off};
pub(super) use key::Key;

use super::account::MemoryThing;
use super::client::MemoryClient;
use crate::LAG;
use machine_core::{Cx, Result};
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(5);

/// Lists until something is found, or "none" is the truth.
async fn listed(
    client: &MemoryClient,
    cx: &Cx<'_>,
    filter: impl Fn(&MemoryThing) -> bool + Send + Sync,
) -> Result<Vec<String>> {
    let until = cx.clock.now() + LAG;
    loop {
        let truth = cx.clock.now() >= until; // asked before the call, which takes time too
        let found = client.list(&filter).await?;
        if !found.is_empty() || truth {
            return Ok(found.into_iter().map(|(id, _)| id).collect());
        }
        cx.clock.sleep(PAUSE).await;
    }
}
