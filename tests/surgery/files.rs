//! Real manifests, and large ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plimsoll::edit::Edit;
use plimsoll::pointer::Pointer;
use serde_json::{Value, json};

use super::{check, documents};

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, out);
        } else if [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) {
            out.push(path);
        }
    }
}

/// All leaves and all collections of a value.
fn places(value: &Value, at: &Pointer, out: &mut Vec<Pointer>) {
    out.push(at.clone());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| places(inner, &at.clone().join(key), out));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(number, inner)| {
                places(inner, &at.clone().join(number), out);
            });
        }
        _ => {}
    }
}

#[test]
fn every_place_of_real_manifests_can_be_edited() {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["tests/rules", "tests/workloads", "policies"] {
        files(&root.join(folder), &mut found);
    }
    assert!(found.len() > 30, "{found:?}");
    let mut edits = 0;
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let manifest = plimsoll::manifest::parse(None, text.clone().into_bytes());
        if !manifest.errors.is_empty() {
            continue;
        }
        for (number, document) in manifest.documents.iter().enumerate() {
            let mut all = Vec::new();
            places(&document.value, &Pointer::default(), &mut all);
            // Large files would take long without telling more.
            let step = 1 + all.len() / 40;
            for place in all.into_iter().step_by(step) {
                if document.find(place.as_str()).shared {
                    continue;
                }
                let value = document.value.pointer(place.as_str()).unwrap();
                let mut tried = vec![];
                if !place.as_str().is_empty() {
                    tried.push(Edit::remove(place.clone()));
                    tried.push(Edit::set(place.clone(), "on"));
                    tried.push(Edit::set(place.clone(), json!({"a": {"b": [1, "2"]}})));
                }
                match value {
                    Value::Object(_) => {
                        tried.push(Edit::set(place.clone().join("new").join("x/y"), "1"));
                    }
                    Value::Array(_) => {
                        tried.push(Edit::append(place.clone(), json!({"a": [1], "b": "c"})));
                    }
                    _ => {}
                }
                for edit in tried {
                    if document.plan(std::slice::from_ref(&edit)).is_err() {
                        let refusal = document.plan(std::slice::from_ref(&edit)).unwrap_err();
                        let known = ["template", "anchor", "alias", "merge"];
                        assert!(
                            known.iter().any(|word| refusal.message.contains(word)),
                            "{}: {edit:?}: {refusal:?}",
                            path.display()
                        );
                        continue;
                    }
                    check(&text, number, &[edit]);
                    edits += 1;
                }
            }
        }
    }
    assert!(edits > 500, "{edits}");
}

/// The time of planning edits, least of some tries: the machine does other things too.
fn time(text: &str, edits: &[Edit]) -> Duration {
    let document = documents(text).remove(0);
    let run = || {
        let start = Instant::now();
        assert!(!document.plan(edits).unwrap().is_empty());
        start.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap()
}

/// What is quadratic takes 64 times as long for eight times as much.
fn assert_linear(name: &str, text: &dyn Fn(usize) -> String, edit: &dyn Fn(usize, usize) -> Edit) {
    let measure = |count: usize| {
        let edits: Vec<Edit> = (1..count).map(|number| edit(number, count)).collect();
        time(&text(count), &edits)
    };
    let size = std::env::var("PLIMSOLL_LINEAR_SIZE").map_or(500, |size| size.parse().unwrap());
    let grows = (0..3).all(|_| {
        let (short, long) = (measure(size), measure(8 * size));
        eprintln!("{name}: {size} in {short:?}, {} in {long:?}", 8 * size);
        long > 24 * short.max(Duration::from_millis(3))
    });
    assert!(!grows, "{name} takes more time than it should for so much more to do");
}

#[test]
fn time_grows_with_the_number_of_edits_and_no_faster() {
    let list = |count: usize| {
        let items: String = (0..count).map(|n| format!("- name: c{n}\n  image: x\n")).collect();
        format!("kind: Pod\nitems:\n{items}")
    };
    let item = |number: usize| Pointer::new("/items").join(number);
    assert_linear("items set", &list, &|n, _| Edit::set(item(n).join("image"), "y"));
    assert_linear("fields of items added", &list, &|n, _| Edit::set(item(n).join("tty"), true));
    assert_linear("items removed", &list, &|n, count| Edit::remove(item(count - n)));
    assert_linear("items appended", &list, &|n, _| Edit::append(Pointer::new("/items"), n));

    let lines = |count: usize| {
        let fields: String = (0..count).map(|n| format!("  k{n}: {{v: 1}},\n")).collect();
        format!("kind: Pod\nmap: {{\n{fields}}}\n")
    };
    let one_line = |count: usize| lines(count).replace('\n', " ").replacen(" map", "\nmap", 1);
    let json = |count: usize| documents(&one_line(count)).remove(0).value.to_string();
    let field = |number: usize| Pointer::new("/map").join(format!("k{number}"));
    assert_linear("lines set", &lines, &|n, _| Edit::set(field(n).join("v"), 2));
    assert_linear("lines removed", &lines, &|n, _| Edit::remove(field(n)));
    let inside = |n: usize, _: usize| Edit::set(field(n).join("w"), json!({"a": [1]}));
    assert_linear("fields added on one line", &one_line, &inside);
    assert_linear("fields added in JSON", &json, &inside);
    let outside = |n: usize, _: usize| Edit::set(Pointer::new("/map").join(format!("n{n}")), 1);
    assert_linear("many fields added to one", &one_line, &outside);
}
