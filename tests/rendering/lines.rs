//! No line is led back to one that cannot have written it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use plimsoll::manifest::Place;
use plimsoll::manifest::source::folders::Folder;
use plimsoll::rendering::{Outcome, Rendered, Settings, Spot, render};
use regex::Regex;

use crate::world::{create, fixture, helm, world};

fn rendered(chart: &Path, sets: &[&str]) -> Rendered {
    let settings = Settings {
        enabled: true,
        helm: Some(helm().to_owned()),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        namespace: "default".to_owned(),
        ..Settings::never()
    };
    match render(Folder::Chart, chart, &Arc::new(settings)) {
        Ok(Outcome::Rendered(rendered)) => rendered,
        other => panic!("{other:?}"),
    }
}

/// Whether a line of a template can have written a line: its text around the actions is there, in order, or it is not all
/// that an action on it wrote.
fn can_write(template: &str, written: &str) -> bool {
    let (template, written) = (template.trim(), written.trim());
    if !template.contains("{{") {
        return template == written;
    }
    if template.contains("nindent") || template.contains("toYaml") {
        return true;
    }
    let actions =
        Regex::new(r#"\{\{(?:`[^`]*`|"(?:[^"\\]|\\.)*"|[^`"}]|\}[^}])*(\}\}|$)"#).unwrap();
    let mut pattern = String::from("^");
    let mut at = 0;
    for action in actions.find_iter(template) {
        pattern += &regex::escape(template[at..action.start()].trim_end());
        pattern += r"\s*.*\s*";
        at = action.end();
    }
    pattern += &regex::escape(template[at..].trim_start());
    pattern += "$";
    Regex::new(&pattern).unwrap().is_match(written)
}

/// Looks at every line of the output; answers how many of those with text were led back, in percent.
fn look(chart: &Path, sets: &[&str]) -> usize {
    let rendered = rendered(chart, sets);
    let text = String::from_utf8(rendered.text().to_vec()).unwrap();
    let (mut all, mut known) = (0, 0);
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.is_empty() || content == "---" || content.starts_with("# Source: ") {
            continue;
        }
        all += 1;
        let start = line.len() - line.trim_start().len();
        let column = line[..start].chars().count() + 1;
        let end_column = column + content.chars().count();
        let place = Place { line: index + 1, column, end_line: index + 1, end_column };
        let origin = rendered.trace(Spot { place, path: None });
        let Some((place, excerpt)) = origin.place else {
            println!("unknown: {line}");
            continue;
        };
        known += 1;
        let file = fs::read_to_string(&origin.file).unwrap();
        let template = file.lines().nth(place.line - 1).unwrap();
        assert!(
            can_write(template, line),
            "{line}\n{}:{}: {template}",
            origin.file.display(),
            place.line
        );
        assert!(
            template.contains(&excerpt.text[excerpt.marked.clone()]),
            "{template}: {excerpt:?}"
        );
        assert!(!template.trim().is_empty());
    }
    assert!(all > 0);
    known * 100 / all
}

#[test]
fn lines_of_a_grown_chart_come_from_where_they_are_said_to() {
    let world = fixture("shop");
    for sets in [
        &[][..],
        &["debug=true"],
        &["resources.limits.cpu=1,resources.requests.memory=1Gi"],
        &["autoscaling=true", "cache.image.tag=7", "nameOverride=x"],
        &["imagePullSecrets[0].name=a", "workers[0].init=true", "workers[0].name=w"],
    ] {
        let known = look(&world.path().join("shop"), sets);
        assert!(known >= 95, "{sets:?}: {known} %");
    }
}

#[test]
fn lines_of_what_helm_creates_come_from_where_they_are_said_to() {
    let world = world();
    create(&world, "web");
    for sets in [
        &[][..],
        &["autoscaling.enabled=true", "ingress.enabled=true", "replicaCount=3"],
        &[
            "volumes[0].name=a,volumes[0].emptyDir.medium=Memory",
            "nodeSelector.a=b",
            "httpRoute.enabled=true",
        ],
        &["podAnnotations.x=y", "resources.limits.cpu=1", "serviceAccount.create=false"],
    ] {
        let known = look(&world.path().join("web"), sets);
        assert!(known >= 95, "{sets:?}: {known} %");
    }
}

#[test]
fn lines_of_our_own_chart_come_from_where_they_are_said_to() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/plimsoll");
    let known = look(&chart, &["monitoring.podMonitor.enabled=true"]);
    assert!(known >= 90, "{known} %");
}
