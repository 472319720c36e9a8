//! Whose account a machine is in, for a removal that has nothing but the journal.
use crate::scope::Scope;
use machine_core::{Journal, Record, Result, State, resources};
use serde::{Deserialize, Serialize};

/// A remark among a journal's records, which adds up to no resource.
#[derive(Deserialize, Serialize)]
#[serde(tag = "record", rename = "owner")]
struct Owner {
    /// Account number.
    account: String,
}

/// Writes it down, unless it is there.
pub(crate) async fn note(journal: &dyn Journal, account: &str) -> Result<()> {
    if noted(&journal.records().await?).as_deref() == Some(account) {
        return Ok(());
    }
    let text = State::new(&Owner { account: account.to_owned() })?.as_json().to_owned();
    journal.append(Record::Unknown { key: None, text }).await
}

/// The account number; none where it was never written down.
pub(crate) fn noted(records: &[Record]) -> Option<String> {
    let account = |text| Some(State::from_json(text).ok()?.read::<Owner>().ok()?.account);
    records.iter().rev().find_map(|record| match record {
        Record::Unknown { key: None, text } => account(text),
        _ => None,
    })
}

/// Where something of the machine still is.
pub(crate) fn place(records: &[Record]) -> Option<Scope> {
    let open = resources(records).into_iter().find(|resource| resource.open);
    open.map(|resource| Scope::parse(&resource.intent.scope))
}
