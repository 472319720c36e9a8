//! What a machine is made of, in order of creation.
mod instance;
mod key_pair;
mod look;
mod security_group;

pub(crate) use instance::InstanceStep;
pub(crate) use key_pair::KeyPairStep;
pub(crate) use look::{Rounds, is_instance_id, wait_for};
pub(crate) use security_group::{Ensured, GroupStep, is_ours, named};

use crate::account::Account;
use crate::client::Tags;
use crate::scope::Scope;
use crate::session::Session;
use crate::state::Driver;
use machine_core::{Cx, Intent, Result, State, TAG_MACHINE, TAG_STORE};
use std::sync::Arc;

/// Names of the steps: journals keep them.
pub(crate) const KEY_PAIR: &str = "key-pair";
pub(crate) const GROUP: &str = "security-group";
pub(crate) const INSTANCE: &str = "instance";

/// What a removal has to go by: where the intent says, as whom the state or the provider says.
async fn session<'c>(
    account: &Arc<Account>,
    cx: &Cx<'c>,
    state: &State,
    intent: &Intent,
) -> Result<Session<'c>> {
    // A state that cannot be read must not keep what the journal knows from being removed.
    let driver: Driver = state.read().unwrap_or_default();
    Ok(account.session(cx.clock, &driver, &Scope::parse(&intent.scope)).await)
}

/// Tags of a machine's own resource.
fn own_tags(cx: &Cx<'_>, driver: &Driver, name: &str) -> Tags {
    let (mut tags, _) = user_tags(&driver.tags);
    tags.insert("Name".to_owned(), name.to_owned());
    tags.extend(cx.tags.clone()); // the store's and the machine's cannot be overridden
    tags.insert(TAG_MACHINE.to_owned(), cx.id.to_owned());
    tags
}

/// Tags of what machines share: the store's, not a machine's. A caller without a store still gets
/// a group that a later removal knows for its own.
fn shared_tags(cx: &Cx<'_>, driver: &Driver, name: &str) -> Tags {
    let mut tags = own_tags(cx, driver, name);
    tags.remove(TAG_MACHINE);
    let store = tags.entry(TAG_STORE.to_owned()).or_default();
    if store.is_empty() {
        cx.id.clone_into(store);
    }
    tags
}

/// `k1,v1,k2,v2` as pairs, and how many elements an odd list has, whose last is dropped.
pub(crate) fn user_tags(text: &str) -> (Tags, Option<usize>) {
    if text.is_empty() {
        return (Tags::new(), None);
    }
    let parts: Vec<_> = text.split(',').collect();
    let (pairs, rest) = parts.as_chunks::<2>();
    let tags = pairs.iter().map(|[key, value]| ((*key).to_owned(), (*value).to_owned()));
    (tags.collect(), (!rest.is_empty()).then_some(parts.len()))
}

/// A key for one more attempt of a step, which no record has.
fn next_key(known: &[machine_core::Resource], step: &str) -> String {
    let of_step = known.iter().filter(|resource| resource.intent.step() == step).count();
    let is_new = |key: &String| known.iter().all(|resource| resource.intent.key != *key);
    let mut keys = (of_step + 1..).map(|n| format!("{step}/{n}"));
    keys.find(is_new).unwrap_or_default()
}

/// The first zone letter or name, for readers of Docker Machine's `Zone`.
pub(crate) fn zone_letter<'a>(region: &str, zone: &'a str) -> &'a str {
    zone.strip_prefix(region).filter(|letter| !letter.is_empty()).unwrap_or(zone)
}

#[cfg(test)]
mod tests {
    use super::user_tags;

    #[test]
    fn tags_come_in_pairs() {
        let (tags, odd) = user_tags("a,1,b,");
        assert_eq!(
            tags.into_iter().collect::<Vec<_>>(),
            [("a".into(), "1".into()), ("b".into(), "".into())]
        );
        assert_eq!(odd, None);
        let (tags, odd) = user_tags("a,1,b");
        assert_eq!((tags.len(), odd), (1, Some(3)));
        assert_eq!(user_tags(""), (Default::default(), None));
    }
}
