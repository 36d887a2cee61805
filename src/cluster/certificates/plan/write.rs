//! A change of the Secret.

use super::super::issue::{self, IssueError};
use super::super::material::{Authority, Material};
use super::super::settings::Settings;

/// What a person asks for by the annotation [`Request::ANNOTATION`] of the Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Request {
    /// A new leaf of the same CA.
    Certificate,
    /// A new CA.
    Ca,
    /// A new CA, and the one before is trusted no more as soon as nobody needs it.
    LeakedCa,
    /// The second half of [`Request::LeakedCa`].
    ForgetRetired,
}

impl Request {
    pub(in super::super) const ANNOTATION: &str = "plimsoll.dev/rotate";

    pub(super) const ALL: [Request; 4] =
        [Request::Certificate, Request::Ca, Request::LeakedCa, Request::ForgetRetired];

    /// The value of the annotation.
    pub(in super::super) fn value(self) -> &'static str {
        match self {
            Request::Certificate => "certificate",
            Request::Ca => "ca",
            Request::LeakedCa => "leaked-ca",
            Request::ForgetRetired => "forget-retired-cas",
        }
    }

    pub(in super::super) fn parse(value: &str) -> Option<Request> {
        Request::ALL.into_iter().find(|request| request.value() == value)
    }
}

/// A change of the Secret.
#[derive(Debug, Clone)]
pub(in super::super) struct Write {
    /// For the log.
    pub(in super::super) why: &'static str,
    pub(in super::super) action: Action,
    /// What is still asked for afterwards.
    pub(in super::super) request: Option<Request>,
}

/// How the new content comes about.
#[derive(Debug, Clone)]
pub(in super::super) enum Action {
    /// It is known already.
    Store(Material),
    /// From nothing, or from what is left.
    Found {
        /// The CA that is to sign, where there is one.
        ca: Option<Authority>,
        /// What is to be trusted beside it.
        trusted: Vec<Authority>,
    },
    /// A new leaf of the same CA.
    RenewLeaf(Material),
    /// A CA that will sign later.
    PrepareCa(Material),
    /// The CA that was prepared signs from now on.
    Promote(Material),
}

impl Write {
    pub(super) fn new(why: &'static str, action: Action) -> Write {
        Write { why, action, request: None }
    }

    /// A change that leaves open what it does not fulfil.
    pub(super) fn keeping(request: Option<Request>, why: &'static str, action: Action) -> Write {
        let request = match (&action, request) {
            (Action::PrepareCa(_), Some(Request::Ca)) => None,
            (Action::Promote(_), Some(Request::LeakedCa)) => Some(Request::ForgetRetired),
            (Action::Promote(_), Some(Request::Ca | Request::Certificate))
            | (Action::RenewLeaf(_), Some(Request::Certificate)) => None,
            (_, request) => request,
        };
        Write { why, action, request }
    }
}

impl Action {
    /// For the log.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Action::Store(_) => "Secret written",
            Action::Found { ca: None, .. } => "new CA and certificate made",
            Action::Found { ca: Some(_), .. } | Action::RenewLeaf(_) => "certificate renewed",
            Action::PrepareCa(_) => "next CA made: it signs once all webhooks carry it",
            Action::Promote(_) => "next CA signs from now on",
        }
    }

    /// Makes what is missing: the only place where keys come from.
    pub(in super::super) fn perform(
        self,
        settings: &Settings,
        now: i64,
    ) -> Result<Material, IssueError> {
        Ok(match self {
            Action::Store(material) => material,
            Action::Found { ca, trusted } => {
                let ca = match ca {
                    Some(ca) => ca,
                    None => issue::ca(settings, now)?,
                };
                let leaf = issue::leaf(&ca, settings, now)?;
                Material { leaf, ca, next: None, retired: Vec::new() }.trusting(trusted.iter())
            }
            Action::RenewLeaf(before) => {
                Material { leaf: issue::leaf(&before.ca, settings, now)?, ..before }
            }
            Action::PrepareCa(before) => {
                Material { next: Some(issue::ca(settings, now)?), ..before }
            }
            Action::Promote(Material { ca: before, next: Some(ca), mut retired, .. }) => {
                retired.insert(0, before.without_key());
                Material { leaf: issue::leaf(&ca, settings, now)?, ca, next: None, retired }
            }
            Action::Promote(before) => before,
        })
    }
}
