use super::super::account::MemoryThing;
use super::super::client::MemoryClient;
use super::super::error::CloudError;
use super::super::state::MemoryState;
use super::{PAUSE, listed};
use async_trait::async_trait;
use machine_core::{Cx, Error, ErrorKind, Intent, Result, State, Step, TAG_MACHINE};
use std::time::Duration;

/// Longest wait for an instance to stop or to go.
const LIMIT: Duration = Duration::from_secs(600);

/// The instance, in the first zone that has room.
pub(crate) struct Instance(pub(crate) MemoryClient);

#[async_trait]
impl Step for Instance {
    fn name(&self) -> &str {
        "instance"
    }

    async fn intent(&self, _: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let MemoryState { region, zones, .. } = state.read()?;
        Ok(zones.get(attempt).map(|zone| Intent::new("instance", region).with_choice(zone)))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, intent: &Intent) -> Result<String> {
        let mut fields: MemoryState = state.read()?;
        let zone = intent.choice.clone().unwrap_or_default();
        let thing = MemoryThing {
            kind: "instance".to_owned(),
            region: intent.scope.clone(),
            zone: zone.clone(),
            size: fields.size,
            token: intent.token.clone(),
            tags: cx.tags.clone(),
            uses: vec![fields.key_id.clone(), fields.group_id.clone()],
            ..MemoryThing::default()
        };
        let id = self.0.make(thing).await.map_err(|e| match e.kind() {
            ErrorKind::Quota | ErrorKind::Capacity => e.with_no_effect(),
            _ => e,
        })?;
        // A create that is cut off here carries on with this instance, and finds its zone.
        fields.zone = zone;
        state.write(&fields)?;
        cx.save(state).await?;
        Ok(id)
    }

    async fn find(&self, cx: &Cx<'_>, _: &State, intent: &Intent) -> Result<Vec<String>> {
        let ours = |t: &MemoryThing| {
            t.kind == "instance"
                && t.region == intent.scope
                && t.tags.get(TAG_MACHINE).is_some_and(|id| id == cx.id)
        };
        listed(&self.0, cx, ours).await
    }

    async fn unmake(&self, cx: &Cx<'_>, _: &mut State, intent: &Intent, id: &str) -> Result<()> {
        self.0.delete(&intent.scope, id).await?;
        // Accepted is not done: until it is gone it holds the group, as a neighbour would.
        let end = cx.clock.now() + LIMIT;
        loop {
            match self.0.get(&intent.scope, id).await {
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
                Err(e) => return Err(e),
                Ok(_) if cx.clock.now() >= end => return Err(too_slow(id, "gone")),
                Ok(_) => cx.clock.sleep(PAUSE).await,
            }
        }
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        let mut fields: MemoryState = state.read()?;
        fields.instance_id = id.unwrap_or_default().to_owned();
        state.write(&fields)
    }

    /// Another zone may have room, and may answer.
    fn again(&self, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::Capacity | ErrorKind::Indeterminate)
    }
}

/// Waits until an instance that was told to stop has stopped.
pub(crate) async fn switched_off(
    client: &MemoryClient,
    cx: &Cx<'_>,
    region: &str,
    id: &str,
) -> Result<()> {
    let end = cx.clock.now() + LIMIT;
    loop {
        let thing = client.get(region, id).await?;
        if !client.is_switching(&thing) {
            return Ok(());
        }
        if cx.clock.now() >= end {
            return Err(too_slow(id, "stopped"));
        }
        cx.clock.sleep(PAUSE).await;
    }
}

fn too_slow(id: &str, what: &'static str) -> Error {
    let (id, seconds) = (id.to_owned(), LIMIT.as_secs());
    CloudError::TooSlow { id, what, seconds }.into()
}
