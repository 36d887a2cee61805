//! Files that are made from the source: they must be as the source makes them.
//!
//! `PLIMSOLL_UPDATE=1 cargo test --test generated` writes them anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "generated/chart.rs"]
mod chart;
#[path = "support/go.rs"]
mod go;

use std::fs;
use std::path::Path;

use plimsoll::pod::shapes::{Controller, Whole, custom_kinds};
use plimsoll::pod::workload::{SYSTEMS, Sign};
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
    for rule in RULES {
        let name = rule.meta.name;
        let source = format!("{}/src/rules/{}.rs", env!("CARGO_MANIFEST_DIR"), snake(name));
        let source = fs::read_to_string(source).unwrap();
        let mut generator = schemars::SchemaGenerator::default();
        let schema = serde_json::to_value((rule.schema)(&mut generator)).unwrap();
        let definitions = Value::Object(generator.definitions().clone());
        let fix = match &rule.meta.fix {
            Some(fix) => format!("{}. For `plimsoll fix`: {}.", fix.summary, fix.safety),
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

/// Puts a text between two comments of a page.
fn check_part(path: &str, name: &str, wanted: &str) {
    let (from, to) =
        (format!("<!-- {name}: made by tests/generated.rs -->\n"), format!("<!-- /{name} -->"));
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (before, rest) = text.split_once(&from).unwrap_or_else(|| panic!("{path}: no {from}"));
    let (_, after) = rest.split_once(&to).unwrap_or_else(|| panic!("{path}: no {to}"));
    check(path, &format!("{before}{from}{wanted}{to}{after}"));
}

fn rule_table(folder: &str) -> String {
    let mut table =
        String::from("| rule | what it asks of a pod | what `Patch` does |\n| --- | --- | --- |\n");
    for rule in RULES {
        let meta = rule.meta;
        let fix = meta
            .fix
            .as_ref()
            .map_or("nothing: it can only refuse, warn or record", |fix| fix.summary);
        table += &format!("| [`{0}`]({folder}{0}.md) | {1} | {fix} |\n", meta.name, meta.summary);
    }
    table
}

#[test]
fn rule_tables() {
    check_part("README.md", "rules", &rule_table("docs/rules/"));
    check_part("docs/rules/README.md", "rules", &rule_table(""));
}

#[test]
fn systems_table() {
    fn told_by(sign: &Sign) -> String {
        match sign {
            Sign::Label(key) => format!("label `{key}`"),
            Sign::LabelIs(key, value) => format!("label `{key}: {value}`"),
            Sign::Owner("", kind) => format!("controller `{kind}`"),
            Sign::Owner(group, kind) => format!("controller `{kind}` of `{group}`"),
            Sign::OwnerGroup(group) => format!("a controller of `{group}`"),
            Sign::Container(name) => format!("a container called `{name}`"),
            Sign::All(signs) => signs.iter().map(told_by).collect::<Vec<_>>().join(" and "),
        }
    }
    let mut table = String::from(
        "| name | class | told by any of | keeps cluster DNS |\n| --- | --- | --- | --- |\n",
    );
    for system in SYSTEMS {
        let signs: Vec<_> = system.signs.iter().map(told_by).collect();
        table += &format!(
            "| `{}` | {} | {} | {} |\n",
            system.name,
            system.class,
            signs.join("; "),
            system.needs_cluster_dns.unwrap_or_default(),
        );
    }
    check_part("docs/policies.md", "systems", &table);
}

#[test]
fn custom_resources_table() {
    let mut table = String::from(
        "| system | kinds | pods at | controlled by | judged | made in |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for row in custom_kinds() {
        let kinds =
            if row.kinds.is_empty() { "every other kind".to_owned() } else { row.kinds.join(", ") };
        for pods in row.pods {
            let owner = match pods.owner {
                Controller::Itself => "the object",
                Controller::Of(_, kind) => kind,
            };
            let judged = match pods.whole {
                Whole::Pod => "pod",
                Whole::Containers => "containers",
                Whole::Nothing => "parts",
            };
            let (source, at) = (row.source.replace('|', "\\|"), pods.field_path());
            let at = if at == "anywhere" { at } else { format!("`{at}`") };
            table += &format!(
                "| {} | {kinds} (`{}`) | {at} | {owner} | {judged} | {source} |\n",
                row.system, row.group
            );
        }
    }
    check_part("docs/custom-resources.md", "custom-resources", &table);
}

/// A Helm chart installs what is in its folder `crds` before everything else.
#[test]
fn custom_resource_definitions() {
    for definition in plimsoll::crd::definitions() {
        let yaml = serde_saphyr::to_string(&definition).unwrap();
        let read: Value =
            plimsoll::manifest::parse(None, yaml.clone().into_bytes()).documents[0].value.clone();
        assert_eq!(read, definition, "the text says what the definition says");
        let name = definition["spec"]["names"]["plural"].as_str().unwrap();
        check(
            &format!("charts/plimsoll/crds/{name}.yaml"),
            &format!("# Made by tests/generated.rs from src/crd.rs; edit the Rust types.\n{yaml}"),
        );
    }
}

/// What a command says with `--help`.
fn help(args: &[&str]) -> String {
    let text = said(&[args, &["--help"]].concat());
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What a command says, whatever the environment.
fn said(args: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PLIMSOLL_"))
    {
        command.env_remove(name);
    }
    let output = command.args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The schemas that editors are pointed to.
#[test]
fn schemas() {
    fs::create_dir_all(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas")).unwrap();
    for (kind, file) in [
        ("policy", "podpolicy"),
        ("exemption", "podpolicyexemption"),
        ("test", "policytest"),
        ("config", "plimsoll"),
        ("survey", "survey"),
    ] {
        check(&format!("docs/schemas/{file}.json"), &said(&["schema", kind]));
    }
}

#[test]
fn cli_page() {
    let all = help(&[]);
    let commands = all.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    let mut page = format!(
        "<!-- Made by tests/generated.rs from the program's own help; edit src/cli. -->\n\n# Commands\n\n\
         `plimsoll --help`\n\n```text\n{all}```\n"
    );
    for command in commands.filter(|command| *command != "help") {
        page += &format!(
            "\n## {command}\n\n`plimsoll {command} --help`\n\n```text\n{}```\n",
            help(&[command])
        );
    }
    check("docs/cli.md", &page);
}
