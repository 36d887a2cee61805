//! Which pods are judged.

use crate::glob::{GlobError, Globs, Slash};
use crate::pod::workload::Class;

/// Namespaces that are listed one by one, where globs chose them; for more, all pods are listed and the others passed
/// over.
const MOST_LISTED_ALONE: usize = 50;

/// Which pods are judged. Empty, all are.
#[derive(Clone, Debug)]
pub struct Selection {
    namespaces: Vec<String>,
    excluded: Vec<String>,
    globs: Globs,
    /// A label selector, as kubectl takes it.
    pub labels: Option<String>,
    /// A field selector, as kubectl takes it.
    pub fields: Option<String>,
    /// Kinds of top owners, in whatever case; empty: all.
    pub kinds: Vec<String>,
    /// Classes of workloads; empty: all.
    pub classes: Vec<Class>,
}

/// Whether text is a glob and not a name.
fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

impl Selection {
    /// The pods of some namespaces, without those of others, by names and globs.
    ///
    /// # Errors
    /// A glob that is malformed.
    pub fn new(namespaces: Vec<String>, excluded: Vec<String>) -> Result<Self, GlobError> {
        let globs = Globs::compile(&namespaces, &excluded, Slash::Crossed)?;
        let (labels, fields, kinds, classes) = Default::default();
        Ok(Self { namespaces, excluded, globs, labels, fields, kinds, classes })
    }

    /// Whether all pods are judged but those of namespaces that are left out.
    pub(super) fn is_all_but_excluded(&self) -> bool {
        self.namespaces.is_empty()
            && (&self.labels, &self.fields) == (&None, &None)
            && self.kinds.is_empty()
            && self.classes.is_empty()
    }

    /// Whether pods of a namespace are judged.
    pub(super) fn takes(&self, namespace: &str) -> bool {
        self.globs.matches(namespace)
    }

    /// The names of namespaces that were named as such.
    pub(super) fn named(&self) -> impl Iterator<Item = &String> {
        self.namespaces.iter().filter(|name| !is_glob(name))
    }

    /// The namespaces that are listed one by one; none where all pods are listed at once.
    pub(super) fn alone(&self, known: Option<&[String]>) -> Option<Vec<String>> {
        if self.namespaces.is_empty() {
            return None;
        }
        let has_globs = self.namespaces.iter().any(|name| is_glob(name));
        let mut names: Vec<String> =
            self.named().filter(|name| self.takes(name)).cloned().collect();
        if has_globs {
            let matched = known?.iter().filter(|name| self.takes(name));
            names.extend(matched.cloned());
        }
        names.sort();
        names.dedup();
        (!has_globs || names.len() <= MOST_LISTED_ALONE).then_some(names)
    }

    /// The field selector of a list of all pods: namespaces that are left out by name are not even sent.
    pub(super) fn fields_of_all(&self) -> Option<String> {
        let out = self.excluded.iter().filter(|name| !is_glob(name));
        let out = out.map(|name| format!("metadata.namespace!={name}"));
        let terms: Vec<String> = self.fields.iter().cloned().chain(out).collect();
        (!terms.is_empty()).then(|| terms.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(namespaces: &[&str], excluded: &[&str]) -> Selection {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Selection::new(owned(namespaces), owned(excluded)).unwrap()
    }

    #[test]
    fn few_namespaces_are_listed_alone() {
        let known = ["a", "team-a", "team-b"].map(str::to_owned);
        let known = Some(&known[..]);
        let alone = |namespaces: &[&str], excluded: &[&str], known| {
            of(namespaces, excluded).alone(known).map(|names| names.join(" "))
        };
        assert_eq!(alone(&[], &[], known), None);
        assert_eq!(alone(&["x", "a"], &[], None).unwrap(), "a x", "also what is not known");
        assert_eq!(alone(&["team-*", "a"], &["*-b"], known).unwrap(), "a team-a");
        assert_eq!(alone(&["team-*"], &[], None), None, "nobody knows which there are");
        let many: Vec<String> = (0..=MOST_LISTED_ALONE).map(|at| format!("n{at}")).collect();
        assert_eq!(alone(&["n*"], &[], Some(&many)), None);
    }

    #[test]
    fn what_is_left_out_by_name_is_not_sent() {
        let mut selection = of(&[], &["kube-system", "x-*"]);
        assert_eq!(selection.fields_of_all().unwrap(), "metadata.namespace!=kube-system");
        selection.fields = Some("spec.nodeName=a".to_owned());
        let both = "spec.nodeName=a,metadata.namespace!=kube-system";
        assert_eq!(selection.fields_of_all().unwrap(), both);
        assert!(!selection.takes("x-1") && !selection.takes("kube-system") && selection.takes("a"));
        assert_eq!(of(&[], &[]).fields_of_all(), None);
    }
}
