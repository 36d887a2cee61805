//! Operations of JSON Patch (RFC 6902) as edits.

use serde_json::Value as Json;

use crate::edit::Edit;
use crate::finding::quoted;
use crate::pointer::Pointer;

/// Why operations are not made.
#[derive(Debug, PartialEq)]
pub(super) enum Stop {
    /// A `test` did not hold.
    TestFailed,
    /// The operation cannot be made.
    Wrong(String),
}

fn wrong<T>(message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Wrong(message.into()))
}

/// A pod that is being changed, and the changes so far.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) pod: Json,
    pub(super) edits: Vec<Edit>,
}

impl Work {
    /// Makes one operation, the JSON of a JSONPatch object.
    pub(super) fn make(&mut self, operation: &Json) -> Result<(), Stop> {
        let text = |field: &str| operation.get(field).and_then(Json::as_str);
        let Some(op) = text("op") else { return wrong("an operation has no `op`") };
        let path = pointer(text("path").unwrap_or_default())?;
        let value = || operation.get("value").cloned().unwrap_or(Json::Null);
        let from = || pointer(text("from").unwrap_or_default());
        match op {
            "test" => match self.at(&path) {
                Some(found) if *found == value() => Ok(()),
                _ => Err(Stop::TestFailed),
            },
            "add" => self.add(&path, value()),
            "replace" => self.replace(&path, value()),
            "remove" if self.is_gone(&path)? => Ok(()),
            "remove" => self.remove(&path).map(drop),
            "copy" => {
                let value = self.value_at(&from()?)?;
                self.add(&path, value)
            }
            "move" if self.at(&path).is_some() && self.is_gone(&from()?)? => Ok(()),
            "move" => {
                let value = self.remove(&from()?)?;
                self.add(&path, value)
            }
            other => wrong(format!("there is no operation {}", quoted(other))),
        }
    }

    fn at(&self, place: &Pointer) -> Option<&Json> {
        self.pod.pointer(place.as_str())
    }

    /// Whether there is nothing left to take away. The API server refuses such an operation, but it asks once; here
    /// patches are made again to pods that have them, and what they took away is still as they want it.
    fn is_gone(&self, place: &Pointer) -> Result<bool, Stop> {
        may_change(place)?;
        Ok(self.at(place).is_none())
    }

    fn value_at(&self, place: &Pointer) -> Result<Json, Stop> {
        match self.at(place) {
            Some(value) => Ok(value.clone()),
            None => wrong(format!("there is nothing at {}", quoted(place.as_str()))),
        }
    }

    /// What holds a place, and the last step to it.
    fn parent<'p>(&mut self, place: &'p Pointer) -> Result<(&mut Json, &'p str, String), Stop> {
        may_change(place)?;
        let (parent, _) = place.as_str().rsplit_once('/').unwrap_or_default();
        let last = place.tokens().last().unwrap_or_default().into_owned();
        match self.pod.pointer_mut(parent) {
            Some(found @ (Json::Object(_) | Json::Array(_))) => Ok((found, parent, last)),
            _ => wrong(format!(
                "{} cannot be changed, since there is nothing at {} to hold it",
                quoted(place.as_str()),
                quoted(parent)
            )),
        }
    }

    fn add(&mut self, place: &Pointer, value: Json) -> Result<(), Stop> {
        let (holder, parent, last) = self.parent(place)?;
        let edit = match holder {
            Json::Object(members) => {
                if members.get(&last) == Some(&value) {
                    return Ok(());
                }
                members.insert(last, value.clone());
                Edit::set(place.clone(), value)
            }
            Json::Array(list) if last == "-" || last.parse() == Ok(list.len()) => {
                list.push(value.clone());
                Edit::append(Pointer::new(parent), value)
            }
            Json::Array(_) => {
                return wrong(format!(
                    "{} would put an element before others: append it with `{parent}/-`",
                    quoted(place.as_str())
                ));
            }
            _ => return Ok(()),
        };
        self.edits.push(edit);
        Ok(())
    }

    fn replace(&mut self, place: &Pointer, value: Json) -> Result<(), Stop> {
        may_change(place)?;
        match self.pod.pointer_mut(place.as_str()) {
            None => wrong(format!("there is nothing at {} to replace", quoted(place.as_str()))),
            Some(found) if *found == value => Ok(()),
            Some(found) => {
                *found = value.clone();
                self.edits.push(Edit::set(place.clone(), value));
                Ok(())
            }
        }
    }

    fn remove(&mut self, place: &Pointer) -> Result<Json, Stop> {
        let (holder, _, last) = self.parent(place)?;
        let removed = match holder {
            Json::Object(members) => members.remove(&last),
            Json::Array(list) => {
                let at = last.parse().ok().filter(|at| *at < list.len());
                at.map(|at| list.remove(at))
            }
            _ => None,
        };
        let Some(removed) = removed else {
            return wrong(format!("there is nothing at {} to remove", quoted(place.as_str())));
        };
        self.edits.push(Edit::remove(place.clone()));
        Ok(removed)
    }
}

pub(super) fn pointer(text: &str) -> Result<Pointer, Stop> {
    if text.starts_with('/') {
        Ok(Pointer::new(text))
    } else {
        wrong(format!("{} is no path: it begins with `/`", quoted(text)))
    }
}

/// Names, owners and status are nobody's to change at admission, and the API server refuses most of it.
pub(super) fn may_change(place: &Pointer) -> Result<(), Stop> {
    const BELOW: [&str; 3] = ["/spec/", "/metadata/labels", "/metadata/annotations"];
    let place = place.as_str();
    let may = BELOW.iter().any(|may| {
        let rest = place.strip_prefix(may);
        rest.is_some_and(|rest| may.ends_with('/') || rest.is_empty() || rest.starts_with('/'))
    });
    if may {
        return Ok(());
    }
    wrong(format!(
        "{} may not be changed: patches change what is below spec, labels and annotations",
        quoted(place)
    ))
}
