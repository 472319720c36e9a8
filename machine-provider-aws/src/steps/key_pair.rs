use super::look::Rounds;
use super::{KEY_PAIR, own_tags, session};
use crate::account::Account;
use crate::client::{KeyPair, is};
use crate::error::Failure;
use crate::scope::Scope;
use crate::state::Driver;
use crate::user_key;
use async_trait::async_trait;
use machine_core::{Cx, Error, Intent, Result, State, Step, TAG_MACHINE};
use serde::Serialize;
use std::sync::Arc;

/// The machine's key pair; its id is its name.
pub(crate) struct KeyPairStep {
    pub(crate) account: Arc<Account>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    key_name: &'a str,
}

/// Begins with the machine's name, for people and for policies that go by it, and ends with what
/// no other machine of that name has.
fn name(cx: &Cx<'_>) -> String {
    let short: String = cx.id.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("{}-{short}", cx.name)
}

fn is_ours(cx: &Cx<'_>, pair: &KeyPair) -> bool {
    pair.tags.get(TAG_MACHINE).is_some_and(|id| id == cx.id)
}

#[async_trait]
impl Step for KeyPairStep {
    fn name(&self) -> &str {
        KEY_PAIR
    }

    async fn intent(&self, cx: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let scope = Scope::of(&state.read()?).to_string();
        Ok((attempt == 0).then(|| Intent::new(KEY_PAIR, scope).with_name(name(cx))))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, intent: &Intent) -> Result<String> {
        let driver: Driver = state.read()?;
        let public_key = match driver.ssh_private_key_path.is_empty() {
            true => cx.public_key.to_owned(),
            false => user_key::public_half(&driver).map_err(|e| Error::from(e).with_no_effect())?,
        };
        if public_key.trim().is_empty() {
            return Err(Error::from(Failure::NoPublicKey).with_no_effect());
        }
        let session = session(&self.account, cx, state, intent).await?;
        let name = intent.name.clone().unwrap_or_else(|| name(cx));
        let tags = own_tags(cx, &driver, &name);
        let call = session.call(|ec2| ec2.import_key_pair(&name, &public_key, &tags));
        let error = match call.await {
            Ok(()) => return Ok(name),
            Err(error) => error,
        };
        if error.code() != "InvalidKeyPair.Duplicate" {
            return Err(error.into());
        }
        // Ours, where the reply to an earlier try was lost.
        let filter = [is("key-name", &name)];
        let mut rounds = Rounds::of_lag(cx.clock);
        loop {
            let is_last = rounds.last().await;
            let found = session.call(|ec2| ec2.key_pairs(&filter)).await?;
            match found.iter().find(|pair| pair.name == name) {
                Some(pair) if is_ours(cx, pair) => return Ok(name),
                Some(_) => return Err(Error::from(Failure::KeyPairTaken(name)).with_no_effect()),
                None if is_last => return Err(error.with_effect().into()),
                None => {}
            }
        }
    }

    async fn find(&self, cx: &Cx<'_>, state: &State, intent: &Intent) -> Result<Vec<String>> {
        let session = session(&self.account, cx, state, intent).await?;
        let filter = match &intent.name {
            Some(name) => is("key-name", name),
            None => is("tag:docker-machine-id", cx.id),
        };
        let filter = [filter];
        let mut rounds = Rounds::of_lag(cx.clock);
        loop {
            let is_last = rounds.last().await;
            let pairs = session.call(|ec2| ec2.key_pairs(&filter)).await?;
            let ours = pairs.into_iter().filter(|pair| is_ours(cx, pair));
            let names: Vec<_> = ours.map(|pair| pair.name).collect();
            if is_last || !names.is_empty() {
                return Ok(names);
            }
        }
    }

    async fn unmake(
        &self,
        cx: &Cx<'_>,
        state: &mut State,
        intent: &Intent,
        id: &str,
    ) -> Result<()> {
        let session = session(&self.account, cx, state, intent).await?;
        Ok(session.call(|ec2| ec2.delete_key_pair(id)).await?)
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        state.write(&Shown { key_name: id.unwrap_or_default() })
    }
}
