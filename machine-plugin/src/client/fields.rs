use machine_core::{Result, State};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// A JSON object's fields in their order, each as it was written.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.get())
    }
}

/// What a plugin said of its settings in one session: by name, the last value; none once cleared.
#[derive(Clone, Default)]
pub(crate) struct Knowledge(BTreeMap<String, Option<Box<RawValue>>>);

impl Knowledge {
    /// Brings `state` to what the plugin says now.
    ///
    /// A field that the plugin knew before and lacks now was cleared (Go leaves out zero values
    /// where told to); one that it never knew is another program's, or a later version's, and
    /// stays. Says whether anything changed.
    pub(crate) fn learn(&mut self, said: Fields, state: &mut State) -> Result<bool> {
        let mut fields: Fields = state.read()?;
        let before = fields.0.len();
        for value in self.0.values_mut() {
            *value = None;
        }
        fields.0.retain(|(name, _)| said.get(name).is_some() || !self.0.contains_key(name));
        let mut changed = fields.0.len() != before;
        for (name, value) in said.0 {
            self.0.insert(name.clone(), Some(value.clone()));
            match fields.0.iter_mut().find(|(other, _)| *other == name) {
                Some((_, old)) if old.get() == value.get() => continue,
                Some((_, old)) => *old = value,
                None => fields.0.push((name, value)),
            }
            changed = true;
        }
        if changed {
            // Over an empty object, or a cleared field would stay.
            let mut new = State::default();
            new.write(&fields)?;
            *state = new;
        }
        Ok(changed)
    }

    /// Whether `state` is what the plugin said last, as far as it knows its fields.
    pub(crate) fn agrees(&self, state: &State) -> Result<bool> {
        let fields: Fields = state.read()?;
        Ok(self.0.iter().all(|(name, value)| value.as_ref().map(|v| v.get()) == fields.get(name)))
    }
}

/// Drivers keep secrets in their settings.
impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Collect)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(knowledge: &mut Knowledge, said: &str, state: &mut State) -> bool {
        knowledge.learn(Fields::parse(said.as_bytes()).unwrap(), state).unwrap()
    }

    #[test]
    fn cleared_fields_go_and_foreign_ones_stay() {
        let stored = r#"{"Id":7,"Other":1.10,"Size":12345678901234567890123,"Gone":""}"#;
        let mut state = State::from_json(stored).unwrap();
        let mut knowledge = Knowledge::default();
        assert!(!learn(&mut knowledge, r#"{"Id":7,"Size":12345678901234567890123}"#, &mut state));
        assert_eq!(state.as_json(), stored);
        assert!(learn(&mut knowledge, r#"{"Name":"a","Size":1}"#, &mut state));
        assert_eq!(state.as_json(), r#"{"Other":1.10,"Size":1,"Gone":"","Name":"a"}"#);
        assert!(knowledge.agrees(&state).unwrap());
        let with_more = r#"{"Size":1,"Swarm":true,"Name":"a"}"#;
        assert!(knowledge.agrees(&State::from_json(with_more).unwrap()).unwrap());
        for other in
            [r#"{"Size":1}"#, r#"{"Size":2,"Name":"a"}"#, r#"{"Id":7,"Size":1,"Name":"a"}"#]
        {
            assert!(!knowledge.agrees(&State::from_json(other).unwrap()).unwrap(), "{other}");
        }
        assert!(learn(&mut knowledge, r#"{}"#, &mut state));
        assert_eq!(state.as_json(), r#"{"Other":1.10,"Gone":""}"#);
    }
}
