//! The type of a pod, from a file that is made of the API server's own OpenAPI document.
//!
//! A line that is not indented names a type, the indented ones that follow it are its fields and their types: `string`,
//! `int`, `double`, `bool`, `dyn`, `list T`, `map T`, or the name of another type, which came before. The last is the pod.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cel::types::{ObjectType, Type};

const POD: &str = include_str!("pod.txt");

pub(super) fn decode() -> Type {
    let mut known: BTreeMap<&str, Type> = BTreeMap::new();
    let mut last = Type::Dyn;
    let mut lines = POD.lines().filter(|line| !line.starts_with('#')).peekable();
    while let Some(name) = lines.next() {
        let mut fields = BTreeMap::new();
        while let Some(field) = lines.next_if(|line| line.starts_with(' ')) {
            if let Some((field, written)) = field.trim().split_once(' ') {
                fields.insert(field.to_owned(), read(written, &known));
            }
        }
        last = Type::Object(Arc::new(ObjectType { name: name.to_owned(), fields }));
        known.insert(name, last.clone());
    }
    last
}

fn read(written: &str, known: &BTreeMap<&str, Type>) -> Type {
    match written.split_once(' ') {
        Some(("list", element)) => super::list(read(element, known)),
        Some(("map", value)) => super::map(read(value, known)),
        _ => match written {
            "string" => Type::String,
            "int" => Type::Int,
            "double" => Type::Double,
            "bool" => Type::Bool,
            name => known.get(name).cloned().unwrap_or(Type::Dyn),
        },
    }
}
