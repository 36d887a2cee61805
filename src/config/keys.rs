//! The keys of the file, and the flags that they stand for.

use std::path::Path;

use crate::pointer::Pointer;

/// A key of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// As the file has it; `helm.set` is the key `set` in the mapping `helm`.
    pub name: &'static str,
    /// The identity of the flag that it stands for; none for what only the file can say.
    pub flag: Option<&'static str>,
    /// What its values are.
    pub sort: Sort,
    /// The flag that, where it is given, means this key as well: who names a profile wants no other policies.
    pub yields_to: Option<&'static str>,
}

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Text that is passed on as it is.
    Text,
    /// A file or folder, counted from the folder of the file.
    Path,
    /// FORMAT or FORMAT=FILE.
    Format,
    /// A number.
    Number,
    /// A program: with a slash, one counted from the folder of the file; else one of the PATH.
    Program,
}

const fn key(name: &'static str, flag: &'static str, sort: Sort) -> Key {
    Key { name, flag: Some(flag), sort, yields_to: None }
}

/// Every key, in the order in which they are listed to people.
pub static KEYS: [Key; 26] = [
    Key { yields_to: Some("profile"), ..key("policies", "policies", Sort::Path) },
    key("profile", "profile", Sort::Text),
    key("exemptions", "exemptions", Sort::Path),
    key("include", "include", Sort::Text),
    key("exclude", "exclude", Sort::Text),
    key("forceExclude", "force_exclude", Sort::Text),
    key("formats", "formats", Sort::Format),
    key("failOn", "fail_on", Sort::Text),
    key("baseline", "baseline", Sort::Path),
    key("namespace", "namespace", Sort::Text),
    key("ownNamespace", "own_namespace", Sort::Text),
    key("defaultMode", "default_mode", Sort::Text),
    key("kubernetesVersion", "kube_version", Sort::Text),
    key("render", "render", Sort::Text),
    key("renderTimeout", "render_timeout", Sort::Number),
    key("helm.program", "helm", Sort::Program),
    key("helm.values", "helm_values", Sort::Path),
    key("helm.set", "helm_set", Sort::Text),
    key("helm.args", "helm_arg", Sort::Text),
    key("helm.releaseName", "release_name", Sort::Text),
    key("kustomize.program", "kustomize", Sort::Program),
    key("kustomize.args", "kustomize_arg", Sort::Text),
    key("resolveDigests", "resolve_digests", Sort::Text),
    key("registries", "registries", Sort::Path),
    key("cluster", "cluster", Sort::Path),
    Key { name: "$schema", flag: None, sort: Sort::Text, yields_to: None },
];

impl Key {
    /// Whether it holds a list.
    pub fn is_list(&self) -> bool {
        const LISTS: [&str; 9] = [
            "policies",
            "exemptions",
            "include",
            "exclude",
            "formats",
            "helm.values",
            "helm.set",
            "helm.args",
            "kustomize.args",
        ];
        LISTS.contains(&self.name)
    }

    /// The way to it in the file.
    pub fn pointer(&self) -> Pointer {
        self.name.split('.').fold(Pointer::default(), Pointer::join)
    }
}

impl Sort {
    /// A value as the flag takes it, told from the working directory on.
    pub fn from(self, folder: &Path, value: String) -> String {
        match self {
            Self::Text => value,
            Self::Path => below(folder, &value),
            Self::Program if value.contains('/') => {
                let program = below(folder, &value);
                // Without a slash it would be looked for on the PATH.
                if program.contains('/') { program } else { format!("./{program}") }
            }
            Self::Program | Self::Number => value,
            Self::Format => match value.split_once('=') {
                Some((format, file)) if !file.is_empty() => {
                    format!("{format}={}", below(folder, file))
                }
                _ => value,
            },
        }
    }
}

/// A path of the file; `-` is standard input wherever it is named.
fn below(folder: &Path, path: &str) -> String {
    if path == "-" || path.is_empty() {
        return path.to_owned();
    }
    let joined = folder.join(path);
    let joined = joined.strip_prefix(".").unwrap_or(&joined);
    joined.to_string_lossy().into_owned()
}
