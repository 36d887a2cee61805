//! Workflow commands, read as the runner reads them.

use std::collections::BTreeMap;

use super::{pods, varied};
use crate::sandbox::{Sandbox, bad_pod};

/// A command as the runner understands it.
#[derive(Debug)]
pub(crate) struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

/// Reads a line of a step's output: `::name key=value,key=value::message`. A property ends at a comma, the properties
/// at the next `::`; then `%0D`, `%0A` (and `%3A`, `%2C` in properties) are what they stand for, and `%25` last.
fn parse(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, message) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let plain = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let properties = properties.split(',').filter_map(|property| property.split_once('='));
    Some(Command {
        name: name.to_owned(),
        properties: properties
            .map(|(key, value)| {
                let value = plain(value).replace("%3A", ":").replace("%2C", ",");
                (key.to_owned(), value.replace("%25", "%"))
            })
            .collect(),
        message: plain(message).replace("%25", "%"),
    })
}

/// Every line is a command, or names of others would be.
pub(crate) fn commands(output: &str) -> Vec<Command> {
    let lines = output.lines().map(|line| parse(line).unwrap_or_else(|| panic!("{line}")));
    lines
        .inspect(|command| {
            assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{command:?}");
        })
        .collect()
}

#[test]
fn annotations_stand_where_the_findings_are() {
    let sandbox = varied();
    let run = sandbox.check(["--format", "github", "jobs/two words"]);
    let commands = commands(&run.stdout);
    let names: Vec<_> = commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["notice", "error", "notice", "warning"]);
    let denied = &commands[1];
    let expected = [
        ("col", "12"),
        ("endColumn", "24"),
        ("endLine", "7"),
        ("file", "jobs/two words/100%,é:#?.yaml"),
        ("line", "7"),
        ("title", "all/denied"),
    ];
    let properties: Vec<_> =
        denied.properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(properties, expected);
    assert_eq!(
        denied.message,
        "jobs/two words/100%,é:#?.yaml:7:12: `nginx:latest`: the tag `latest` is denied (Pod odd, container app)\n\
         name a tag that does not move, such as a version, or a digest"
    );
}

#[test]
fn names_cannot_be_commands() {
    let sandbox = varied();
    let output = sandbox.check(["--format", "github", "jobs/hostile.yaml"]).stdout;
    assert!(!output.contains(|c: char| c.is_control() && c != '\n'), "{output}");
    let commands = commands(&output);
    assert_eq!(commands.len(), 4);
    let name = "a%0Ab::c,d:e|f`g<h>&'\"\\u{1b}[31mred\\u{0}\n::error::x\r\\u{2028}\\u{fffe}]]>";
    assert!(commands[1].message.contains(name), "{:?}", commands[1].message);
}

#[cfg(unix)]
#[test]
fn a_file_of_any_name_is_found() {
    let sandbox = Sandbox::new();
    let name = "a\nb%0A,c:d.yaml";
    sandbox.write(name, bad_pod("x"));
    let output = sandbox.check(["--format", "github", name]).stdout;
    assert_eq!(commands(&output)[0].properties["file"], name);
}

#[test]
fn columns_are_of_one_line() {
    let sandbox = Sandbox::new();
    sandbox.write("folded.yaml", bad_pod("x").replace("nginx:latest", ">-\n      nginx:latest"));
    let commands = commands(&sandbox.check(["--format", "github", "folded.yaml"]).stdout);
    let properties = &commands[0].properties;
    assert_ne!(properties["line"], properties["endLine"]);
    assert!(!properties.contains_key("col") && !properties.contains_key("endColumn"));
}

#[test]
fn what_github_will_not_show_is_told_first() {
    let sandbox = Sandbox::new();
    for (count, told) in [(10, false), (11, true)] {
        sandbox.write("many.yaml", pods(count));
        let commands = commands(&sandbox.check(["--format", "github", "many.yaml"]).stdout);
        assert_eq!(commands.len(), count + usize::from(told));
        assert_eq!(commands[0].name == "notice", told);
        if told {
            assert!(commands[0].message.starts_with("11 errors in all. GitHub shows 10"));
            assert!(!commands[0].properties.contains_key("file"));
        }
    }
}

#[test]
fn errors_are_annotations_too() {
    let sandbox = varied();
    let run = sandbox.check(["--format", "github", "jobs/broken.yaml", "missing.yaml"]);
    let commands = commands(&run.stdout);
    assert_eq!(commands.len(), 2);
    assert_eq!(commands[0].properties["line"], "2");
    assert_eq!(commands[1].properties["file"], "missing.yaml");
    assert!(!commands[1].properties.contains_key("line"));
}
