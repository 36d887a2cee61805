//! What the engine is asked about.

use serde_json::Value;

use crate::digests::Digests;
use crate::pod::kinds::Object;
use crate::pod::limit_range::LimitRange;

/// What happens to an object (admission/v1 `Operation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It comes into being.
    #[default]
    Create,
    /// It changes.
    Update,
    /// It goes.
    Delete,
    /// A subresource is connected to.
    Connect,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct User<'a> {
    /// Name, as authenticated.
    pub name: &'a str,
    /// Groups.
    pub groups: Vec<&'a str>,
    /// authentication/v1 UserInfo as JSON text, where the door has it; it is read only by who asks for more than the
    /// above.
    pub whole: Option<&'a str>,
}

/// What a door knows of the namespace of an object.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamespaceFacts<'a> {
    /// Its labels, a map of text; none where the door does not know them.
    pub labels: Option<&'a Value>,
    /// Its LimitRanges, as far as they are known.
    pub limit_ranges: &'a [LimitRange],
}

/// A request to judge, whatever door it came through.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    /// What happens.
    pub operation: Operation,
    /// API group; empty for the core group.
    pub group: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Subresource; empty for the object itself.
    pub subresource: &'a str,
    /// Name of the object; empty where it is not known, or is still to be generated.
    pub name: &'a str,
    /// The namespace of the request, which is the one to trust.
    pub namespace: &'a str,
    /// Whether nothing will be stored.
    pub dry_run: bool,
    /// The options of the request (metav1 CreateOptions, UpdateOptions) as JSON text, where the door has them.
    pub options: Option<&'a str>,
    /// Who asks; none where nobody does, as in a manifest.
    pub user: Option<User<'a>>,
    /// The object as it would be.
    pub object: Option<Object<'a>>,
    /// The object as it is, on update.
    pub old_object: Option<Object<'a>>,
    /// What is known of the namespace.
    pub facts: NamespaceFacts<'a>,
    /// What the registries said of images that rules asked about; none where the door asks no registry.
    pub digests: Option<&'a Digests>,
    /// The time, in seconds since 1970, by which exemptions expire; where it is not known, none does.
    pub now: Option<i64>,
}
