//! Expressions, the pods they are asked about, and what a real API server answered.
//!
//! `corpus/*.yaml` are the expressions by topic, `pods/*.yaml` the pods, `answers/*.json` what the API server said of
//! each, written by `PLIMSOLL_UPDATE=1 cargo test --test e2e cel`.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The namespace that the pods are made in.
pub(crate) const NAMESPACE: &str = "cel-corpus";
/// The label that tells which case a pod is made for.
pub(crate) const LABEL: &str = "case";
/// The label that tells the topic of that case.
pub(crate) const TOPIC: &str = "topic";

/// An expression of the corpus.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The file it stands in, without `.yaml`.
    #[serde(skip)]
    pub(crate) topic: String,
    /// Number in that file, from 0.
    #[serde(skip)]
    pub(crate) number: usize,
    /// The expression.
    pub(crate) expr: String,
    /// The pod it is asked about.
    #[serde(default = "rich")]
    pub(crate) pod: String,
    /// What happens to the pod.
    #[serde(default)]
    pub(crate) operation: Operation,
    /// Replaces `{MANY}` in the expression by a text that is repeated.
    pub(crate) many: Option<Many>,
}

/// A text, so many times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Many {
    text: String,
    times: usize,
}

/// What happens to a pod.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Operation {
    #[default]
    Create,
    /// An annotation is added and the image of the first container changed.
    Update,
}

/// What the API server said.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The expression, to be found.
    pub(crate) expr: String,
    /// Why it was refused when the policy was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
    /// The type that the checker gave it, where objects are of type dyn.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) static_type: Option<String>,
    /// What type checking with the schema of pods found (`status.typeChecking` of the policy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) typed: Option<String>,
    /// Why evaluating it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Type and value, as the function `format` of strings prints them by `%s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
}

/// The objects that expressions see.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Objects {
    /// By name, as the API server has defaulted them; without the label of the case.
    pub(crate) created: BTreeMap<String, Value>,
    /// The same, when they are changed.
    pub(crate) updated: BTreeMap<String, Value>,
    /// The namespace.
    pub(crate) namespace: Value,
}

fn rich() -> String {
    "rich".to_owned()
}

impl Case {
    /// Names it among all.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.topic, self.number)
    }

    /// The expression in full.
    pub(crate) fn expression(&self) -> String {
        match &self.many {
            Some(many) => self.expr.replace("{MANY}", &many.text.repeat(many.times)),
            None => self.expr.clone(),
        }
    }
}

/// An expression that tells type and value of another one.
pub(crate) fn shown(expression: &str) -> String {
    format!("'%s %s'.format([dyn(type({expression}\n)), dyn({expression}\n)])")
}

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "cel", name].iter().collect()
}

fn files(name: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (stem, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// All cases, by topic.
pub(crate) fn corpus() -> BTreeMap<String, Vec<Case>> {
    let read = |(topic, text): (String, String)| {
        let mut cases: Vec<Case> =
            serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{topic}: {e}"));
        for (number, case) in cases.iter_mut().enumerate() {
            case.topic.clone_from(&topic);
            case.number = number;
        }
        (topic, cases)
    };
    files("corpus").into_iter().map(read).collect()
}

/// The pods, as they are sent.
pub(crate) fn pods() -> BTreeMap<String, Value> {
    let read = |(name, text): (String, String)| {
        let pod = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, pod)
    };
    files("pods").into_iter().map(read).collect()
}

/// What was answered, by topic, in the order of the cases.
pub(crate) fn answers() -> BTreeMap<String, Vec<Answer>> {
    files("answers")
        .into_iter()
        .map(|(topic, text)| (topic, serde_json::from_str(&text).unwrap()))
        .collect()
}

/// The objects that were seen.
pub(crate) fn objects() -> Objects {
    let path = folder("objects.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Writes down what was answered and seen.
pub(crate) fn record(answers: &BTreeMap<String, Vec<Answer>>, objects: &Objects) {
    fs::create_dir_all(folder("answers")).unwrap();
    for (topic, answers) in answers {
        let text = serde_json::to_string_pretty(answers).unwrap() + "\n";
        fs::write(folder("answers").join(format!("{topic}.json")), text).unwrap();
    }
    fs::write(folder("objects.json"), serde_json::to_string_pretty(objects).unwrap() + "\n")
        .unwrap();
}
