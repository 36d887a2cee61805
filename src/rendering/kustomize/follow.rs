//! The same field in another version of an object: lists are followed by the names of their items, which patches move.

use serde_json::Value;

use crate::pointer::Pointer;

/// Where the way to a field leads in another version of its object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// It is there, with the same value.
    Same(Pointer),
    /// It is absent in both, and as much of the way to it is there in both.
    AbsentInBoth(Pointer),
    /// It is there, with another value.
    Differs(Pointer),
    /// It is not there.
    Lost,
}

/// Follows a pointer into `object` in `other`.
pub(super) fn follow(object: &Value, pointer: &str, other: &Value) -> Followed {
    let (mut here, mut there) = (Some(object), Some(other));
    let mut path = Pointer::default();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let (next, found, name) = match (here, there) {
            (Some(Value::Array(items)), Some(Value::Array(others))) => {
                let index: Option<usize> = token.parse().ok();
                let item = index.and_then(|index| items.get(index));
                match item.and_then(|item| counterpart(item, items, others)) {
                    Some(at) => (item, others.get(at), at.to_string()),
                    None => (item, None, token),
                }
            }
            (Some(Value::Object(fields)), Some(Value::Object(others))) => {
                (fields.get(&token), others.get(&token), token)
            }
            (None, None) => (None, None, token),
            // The way goes on in one of them only.
            _ => return Followed::Lost,
        };
        if next.is_some() != found.is_some() {
            return Followed::Lost;
        }
        path = path.join(&name);
        (here, there) = (next, found);
    }
    match (here, there) {
        (Some(here), Some(there)) if here == there => Followed::Same(path),
        (Some(_), Some(_)) => Followed::Differs(path),
        (None, None) => Followed::AbsentInBoth(path),
        _ => Followed::Lost,
    }
}

/// The index in `others` of what is `item` in `items`: the one with its name, or its equal where there are no names.
fn counterpart(item: &Value, items: &[Value], others: &[Value]) -> Option<usize> {
    let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    let is_it = |other: &Value| match name(item) {
        Some(wanted) => name(other).as_deref() == Some(&wanted),
        None => other == item,
    };
    let mut found = others.iter().enumerate().filter(|(_, other)| is_it(other));
    let first = found.next()?.0;
    let is_single = items.iter().filter(|other| is_it(other)).count() == 1;
    (found.next().is_none() && is_single).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_are_found_by_their_names() {
        let rendered =
            json!({"c": [{"name": "new"}, {"name": "main", "image": "a:1", "env": [1, 2]}]});
        let base = json!({"c": [{"name": "main", "image": "a", "env": [1, 2]}]});
        let at = |pointer| follow(&rendered, pointer, &base);
        assert_eq!(at("/c/1/env/1"), Followed::Same(Pointer::new("/c/0/env/1")));
        assert_eq!(at("/c/1/image"), Followed::Differs(Pointer::new("/c/0/image")));
        assert_eq!(
            at("/c/1/resources/limits"),
            Followed::AbsentInBoth(Pointer::new("/c/0/resources/limits"))
        );
        assert_eq!(at("/c/0/image"), Followed::Lost);
        assert_eq!(at("/d"), Followed::AbsentInBoth(Pointer::new("/d")));
    }

    #[test]
    fn two_of_one_name_are_not_told_apart() {
        let rendered = json!([{"name": "a", "x": 1}, {"name": "a", "x": 2}]);
        assert_eq!(follow(&rendered, "/0/x", &rendered), Followed::Lost);
        assert_eq!(follow(&json!([7, 7]), "/0", &json!([7])), Followed::Lost);
    }
}
