use super::super::account::MemoryThing;
use super::super::client::MemoryClient;
use super::super::state::MemoryState;
use super::listed;
use async_trait::async_trait;
use machine_core::{Cx, ErrorKind, Intent, Result, State, Step, TAG_MACHINE};

/// The public key, under a name that no other machine has.
pub(crate) struct Key(pub(crate) MemoryClient);

#[async_trait]
impl Step for Key {
    fn name(&self) -> &str {
        "key"
    }

    async fn intent(&self, cx: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let region = state.read::<MemoryState>()?.region;
        let intent = Intent::new("key", region).with_name(format!("docker-machine-{}", cx.id));
        Ok((attempt == 0).then_some(intent))
    }

    async fn make(&self, cx: &Cx<'_>, _: &mut State, intent: &Intent) -> Result<String> {
        let thing = MemoryThing {
            kind: "key".to_owned(),
            name: intent.name.clone().unwrap_or_default(),
            region: intent.scope.clone(),
            tags: cx.tags.clone(),
            ..MemoryThing::default()
        };
        self.0.make(thing).await.map_err(|e| match e.kind() {
            ErrorKind::Quota => e.with_no_effect(),
            _ => e,
        })
    }

    async fn find(&self, cx: &Cx<'_>, _: &State, intent: &Intent) -> Result<Vec<String>> {
        let ours = |t: &MemoryThing| {
            t.kind == "key"
                && t.region == intent.scope
                && t.tags.get(TAG_MACHINE).is_some_and(|id| id == cx.id)
        };
        listed(&self.0, cx, ours).await
    }

    async fn unmake(&self, _: &Cx<'_>, _: &mut State, intent: &Intent, id: &str) -> Result<()> {
        self.0.delete(&intent.scope, id).await // goes at once
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        let mut fields: MemoryState = state.read()?;
        fields.key_id = id.unwrap_or_default().to_owned();
        state.write(&fields)
    }
}
