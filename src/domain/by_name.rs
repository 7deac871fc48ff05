//! Values by their names, as an object of any keys: every fault of every value is kept. The reader
//! of maps that comes with deserr drops a value that cannot be read, and says nothing.

use std::collections::{BTreeMap, btree_map};
use std::ops::{ControlFlow, Deref};

use deserr::{Deserr, IntoValue, Map as _, MergeWithError as _, Value, ValueKind, ValuePointerRef};
use serde::Serialize;

use super::fault::{Faults, wrong_kind};
use super::form::{Described, Form};

/// Values by their names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ByName<T>(pub BTreeMap<String, T>);

impl<T> Deref for ByName<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'n, T> IntoIterator for &'n ByName<T> {
    type Item = (&'n String, &'n T);
    type IntoIter = btree_map::Iter<'n, String, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Described> Described for ByName<T> {
    fn form() -> Form {
        Form::Map(Box::new(T::form()))
    }
}

impl<T: Deserr<Faults>> Deserr<Faults> for ByName<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Faults> {
        let Value::Map(fields) = value else {
            return Err(wrong_kind(value, &[ValueKind::Map], location));
        };
        let mut values = BTreeMap::new();
        let mut faults = None;
        for (key, field) in fields.into_iter() {
            let place = location.push_key(&key);
            match T::deserialize_from_value(field.into_value(), place) {
                Ok(value) => {
                    values.insert(key, value);
                }
                Err(others) => match Faults::merge(faults, others, place) {
                    ControlFlow::Continue(so_far) => faults = Some(so_far),
                    ControlFlow::Break(all) => return Err(all),
                },
            }
        }
        match faults {
            None => Ok(Self(values)),
            Some(faults) => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::capability::CapabilityUncertainty;

    #[test]
    fn every_fault_is_kept() {
        let read = deserr::deserialize::<ByName<u32>, _, Faults>;
        assert_eq!(read(json!({"a": 1, "b": 2})).map(|one| one.0.len()), Ok(2));
        let Err(Faults(faults)) = read(json!({"a": "x", "b": 2, "c/d": -1})) else {
            panic!("accepted")
        };
        let places: Vec<&str> = faults.iter().map(|one| one.pointer.as_str()).collect();
        assert_eq!(places, ["/a", "/c~1d"]);
        assert_eq!(read(json!([])).expect_err("a list").0[0].code, "wrong_type");
    }

    #[test]
    fn a_symbol_that_cannot_be_read_is_refused() {
        let written = json!({
            "expression": "equation", "equation": "a + 2*L", "unit": "um",
            "symbols": {"L": {"unit": "furlongs"}},
        });
        let read = deserr::deserialize::<CapabilityUncertainty, _, Faults>(written);
        let Err(Faults(faults)) = read else { panic!("accepted") };
        assert!(faults.iter().any(|one| one.pointer.starts_with("/symbols/L")), "{faults:?}");
    }
}
