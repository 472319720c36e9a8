//! What `--format json` prints: `docs/json.md` describes it.

use machine_core::MachineState;
use machine_host::Config;
use serde::{Serialize, Serializer};

/// The value of `--format` that asks for it.
pub(crate) const FORMAT: &str = "json";

/// Raised when a field goes or changes its meaning; a new field is no change.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    machines: &'a [Machine<'a>],
}

/// One machine. A field of which there is nothing to say is left out.
#[derive(Default, Serialize)]
pub(crate) struct Machine<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) driver: &'a str,
    #[serde(skip_serializing_if = "is_unknown", serialize_with = "state")]
    pub(crate) state: Option<MachineState>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) engine_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_ms: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) error: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) hint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<&'a Config>,
}

fn is_unknown(state: &Option<MachineState>) -> bool {
    matches!(state, None | Some(MachineState::None))
}

/// The words of `status`.
fn state<S: Serializer>(state: &Option<MachineState>, to: S) -> Result<S::Ok, S::Error> {
    match state {
        Some(MachineState::NotFound) => to.serialize_str("Not Found"),
        state => to.collect_str(&state.unwrap_or(MachineState::None)),
    }
}

/// One line.
pub(crate) fn document(machines: &[Machine<'_>]) -> String {
    // Strings, numbers and sound JSON only: cannot fail.
    compact(&serde_json::to_string(&Document { version: VERSION, machines }).unwrap_or_default())
}

/// Parts of a configuration keep the text that they have in the file.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        let kept = in_string || !c.is_ascii_whitespace();
        in_string ^= *c == '"' && !escaped;
        escaped = in_string && *c == '\\' && !escaped;
        kept
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_stay_in_strings_alone() {
        for (json, want) in [
            ("{ \"a b\" :\n 1 }", "{\"a b\":1}"),
            (r#"[ "\" ", " \\" , " " ]"#, r#"["\" "," \\"," "]"#),
        ] {
            assert_eq!(compact(json), want);
        }
    }
}
