use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::fmt;

/// An object's fields in file order, their values as text.
#[derive(Clone, Default)]
pub(crate) struct Object(Vec<(Cow<'static, str>, Box<RawValue>)>);

impl Object {
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    pub(crate) fn of<T: Serialize>(value: &T) -> serde_json::Result<Self> {
        Self::parse(&serde_json::to_string(value)?)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
    }

    /// The field's value, unless it is missing or `null`.
    pub(crate) fn read<T: DeserializeOwned>(&self, key: &str) -> serde_json::Result<Option<T>> {
        self.get(key).map_or(Ok(None), |raw| serde_json::from_str(raw.get()))
    }

    /// In its old place, or as the last field. As in Go, the last of two equal keys wins.
    pub(crate) fn set(&mut self, key: impl Into<Cow<'static, str>>, value: Box<RawValue>) {
        let key = key.into();
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some(field) => field.1 = value,
            None => self.0.push((key, value)),
        }
    }

    pub(crate) fn put<T: Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> serde_json::Result<()> {
        self.set(key, to_raw_value(value)?);
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Box<RawValue>> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.remove(at).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), &**value))
    }

    /// Writes those fields of `value` that differ from what is there: the text of all others stays
    /// (`null` or `[]`, `1e3` or `1000`), and so do fields that `T` does not know.
    pub(crate) fn lay<T: Serialize + DeserializeOwned>(
        &mut self,
        value: &T,
    ) -> serde_json::Result<()> {
        let old: T = serde_json::from_str(&serde_json::to_string(self)?)?;
        let old = Self::of(&old)?;
        for (key, value) in Self::of(value)?.0 {
            let same = old.get(&key).is_some_and(|o| o.get() == value.get());
            if !same {
                self.set(key, value);
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((key, value)) = map.next_entry::<Key<'de>, _>()? {
                    object.set(intern(key.0), value);
                }
                Ok(object)
            }
        }
        from.deserialize_map(Fields)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A key that is borrowed from the text where it can be.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'a> Visitor<'a> for Text {
            type Value = Key<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Text)
    }
}

/// The keys that every file has need no memory of their own.
fn intern(key: Cow<'_, str>) -> Cow<'static, str> {
    const COMMON: [&str; 6] =
        ["Driver", "Memory", "Disk", "EngineOptions", "SwarmOptions", "AuthOptions"];
    let known = COMMON.into_iter().find(|common| *common == key);
    known.map_or_else(|| Cow::Owned(key.into_owned()), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Serialize)]
    struct Known {
        n: f64,
        list: Option<Vec<String>>,
        #[serde(default)]
        late: u8,
    }

    #[test]
    fn only_what_changed_is_written() {
        let text = r#"{"x":[ 1 ],"n":1.00,"list":null,"y":{"n":12345678901234567890123}}"#;
        let mut object = Object::parse(text).unwrap();
        let mut known: Known = serde_json::from_str(text).unwrap();
        object.lay(&known).unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), text);
        known.list = Some(vec!["a".into()]);
        known.late = 3;
        object.lay(&known).unwrap();
        let want =
            r#"{"x":[ 1 ],"n":1.00,"list":["a"],"y":{"n":12345678901234567890123},"late":3}"#;
        assert_eq!(serde_json::to_string(&object).unwrap(), want);
    }

    #[test]
    fn the_last_of_two_equal_keys_wins() {
        let object = Object::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"a":3,"b":2}"#);
    }
}
