use super::super::account::MemoryThing;
use super::super::client::MemoryClient;
use super::super::state::MemoryState;
use super::listed;
use async_trait::async_trait;
use machine_core::{Cx, ErrorKind, Intent, Result, State, Step, TAG_MACHINE, TAG_STORE};

const NAME: &str = "docker-machine";

/// The firewall that all machines of a store share.
pub(crate) struct Group(pub(crate) MemoryClient);

#[async_trait]
impl Step for Group {
    fn name(&self) -> &str {
        "group"
    }

    async fn intent(&self, _: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let region = state.read::<MemoryState>()?.region;
        let intent = Intent::new("group", region).with_name(NAME).with_shared();
        Ok((attempt == 0).then_some(intent))
    }

    async fn make(&self, cx: &Cx<'_>, _: &mut State, intent: &Intent) -> Result<String> {
        let there =
            |t: &MemoryThing| t.kind == "group" && t.name == NAME && t.region == intent.scope;
        if let Some((id, _)) = self.0.list(there).await?.pop() {
            return Ok(id);
        }
        // The store's tag, and no machine's: it is nobody's own.
        let mut tags = cx.tags.clone();
        tags.remove(TAG_MACHINE);
        let thing = MemoryThing {
            kind: "group".to_owned(),
            name: NAME.to_owned(),
            region: intent.scope.clone(),
            tags,
            ..MemoryThing::default()
        };
        match self.0.make(thing).await {
            // Made by another machine since we looked, or listed late.
            Err(e) if e.kind() == ErrorKind::Conflict => {
                listed(&self.0, cx, there).await?.pop().ok_or(e)
            }
            Err(e) if e.kind() == ErrorKind::Quota => Err(e.with_no_effect()),
            made => made,
        }
    }

    async fn find(&self, cx: &Cx<'_>, _: &State, intent: &Intent) -> Result<Vec<String>> {
        let there =
            |t: &MemoryThing| t.kind == "group" && t.name == NAME && t.region == intent.scope;
        listed(&self.0, cx, there).await
    }

    async fn unmake(&self, cx: &Cx<'_>, _: &mut State, intent: &Intent, id: &str) -> Result<()> {
        let group = self.0.get(&intent.scope, id).await?;
        if group.tags.get(TAG_STORE) != cx.tags.get(TAG_STORE) {
            return Ok(()); // the user's own, or another store's
        }
        self.0.delete(&intent.scope, id).await // refused while another machine uses it
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        let mut fields: MemoryState = state.read()?;
        fields.group_id = id.unwrap_or_default().to_owned();
        state.write(&fields)
    }
}
