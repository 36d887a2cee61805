//! A suite as its author writes it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::expectation::Expectation;
use crate::decode::{DecodeError, decode, nearest};
use crate::pointer::Pointer;

/// Kind of a test suite.
pub const KIND: &str = "PolicyTest";

/// Tests of policies: pods and reviews, and what Plimsoll has to say of each.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PolicyTest {
    /// Always `plimsoll.dev/v1alpha1`.
    pub api_version: ApiVersion,
    /// Always `PolicyTest`.
    pub kind: Kind,
    /// The suite's name, if it is to have another than its file.
    #[serde(default)]
    pub metadata: Metadata,
    /// Files and folders of the policies under test, seen from this file. Absent: the file beside this one whose
    /// name lacks `.test`, and where there is none, the other files of the folder.
    #[schemars(length(min = 1))]
    pub policies: Option<Vec<PathBuf>>,
    /// A profile that is built in, instead of `policies`.
    pub profile: Option<String>,
    /// Files and folders of exemptions, seen from this file; those among the policies count without it.
    #[serde(default)]
    pub exemptions: Vec<PathBuf>,
    /// The time of the tests, by which exemptions expire: a moment as in `2026-12-31T18:00:00Z`. Absent: a time at
    /// which none has expired.
    pub now: Option<String>,
    /// Namespaces of the tests, by name. All others exist too, and have neither labels nor LimitRanges.
    #[serde(default)]
    pub namespaces: BTreeMap<String, NamespaceForm>,
    /// What registries say of the images of the tests: `nginx:1.27: sha256:…`, or `nginx:1.27: {failed: no such tag}`. No
    /// registry is asked; the digests of all other images cannot be had.
    #[serde(default)]
    pub digests: BTreeMap<String, DigestForm>,
    /// What holds for the pod of each case, unless the case says otherwise.
    #[serde(default)]
    pub defaults: PodForm,
    /// The cases.
    #[serde(default)]
    #[schemars(with = "Vec<Case>")]
    pub cases: Vec<Value>,
    /// Folders of manifests that say in comments what is found in them, on which line.
    #[serde(default)]
    pub fixtures: Fixtures,
}

/// The API version of suites.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only one.
    #[serde(rename = "plimsoll.dev/v1alpha1")]
    V1Alpha1,
}

/// The kind of suites.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum Kind {
    /// The only one.
    PolicyTest,
}

/// What a suite is called.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Metadata {
    /// The suite's name.
    pub name: Option<String>,
}

/// A namespace of the tests.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct NamespaceForm {
    /// Its labels; `plimsoll.dev/mode` is one.
    pub labels: BTreeMap<String, String>,
    /// Its LimitRanges: the `spec` of each.
    pub limit_ranges: Vec<Map<String, Value>>,
}

/// What a registry says of an image.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DigestForm {
    /// The digest: `sha256:` and 64 hexadecimal digits.
    Digest(String),
    /// Nothing.
    Failed {
        /// Why, as the webhook would say it.
        failed: String,
    },
}

/// Folders of manifests that announce what is found in them: `# error: RULE` stands on the line that a finding points
/// at, `# fixed: RULE` where it is patched, `# exempted: RULE` where it is exempted, and nothing else is found. A file
/// may bring its own policies, exemptions, Namespaces and LimitRanges.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fixtures {
    /// Folder, file or glob of manifests in which nothing is wrong.
    pub pass: Option<String>,
    /// Folder, file or glob of manifests in which something is wrong.
    pub fail: Option<String>,
    /// Folder, file or glob of manifests that are patched: the last object of each is the one before it after the
    /// patch, without the annotation `plimsoll.dev/patched-by`.
    pub fix: Option<String>,
}

/// One case, or with `matrix` several.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(transform = only_these)]
pub struct Case {
    /// What it is called. Absent: its input.
    pub name: Option<String>,
    /// Several cases in one: for each field the values to try, in every combination.
    #[schemars(with = "Option<BTreeMap<String, Vec<Value>>>")]
    pub matrix: Option<Map<String, Value>>,
    /// The input where it is not the pod of the fields below.
    #[serde(flatten)]
    pub source: Source,
    /// The pod.
    #[serde(flatten)]
    pub pod: PodForm,
    /// What is expected.
    #[serde(flatten)]
    pub expected: Expectation,
}

/// An input that is written in full.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// A Kubernetes object that holds a pod, judged as it stands.
    pub object: Option<Map<String, Value>>,
    /// A file of manifests, seen from this file; each pod in it is a case.
    pub file: Option<PathBuf>,
    /// An AdmissionReview, or its `request` alone, or a file that holds one.
    pub review: Option<PathOr>,
    /// The pod before an update, where it differs from the pod of this case; the case is an update then.
    pub old: Option<PodForm>,
}

/// A pod in a few words. The rest of it is ordinary: one container, called `app`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PodForm {
    /// The image of the container.
    pub image: Option<String>,
    /// The images of several containers, by name.
    pub images: Option<BTreeMap<String, String>>,
    /// Fields of every container, as in `{imagePullPolicy: Always}`.
    pub container: Option<Map<String, Value>>,
    /// Fields of the pod's `spec`. Containers are told apart by their names; `null` removes a field.
    pub spec: Option<Map<String, Value>>,
    /// Labels of the pod.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the pod.
    pub annotations: Option<BTreeMap<String, String>>,
    /// The namespace; `default` where none is named.
    pub namespace: Option<String>,
    /// The kind that the pod is the template of, as in `CronJob`.
    pub kind: Option<String>,
    /// The controller of the pod: `Job`, or with its group and version `argoproj.io/v1alpha1/Workflow`.
    pub owner: Option<String>,
    /// Fields of the pod as a whole, laid over all of the above.
    pub pod: Option<Map<String, Value>>,
    /// Who asks. With a user or groups the case is a review, as the webhooks get it.
    pub user: Option<String>,
    /// The groups of the one who asks.
    pub groups: Option<Vec<String>>,
}

/// A value in place, or the file that holds it.
#[derive(Clone, Debug)]
pub enum PathOr {
    /// A file, seen from the suite's.
    Path(PathBuf),
    /// The value.
    Value(Map<String, Value>),
}

impl<'de> Deserialize<'de> for PathOr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(path) => Ok(Self::Path(path.into())),
            Value::Object(value) => Ok(Self::Value(value)),
            _ => Err(serde::de::Error::custom("expected a path or a map")),
        }
    }
}

impl JsonSchema for PathOr {
    fn schema_name() -> Cow<'static, str> {
        "PathOr".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "object"]})
    }
}

/// The fields of [`Case`] itself.
const OWN: [&str; 2] = ["name", "matrix"];
/// The fields of [`Source`].
pub(super) const SOURCE: [&str; 4] = ["object", "file", "review", "old"];
/// The fields of [`PodForm`].
pub(super) const POD: [&str; 12] = [
    "image",
    "images",
    "container",
    "spec",
    "labels",
    "annotations",
    "namespace",
    "kind",
    "owner",
    "pod",
    "user",
    "groups",
];

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// At each field that is unknown, and at the first in each group of fields that is wrong.
    pub fn read(value: &Value) -> Result<Self, Vec<DecodeError>> {
        let Value::Object(fields) = value else {
            return Err(vec![wrong(
                "",
                "a case is a map, as in `{image: nginx, deny: no-latest}`",
            )]);
        };
        let mut errors = Vec::new();
        let all = || OWN.iter().chain(&SOURCE).chain(&POD).chain(&Expectation::FIELDS).copied();
        for unknown in fields.keys().filter(|key| !all().any(|known| known == key.as_str())) {
            errors.push(DecodeError {
                pointer: Pointer::default().join(unknown),
                message: format!("unknown field `{unknown}`"),
                help: nearest(unknown, all()),
            });
        }
        let part = |names: &[&str]| {
            let own = fields.iter().filter(|(key, _)| names.contains(&key.as_str()));
            Value::Object(own.map(|(key, value)| (key.clone(), value.clone())).collect())
        };
        let name = match fields.get("name") {
            None => None,
            Some(Value::String(name)) => Some(name.clone()),
            Some(_) => {
                errors.push(wrong("/name", "expected a text"));
                None
            }
        };
        let matrix = match fields.get("matrix") {
            None => None,
            Some(Value::Object(matrix)) => Some(matrix.clone()),
            Some(_) => {
                errors.push(wrong("/matrix", "expected a map of fields, each with a list"));
                None
            }
        };
        let source = decode(&part(&SOURCE)).map_err(|error| errors.push(error));
        let pod = decode(&part(&POD)).map_err(|error| errors.push(error));
        let expected = decode(&part(&Expectation::FIELDS)).map_err(|error| errors.push(error));
        match (source, pod, expected) {
            (Ok(source), Ok(pod), Ok(expected)) if errors.is_empty() => {
                Ok(Self { name, matrix, source, pod, expected })
            }
            _ => Err(errors),
        }
    }
}

pub(super) fn wrong(pointer: &str, message: impl Into<String>) -> DecodeError {
    DecodeError { pointer: Pointer::new(pointer), message: message.into(), help: None }
}

/// All fields of a case stand in one list, and editors know this word for it better.
fn only_these(schema: &mut Schema) {
    schema.remove("unevaluatedProperties");
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
}

/// The JSON Schema of suites.
pub fn schema() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<PolicyTest>()
}
