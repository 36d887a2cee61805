//! Members of an object that is changed in place.

use std::borrow::Cow;

use crate::json::Tree;

/// The members of an object.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, Tree<'a>)>;

pub(super) const fn text(text: &'static str) -> Tree<'static> {
    Tree::String(Cow::Borrowed(text))
}

pub(super) const fn int(number: i64) -> Tree<'static> {
    Tree::Int(number)
}

pub(super) fn get<'t, 'a>(members: &'t Members<'a>, key: &str) -> Option<&'t Tree<'a>> {
    members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

pub(super) fn get_mut<'t, 'a>(members: &'t mut Members<'a>, key: &str) -> Option<&'t mut Tree<'a>> {
    members.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// The members of a member that is an object.
pub(super) fn members_of<'t, 'a>(
    members: &'t mut Members<'a>,
    key: &str,
) -> Option<&'t mut Members<'a>> {
    match get_mut(members, key)? {
        Tree::Object(inner) => Some(inner),
        _ => None,
    }
}

/// The objects in a member that is a list.
pub(super) fn elements<'t, 'a: 't>(
    members: &'t mut Members<'a>,
    key: &str,
) -> impl Iterator<Item = &'t mut Members<'a>> {
    let list = match get_mut(members, key) {
        Some(Tree::Array(list)) => list.as_mut_slice(),
        _ => &mut [],
    };
    list.iter_mut().filter_map(|element| match element {
        Tree::Object(inner) => Some(inner),
        _ => None,
    })
}

/// Whether a value counts as none: decoded, an empty text is the zero value that defaulting replaces.
pub(super) fn is_unset(value: &Tree<'_>) -> bool {
    match value {
        Tree::Null => true,
        Tree::String(text) => text.is_empty(),
        _ => false,
    }
}

pub(super) fn put<'a>(members: &mut Members<'a>, key: &'static str, value: Tree<'a>) {
    match get_mut(members, key) {
        Some(place) => *place = value,
        None => members.push((Cow::Borrowed(key), value)),
    }
}

/// Puts a value where none is.
pub(super) fn fill<'a>(members: &mut Members<'a>, key: &'static str, value: Tree<'a>) {
    fill_with(members, key, || value);
}

pub(super) fn fill_with<'a>(
    members: &mut Members<'a>,
    key: &'static str,
    value: impl FnOnce() -> Tree<'a>,
) {
    if get(members, key).is_none_or(is_unset) {
        put(members, key, value());
    }
}

/// Puts a number where none is, or zero.
pub(super) fn fill_zero(members: &mut Members<'_>, key: &'static str, number: i64) {
    if get(members, key).is_none_or(|value| is_unset(value) || *value == Tree::Int(0)) {
        put(members, key, int(number));
    }
}

/// Puts a value where there is none at all: fields that tell empty from absent.
pub(super) fn fill_absent<'a>(members: &mut Members<'a>, key: &'static str, value: Tree<'a>) {
    if get(members, key).is_none_or(|value| *value == Tree::Null) {
        put(members, key, value);
    }
}
