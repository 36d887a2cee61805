//! A page of a list: where its items are in the text, and what finding them told.

use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::owners::Uid;
use crate::json::{JsonError, Reader};

/// A page of a list as the API server sent it.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    pub(super) items: Vec<Item>,
    /// The token of the next page, where there is one.
    pub(super) next: Option<String>,
    /// How many items follow, where the API server says so. It does not where a selector is given.
    pub(super) remaining: Option<u64>,
}

/// An item of a page.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: Range<usize>,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: Option<Uid>,
    /// When it was created, in seconds since 1970.
    pub(super) at: Option<i64>,
    pub(super) controller: Option<Controller>,
    /// The prefix that the API server made the name from.
    pub(super) generate_name: Option<String>,
}

/// Who an object belongs to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Controller {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) uid: String,
    #[serde(default, deserialize_with = "or_default")]
    controller: bool,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    uid: String,
    creation_timestamp: Option<String>,
    generate_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    owner_references: Vec<Controller>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMetadata {
    r#continue: Option<String>,
    remaining_item_count: Option<u64>,
}

/// Null is as good as nothing, as it is to the API server.
fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Page {
    /// Finds the items of a page.
    ///
    /// # Errors
    /// When the text is no list, or is cut.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, String> {
        let text = String::from_utf8(bytes).map_err(|_| "the answer is no UTF-8".to_owned())?;
        let mut page = Self::default();
        let is_list =
            page.find(&text).map_err(|error| format!("the answer is no list: {error}"))?;
        if !is_list {
            return Err("the answer is no list: it has no items".to_owned());
        }
        page.text = text;
        Ok(page)
    }

    fn find(&mut self, text: &str) -> Result<bool, JsonError> {
        let start = text.as_ptr() as usize;
        let (mut metadata, mut is_list) = (ListMetadata::default(), false);
        let Self { items, .. } = self;
        let mut reader = Reader::new(text);
        reader.members(|key, reader| {
            match key {
                "metadata" => metadata = reader.read()?,
                "items" => {
                    is_list = true;
                    reader.elements(|reader| {
                        let (head, item) = reader.read_with_text::<Head>()?;
                        let at = item.as_ptr() as usize - start;
                        items.push(Item::new(head.metadata, at..at + item.len()));
                        Ok(())
                    })?;
                }
                _ => drop(reader.pass()?),
            }
            Ok(())
        })?;
        reader.end()?;
        self.next = metadata.r#continue.filter(|token| !token.is_empty());
        self.remaining = metadata.remaining_item_count;
        Ok(is_list)
    }

    /// The text of an item.
    pub(super) fn item(&self, item: &Item) -> &str {
        self.text.get(item.place.clone()).unwrap_or_default()
    }
}

impl Item {
    fn new(metadata: Metadata, place: Range<usize>) -> Self {
        let Metadata { namespace, name, uid, creation_timestamp, generate_name, owner_references } =
            metadata;
        let at = creation_timestamp.and_then(|time| time.parse::<Timestamp>().ok());
        Self {
            place,
            namespace,
            name,
            uid: Uid::read(&uid),
            at: at.map(Timestamp::as_second),
            controller: owner_references.into_iter().find(|owner| owner.controller),
            generate_name: generate_name.filter(|prefix| !prefix.is_empty()),
        }
    }

    /// Where the item stands among all: lists are in the order of etcd's keys.
    pub(super) fn key(&self) -> String {
        key(&self.namespace, &self.name)
    }
}

pub(super) fn key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_with_what_tells_them_apart() {
        let text = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"abc",
            "remainingItemCount":3},"items":[ {"metadata":{"name":"a","namespace":"n","uid":
            "00000000-0000-0000-0000-000000000001","creationTimestamp":"1970-01-01T00:01:00Z","ownerReferences":[
            {"apiVersion":"v1","kind":"X","name":"x","uid":"u"},
            {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"r","controller":true}]},
            "spec":{"a":"}]"}} , {"metadata":{"name":"b","namespace":"n","creationTimestamp":null,
            "ownerReferences":null}}]}"#;
        let page = Page::read(text.into()).unwrap();
        assert_eq!((page.next.as_deref(), page.remaining), (Some("abc"), Some(3)));
        let [a, b] = &*page.items else { panic!("{page:?}") };
        assert_eq!((a.key(), a.at, b.at), ("n/a".to_owned(), Some(60), None));
        assert!(page.item(a).starts_with(r#"{"metadata":{"name":"a""#));
        assert!(page.item(a).ends_with(r#""spec":{"a":"}]"}}"#));
        assert_eq!(a.controller.as_ref().unwrap().name, "web-1");
        assert!(a.uid.is_some() && b.controller.is_none() && b.uid.is_none());
    }

    #[test]
    fn what_is_no_list_is_told() {
        let of = |text: &str| Page::read(text.into()).map(|page| page.items.len());
        assert_eq!(of(r#"{"metadata":{},"items":null}"#), Ok(0));
        for text in ["", "{}", "<html>", r#"{"items":{}}"#, r#"{"items":[{"metadata":{"#, "[]"] {
            assert!(of(text).is_err_and(|error| error.contains("no list")), "{text}");
        }
        assert!(of(r#"{"items":[]} more"#).is_err());
        assert!(Page::read(vec![0xff]).is_err());
    }
}
