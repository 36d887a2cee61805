//! What people write into the file. The JSON Schema of the file is made from these types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// The names that namespaces can have, DNS-1123 labels.
const NAMESPACE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/// The configuration of the offline commands. Every key may be absent; flags and their environment variables count
/// instead of what it says. Paths and globs count from the folder that the file lies in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Config {
    /// Where an editor finds the schema of this file; Plimsoll does not look at it.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// Files and folders of policies. Absent: the built-in ones. The flag is `--policies`.
    #[schemars(length(min = 1))]
    pub policies: Option<Vec<String>>,
    /// Which of the built-in profiles, where `policies` is absent. The flag is `--profile`.
    pub profile: Option<String>,
    /// Files and folders of exemptions. The flag is `--exemptions`.
    pub exemptions: Option<Vec<String>>,
    /// Globs, as in a .gitignore, of the files that are read in folders: `deploy/` for a folder, `*.yaml.tpl` for
    /// other names than .yaml, .yml and .json. The flag is `--include`.
    #[schemars(inner(length(min = 1)))]
    pub include: Option<Vec<String>>,
    /// Globs, as in a .gitignore, of files and folders that are left out. The flag is `--exclude`.
    #[schemars(inner(length(min = 1)))]
    pub exclude: Option<Vec<String>>,
    /// Whether `exclude` counts for files that are named on the command line too, as pre-commit does. The flag is
    /// `--force-exclude`.
    pub force_exclude: Option<bool>,
    /// How the result is written, each FORMAT or FORMAT=FILE. The flag is `--format`.
    #[schemars(length(min = 1))]
    pub formats: Option<Vec<String>>,
    /// The lightest action that makes the exit code 1. The flag is `--fail-on`.
    pub fail_on: Option<FailOn>,
    /// The baseline: findings that were there before. The flag is `--baseline`.
    pub baseline: Option<String>,
    /// The namespace of objects that name none. The flag is `--namespace`.
    #[schemars(regex(pattern = NAMESPACE), length(max = 63))]
    pub namespace: Option<String>,
    /// The namespace Plimsoll is installed in, where nothing is judged. The flag is `--own-namespace`.
    #[schemars(regex(pattern = NAMESPACE), length(max = 63))]
    pub own_namespace: Option<String>,
    /// The mode of namespaces that are not known, or have no label plimsoll.dev/mode. The flag is `--default-mode`.
    pub default_mode: Option<Mode>,
    /// The version of the cluster, in quotes: "1.34". Charts are rendered for it; no rule depends on
    /// it. The flag is `--kube-version`.
    #[serde(deserialize_with = "version")]
    #[schemars(regex(pattern = r"^v?1\.[0-9]+(\.[0-9]+)?$"))]
    pub kubernetes_version: Option<String>,
    /// Whether charts and kustomizations are rendered. The flag is `--render`.
    pub render: Option<Render>,
    /// How long helm or kustomize may take for one folder, in seconds. The flag is `--render-timeout`.
    #[serde(deserialize_with = "seconds")]
    #[schemars(range(min = 1, max = 86400))]
    pub render_timeout: Option<u64>,
    /// How charts are rendered.
    pub helm: Option<Helm>,
    /// How kustomizations are rendered.
    pub kustomize: Option<Kustomize>,
    /// Whether registries are asked for digests of images. The flag is `--resolve-digests`.
    pub resolve_digests: Option<bool>,
    /// The registries that are asked, a file as for `plimsoll serve`. The flag is `--registries`.
    pub registries: Option<String>,
    /// What the cluster holds that manifests do not show. A text is short for `snapshot`. The flag is `--cluster`.
    #[schemars(with = "Option<Snapshot>")]
    pub cluster: Option<Cluster>,
}

/// Whether charts and kustomizations are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Render {
    /// Folders with a Chart.yaml or a kustomization are.
    Auto,
    /// None is; they are folders like any other.
    Never,
}

/// How charts are rendered.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Helm {
    /// The program, by its name or with its path. The flag is `--helm`.
    pub program: Option<String>,
    /// Files of values. The flag is `--helm-values`.
    pub values: Option<Vec<String>>,
    /// Values, each KEY=VALUE. The flag is `--helm-set`.
    pub set: Option<Vec<String>>,
    /// More arguments of `helm template`. The flag is `--helm-arg`.
    pub args: Option<Vec<String>>,
    /// The name of the releases. The flag is `--release-name`.
    pub release_name: Option<String>,
}

/// How kustomizations are rendered.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Kustomize {
    /// The program, kustomize or kubectl, by its name or with its path. The flag is `--kustomize`.
    pub program: Option<String>,
    /// More arguments of `kustomize build`. The flag is `--kustomize-arg`.
    pub args: Option<Vec<String>>,
}

/// The lightest action that makes the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// What would be refused.
    Deny,
    /// What would be warned about, or graver.
    Warn,
    /// What would be patched, or graver.
    Patch,
    /// Everything.
    Audit,
}

/// The most that happens in a namespace, as the label plimsoll.dev/mode has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything is recorded, nothing is done.
    Audit,
    /// Nothing is refused or patched; users are warned.
    Warn,
    /// Every action as the policy says.
    Enforce,
}

/// What the cluster holds that manifests do not show.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// A file of Namespaces and LimitRanges.
    pub snapshot: Option<String>,
    /// Namespaces.
    pub namespaces: Vec<NamespaceEntry>,
    /// LimitRanges.
    pub limit_ranges: Vec<LimitRangeEntry>,
    /// Whether the API server runs the admission plugin AlwaysPullImages; none where that is not known.
    pub always_pull_images: Option<bool>,
}

/// A mapping of what the cluster holds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Snapshot {
    /// A file of Namespaces and LimitRanges, as `kubectl get namespaces,limitranges -A -o yaml` prints them. What
    /// stands beside it counts instead, and what the manifests hold counts before both.
    snapshot: Option<String>,
    /// Namespaces with their labels.
    namespaces: Vec<NamespaceEntry>,
    /// LimitRanges.
    limit_ranges: Vec<LimitRangeEntry>,
    /// Whether the API server runs the admission plugin AlwaysPullImages: every rule imagePullPolicy that does not
    /// say so itself then counts with it.
    always_pull_images: Option<bool>,
}

/// A namespace of the cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NamespaceEntry {
    /// Its name.
    #[schemars(regex(pattern = NAMESPACE), length(max = 63))]
    pub name: String,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A LimitRange of the cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LimitRangeEntry {
    /// The namespace it is in.
    #[schemars(regex(pattern = NAMESPACE), length(max = 63))]
    pub namespace: String,
    /// Its name, for messages.
    #[serde(default)]
    pub name: String,
    /// Its `spec.limits`, as a LimitRange has them.
    pub limits: Vec<LimitRangeItem>,
}

/// An item of `spec.limits`: it is read like the one of a LimitRange among the manifests.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct LimitRangeItem(pub Value);

impl JsonSchema for LimitRangeItem {
    fn schema_name() -> Cow<'static, str> {
        "LimitRangeItem".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let amounts = |meaning: &str| {
            json!({
                "type": "object",
                "description": meaning,
                "additionalProperties": {"anyOf": [{"type": "number"}, {"type": "string"}]},
            })
        };
        json_schema!({
            "type": "object",
            "description": "An item of a LimitRange's `spec.limits`.",
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "pattern": "^(Container|Pod|PersistentVolumeClaim)$|/", "description": "What it is about: Container, Pod or PersistentVolumeClaim."},
                "min": amounts("The least."),
                "max": amounts("The most."),
                "default": amounts("The limit of a container without one."),
                "defaultRequest": amounts("The request of a container without one."),
                "maxLimitRequestRatio": amounts("The most that a limit divided by its request may be."),
            },
        })
    }
}

impl<'de> Deserialize<'de> for Cluster {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = Cluster;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a file or a map")
            }

            fn visit_str<E>(self, file: &str) -> Result<Cluster, E> {
                Ok(Cluster { snapshot: Some(file.to_owned()), ..Cluster::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cluster, A::Error> {
                let Snapshot { snapshot, namespaces, limit_ranges, always_pull_images } =
                    Snapshot::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Cluster { snapshot, namespaces, limit_ranges, always_pull_images })
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

/// YAML takes 1.30 for the number 1.3, so a version is text or an error.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Version;

    impl Visitor<'_> for Version {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a version in quotes, such as \"1.34\"")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if is_version(text) {
                return Ok(Some(text.to_owned()));
            }
            Err(E::custom(format!("`{text}` is no version of Kubernetes, such as 1.34 or v1.34.2")))
        }
    }

    deserializer.deserialize_any(Version)
}

/// As the flag takes them: from a second to a day.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<u64>::deserialize(deserializer)? {
        Some(seconds) if !(1..=86_400).contains(&seconds) => {
            Err(D::Error::custom(format!("`{seconds}` is no number of seconds from 1 to 86400")))
        }
        seconds => Ok(seconds),
    }
}

/// Whether a text is a version of Kubernetes: `1.34`, `v1.34.2`.
fn is_version(text: &str) -> bool {
    let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
    let is_number =
        |part: &str| (1..5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let count = numbers.clone().count();
    (2..=3).contains(&count) && numbers.clone().all(is_number) && numbers.next() == Some("1")
}
