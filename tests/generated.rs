//! Files that are made from the source: they must be as the source makes them.
//!
//! `PLIMSOLL_UPDATE=1 cargo test --test generated` writes them anew.

use std::fs;
use std::path::Path;

use plimsoll::rules::RULES;
use serde_json::Value;

/// Writes the file when asked to, else compares.
fn check(path: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        fs::write(&path, wanted).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is out of date: run PLIMSOLL_UPDATE=1 cargo test --test generated",
        path.display()
    );
}

/// `imageTag` -> `image_tag`
fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, c| {
        if c.is_uppercase() {
            text.push('_');
        }
        text.extend(c.to_lowercase());
        text
    })
}

/// The head comment of a source file.
fn head(source: &str) -> String {
    source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect()
}

fn settings(schema: &Value, definitions: &Value) -> String {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => &definitions[reference.rsplit('/').next().unwrap_or_default()],
        None => schema,
    };
    let mut table = String::from("| field | what it is |\n| --- | --- |\n");
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        let described = property["description"].as_str().unwrap_or_default().replace('\n', " ");
        assert!(!described.is_empty(), "the setting {field} has no docstring");
        table += &format!("| `{field}` | {} |\n", described.replace('|', "\\|"));
    }
    table
}

#[test]
fn rule_pages() {
    for rule in &RULES {
        let name = rule.meta.name;
        let source = format!("{}/src/rules/{}.rs", env!("CARGO_MANIFEST_DIR"), snake(name));
        let source = fs::read_to_string(source).unwrap();
        let mut generator = schemars::SchemaGenerator::default();
        let schema = serde_json::to_value((rule.schema)(&mut generator)).unwrap();
        let definitions = Value::Object(generator.definitions().clone());
        let fix = match &rule.meta.fix {
            Some(fix) => format!("{} ({:?}.)", fix.summary, fix.safety),
            None => "none: nothing can be mended without its author.".to_owned(),
        };
        let page = format!(
            "<!-- Made from src/rules/{}.rs; edit that. -->\n\n# {name}\n\n{}\n\n{}\n## Settings\n\n{}\n**Fix**: {fix}\n",
            snake(name),
            rule.meta.summary,
            head(&source),
            settings(&schema, &definitions),
        );
        check(&format!("docs/rules/{name}.md"), &page);
        assert!(
            std::env::var_os("PLIMSOLL_UPDATE").is_some() || rule.meta.page == page,
            "the page built into the binary is {name}'s"
        );
    }
}
