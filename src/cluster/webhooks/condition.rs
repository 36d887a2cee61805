//! Conditions on a request, as CEL that the API server evaluates before it asks a webhook.
//!
//! An error in CEL refuses the request where the failure policy is Fail, so what may be absent is asked for with
//! `has` first.

use std::collections::BTreeSet;

use crate::glob::GlobList;
use crate::policy::document::Verb;

/// Something that holds for a request or does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    /// Any of these; never where there are none.
    Any(Vec<Condition>),
    /// All of these; always where there are none.
    All(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The operation is one of these.
    Operation(BTreeSet<Verb>),
    /// The API server knows who asks.
    KnownUser,
    /// A text of the request, or one of a list of them, passes a test.
    Text(Subject, Test),
}

/// A text that a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// The namespace.
    Namespace,
    /// The name of the user.
    User,
    /// Any group of the user.
    Group,
}

/// What a text may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    /// One of these.
    Among(BTreeSet<String>),
    /// It begins so.
    Prefix(String),
    /// It ends so.
    Suffix(String),
}

impl Condition {
    /// What holds for every request.
    pub(super) const ALWAYS: Self = Self::All(Vec::new());

    pub(super) fn is_always(&self) -> bool {
        matches!(self, Self::All(all) if all.is_empty())
    }

    /// All of these, without what always holds.
    pub(super) fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<_> = conditions.into_iter().filter(|one| !one.is_always()).collect();
        match kept.pop() {
            Some(only) if kept.is_empty() => only,
            Some(last) => {
                kept.push(last);
                Self::All(kept)
            }
            None => Self::ALWAYS,
        }
    }

    /// Any of these, each named once.
    pub(super) fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<_> =
            conditions.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        if kept.iter().any(Self::is_always) {
            return Self::ALWAYS;
        }
        match kept.pop() {
            Some(only) if kept.is_empty() => only,
            last => {
                kept.extend(last);
                Self::Any(kept)
            }
        }
    }

    /// What holds at least where the subject passes the globs: a list that CEL would read differently is left out.
    pub(super) fn globs(subject: Subject, globs: &GlobList) -> Self {
        let included = (!globs.include.is_empty())
            .then(|| matching(subject, &globs.include))
            .flatten()
            .unwrap_or(Self::ALWAYS);
        let excluded = (!globs.exclude.is_empty())
            .then(|| matching(subject, &globs.exclude))
            .flatten()
            .map_or(Self::ALWAYS, |condition| match condition {
                always if always.is_always() => Self::Any(Vec::new()),
                condition => Self::Not(Box::new(condition)),
            });
        Self::all([included, excluded])
    }

    /// As CEL.
    pub(super) fn to_cel(&self) -> String {
        match self {
            Self::Any(any) => joined(any, " || ", "false"),
            Self::All(all) => joined(all, " && ", "true"),
            Self::Not(inner) => format!("!({})", inner.to_cel()),
            Self::Operation(verbs) => {
                among("request.operation", verbs.iter().map(|verb| verb.as_str()))
            }
            Self::KnownUser => "has(request.userInfo.username)".to_owned(),
            Self::Text(subject @ Subject::Group, test) => {
                let groups = subject.field();
                format!("has({groups}) && {groups}.exists(g, {})", test.to_cel("g"))
            }
            Self::Text(subject, test) => {
                let field = subject.field();
                format!("has({field}) && {}", test.to_cel(field))
            }
        }
    }
}

/// Whether one of the globs matches; none where that cannot be said in CEL.
fn matching(subject: Subject, globs: &[String]) -> Option<Condition> {
    let mut literals = BTreeSet::new();
    let mut tests = Vec::new();
    for glob in globs {
        let special = |text: &str| text.bytes().any(|b| b"*?[]{}\\".contains(&b));
        // Who is in no group passes no test on groups.
        if glob == "*" && subject != Subject::Group {
            return Some(Condition::ALWAYS);
        } else if !special(glob) {
            literals.insert(glob.clone());
        } else if let Some(prefix) = glob.strip_suffix('*').filter(|text| !special(text)) {
            tests.push(Test::Prefix(prefix.to_owned()));
        } else if let Some(suffix) = glob.strip_prefix('*').filter(|text| !special(text)) {
            tests.push(Test::Suffix(suffix.to_owned()));
        } else {
            // A regular expression would do, but the API server counts what it costs, and refuses the request or lets
            // it pass unjudged where it is too much.
            return None;
        }
    }
    tests.extend((!literals.is_empty()).then_some(Test::Among(literals)));
    Some(Condition::any(tests.into_iter().map(|test| Condition::Text(subject, test))))
}

impl Subject {
    const fn field(self) -> &'static str {
        match self {
            Self::Namespace => "request.namespace",
            Self::User => "request.userInfo.username",
            Self::Group => "request.userInfo.groups",
        }
    }
}

impl Test {
    fn to_cel(&self, text: &str) -> String {
        match self {
            Self::Among(names) => among(text, names.iter().map(String::as_str)),
            Self::Prefix(prefix) => format!("{text}.startsWith({})", quoted(prefix)),
            Self::Suffix(suffix) => format!("{text}.endsWith({})", quoted(suffix)),
        }
    }
}

fn joined(conditions: &[Condition], operator: &str, empty: &str) -> String {
    if conditions.is_empty() {
        return empty.to_owned();
    }
    let parts: Vec<_> = conditions.iter().map(|one| format!("({})", one.to_cel())).collect();
    parts.join(operator)
}

fn among<'t>(text: &str, values: impl Iterator<Item = &'t str>) -> String {
    let values: Vec<_> = values.map(quoted).collect();
    match values.as_slice() {
        [only] => format!("{text} == {only}"),
        values => format!("{text} in [{}]", values.join(", ")),
    }
}

/// A text in CEL: its double-quoted strings know every escape that JSON writes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
