//! What the advice names is there.

use std::path::Path;

use serde_json::Value;

/// The source under a folder, without its tests.
fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests.rs" {
            all.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn values_of_the_chart_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let values = std::fs::read_to_string(root.join("charts/plimsoll/values.yaml")).unwrap();
    let values: Value = serde_saphyr::from_str(&values).unwrap();
    let mut text = String::new();
    sources(&root.join("src/cluster/doctor"), &mut text);
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || "\"\\(".contains(c)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut seen = 0;
    for phrase in words.windows(4).filter(|four| four[1..] == ["in", "the", "chart's"]) {
        let found = values.pointer(&format!("/{}", phrase[0].replace('.', "/")));
        assert!(found.is_some(), "values.yaml has no {}", phrase[0]);
        seen += 1;
    }
    assert!(seen >= 6, "the advice is worded in another way: {seen}");
}
