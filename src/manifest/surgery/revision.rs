//! What collections lose and gain.

use std::collections::HashSet;

use serde_json::Value;

use super::draft::Fate;

/// What a collection loses and gains.
#[derive(Clone, Debug, Default)]
pub(super) struct Revision {
    /// The numbers of the entries that go.
    pub(super) gone: HashSet<usize>,
    pub(super) put: Vec<Put>,
}

/// A new entry of a collection.
#[derive(Clone, Debug)]
pub(super) struct Put {
    /// The number of the entry that it follows; none for the first place.
    pub(super) after: Option<usize>,
    /// The key of a field.
    pub(super) key: Option<String>,
    pub(super) value: Value,
}

impl Revision {
    /// The revision of a collection, or the value that a node gives way to.
    pub(super) fn of(fate: Fate) -> Result<Self, Value> {
        match fate {
            Fate::Value(value) => Err(value),
            Fate::Map { removed, added } => {
                let put = |(key, value)| Put { after: Some(usize::MAX), key: Some(key), value };
                Ok(Self { gone: removed, put: added.into_iter().map(put).collect() })
            }
            Fate::List { slots, own, mut new } => {
                let (mut kept, mut put) = (HashSet::new(), Vec::new());
                let mut after = None;
                for slot in slots {
                    if slot < own {
                        after = Some(slot as usize);
                        kept.insert(slot as usize);
                    } else if let Some(value) = new.get_mut((slot - own) as usize) {
                        put.push(Put { after, key: None, value: value.take() });
                    }
                }
                let gone = if kept.len() == own as usize {
                    HashSet::new()
                } else {
                    (0..own as usize).filter(|number| !kept.contains(number)).collect()
                };
                Ok(Self { gone, put })
            }
        }
    }
}
