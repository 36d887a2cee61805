//! Taints that a pod must tolerate, and those that it may not.
//!
//! Source: `ToleratesTaint` in `k8s.io/api/core/v1/toleration.go`; `GetMatchingTolerations` and `getMinTolerationTime` in
//! kubernetes (`pkg/apis/core/v1/helper/helpers.go`, `pkg/controller/tainteviction/taint_eviction.go`), which take the
//! first toleration that fits a taint; `plugin/pkg/admission/defaulttolerationseconds/admission.go`.

use serde_json::{Value, json};

use super::settings::{Taint, TaintEffect, Toleration, TolerationOperator};
use super::{Placement, texts};
use crate::edit::Edit;
use crate::finding::{Safety, Violation};
use crate::pod::view;
use crate::pod::workload::Class;
use crate::pointer::Pointer;
use crate::rules::Subject;

/// Taints that the API server makes every pod tolerate for a time, before any webhook sees it.
pub(super) const DEFAULTED: [&str; 2] =
    ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
/// That time in seconds, unless the API server's flags say otherwise.
pub(super) const DEFAULT_SECONDS: i64 = 300;
/// Taints that the DaemonSet controller makes its pods tolerate (`AddOrUpdateDaemonPodTolerations`).
const OF_DAEMONS: [(&str, &str); 7] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ("node.kubernetes.io/network-unavailable", "NoSchedule"),
];

/// A toleration, ready to be added.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) written: Toleration,
    /// As it stands in a pod.
    pub(super) entry: Value,
}

impl Wanted {
    pub(super) fn new(mut written: Toleration) -> Self {
        // `Equal` is what absence means, and no API server writes it out: both are said in full.
        written.operator = Some(written.operator.unwrap_or(TolerationOperator::Equal));
        let entry = json!(written);
        Self { written, entry }
    }

    fn as_toleration(&self) -> Shape<'_> {
        let Toleration { key, operator, value, effect, .. } = &self.written;
        Shape {
            key: key.as_deref().unwrap_or_default(),
            operator: operator.unwrap_or(TolerationOperator::Equal),
            value: value.as_deref().unwrap_or_default(),
            effect: effect.map(TaintEffect::name).unwrap_or_default(),
        }
    }

    /// Whether `other` adds nothing to this one, but perhaps time.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.as_toleration().covers(&other.as_toleration())
    }

    pub(super) fn tolerates(&self, taint: &Taint) -> bool {
        self.as_toleration().tolerates(taint)
    }

    /// Whether the API server adds one for the same taint where there is none.
    pub(super) fn is_defaulted(&self) -> bool {
        let shape = self.as_toleration();
        DEFAULTED.contains(&shape.key)
            && shape.operator == TolerationOperator::Exists
            && shape.effect == TaintEffect::NoExecute.name()
    }

    fn is_long_enough(&self, there: Option<i64>) -> bool {
        match (there, self.written.toleration_seconds) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(there), Some(wanted)) => there >= wanted,
        }
    }
}

/// A toleration but for its time.
#[derive(Clone, Copy)]
struct Shape<'t> {
    /// Empty for every key.
    key: &'t str,
    operator: TolerationOperator,
    value: &'t str,
    /// Empty for every effect.
    effect: &'t str,
}

impl<'t> Shape<'t> {
    /// None for one with an operator that does not exist, which tolerates nothing.
    fn of(toleration: &'t view::Toleration<'_>) -> Option<Self> {
        let operator = match toleration.operator.as_deref().unwrap_or_default() {
            "" | "Equal" => TolerationOperator::Equal,
            "Exists" => TolerationOperator::Exists,
            "Lt" => TolerationOperator::Lt,
            "Gt" => TolerationOperator::Gt,
            _ => return None,
        };
        Some(Self {
            key: toleration.key.as_deref().unwrap_or_default(),
            operator,
            value: toleration.value.as_deref().unwrap_or_default(),
            effect: toleration.effect.as_deref().unwrap_or_default(),
        })
    }

    /// Whether every taint that the other tolerates is tolerated by this one.
    fn covers(&self, other: &Shape<'_>) -> bool {
        use TolerationOperator::{Equal, Exists, Gt, Lt};
        let numbers = || decimal(self.value).zip(decimal(other.value));
        (self.key.is_empty() || self.key == other.key)
            && (self.effect.is_empty() || self.effect == other.effect)
            && match (self.operator, other.operator) {
                (Exists, _) => true,
                (Equal, Equal) => self.value == other.value,
                (Lt, Equal) => numbers().is_some_and(|(bound, value)| value < bound),
                (Gt, Equal) => numbers().is_some_and(|(bound, value)| value > bound),
                (Lt, Lt) => numbers().is_some_and(|(bound, other)| other <= bound),
                (Gt, Gt) => numbers().is_some_and(|(bound, other)| other >= bound),
                _ => false,
            }
    }

    /// Whether some taint of this description is tolerated.
    fn tolerates(&self, taint: &Taint) -> bool {
        let effect = taint.effect.map(TaintEffect::name);
        (self.key.is_empty() || self.key == taint.key)
            && (self.effect.is_empty() || effect.is_none_or(|effect| effect == self.effect))
            && taint.value.as_deref().is_none_or(|value| {
                let numbers = || decimal(self.value).zip(decimal(value));
                match self.operator {
                    TolerationOperator::Exists => true,
                    TolerationOperator::Equal => self.value == value,
                    TolerationOperator::Lt => numbers().is_some_and(|(bound, value)| value < bound),
                    TolerationOperator::Gt => numbers().is_some_and(|(bound, value)| value > bound),
                }
            })
    }
}

/// An integer as `IsDecimalInteger` takes it: without leading zeros or a plus.
pub(super) fn decimal(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

/// What the API server adds to every pod, as far as it can be told from what somebody wrote.
fn is_default(toleration: &view::Toleration<'_>) -> bool {
    is_timed_default(toleration) && toleration.toleration_seconds == Some(DEFAULT_SECONDS)
}

fn is_timed_default(toleration: &view::Toleration<'_>) -> bool {
    let key = toleration.key.as_deref().unwrap_or_default();
    DEFAULTED.contains(&key)
        && toleration.operator.as_deref() == Some("Exists")
        && toleration.effect.as_deref() == Some("NoExecute")
        && toleration.toleration_seconds.is_some()
}

fn is_of_daemons(toleration: &view::Toleration<'_>) -> bool {
    let (key, effect) = (toleration.key.as_deref(), toleration.effect.as_deref());
    toleration.operator.as_deref() == Some("Exists")
        && OF_DAEMONS.iter().any(|(of, with)| key == Some(of) && effect == Some(with))
}

impl Placement {
    /// Reports taints that are not tolerated.
    pub(super) fn judge_tolerations(&self, spec: &view::Spec<'_>, violations: &mut Vec<Violation>) {
        let place = Pointer::new("/spec/tolerations");
        let present = spec.tolerations.as_deref().unwrap_or_default();
        let (mut missing, mut edits): (Vec<&Wanted>, Vec<Edit>) = (Vec::new(), Vec::new());
        for wanted in &self.tolerations {
            let shape = wanted.as_toleration();
            let found = present
                .iter()
                .enumerate()
                .find(|(_, there)| Shape::of(there).is_some_and(|there| there.covers(&shape)));
            match found {
                None => {
                    missing.push(wanted);
                    edits.push(Edit::append(place.clone(), wanted.entry.clone()));
                }
                Some((at, there)) if wanted.is_defaulted() && is_default(there) => {
                    let seconds = place.clone().join(at).join("tolerationSeconds");
                    missing.push(wanted);
                    edits.push(match wanted.written.toleration_seconds {
                        Some(wanted) => Edit::set(seconds, wanted),
                        None => Edit::remove(seconds),
                    });
                }
                Some((_, there)) if wanted.is_long_enough(there.toleration_seconds) => {}
                Some((at, there)) => {
                    violations.push(too_short(place.clone().join(at), there, wanted))
                }
            }
        }
        if missing.is_empty() {
            return;
        }
        let texts: Vec<String> = missing.iter().map(|one| texts::toleration(one)).collect();
        let text = texts.join(", ");
        violations.push(
            Violation::pod(
                place,
                format!("the pod does not tolerate `{text}`"),
                format!("add to tolerations: {text}"),
            )
            .with_fix(format!("tolerations + {text}"), Safety::Unsafe, edits),
        );
    }

    /// Reports tolerations of what is forbidden.
    pub(super) fn judge_forbidden_tolerations(
        &self,
        subject: &Subject<'_, '_>,
        violations: &mut Vec<Violation>,
    ) {
        let is_daemon = subject.workload.class == Class::Daemon;
        let all = subject.spec.tolerations.iter().flatten().enumerate();
        for (at, toleration) in all {
            // Nobody wrote these.
            if is_timed_default(toleration) || (is_daemon && is_of_daemons(toleration)) {
                continue;
            }
            let Some(shape) = Shape::of(toleration) else { continue };
            let Some(taint) = self.forbid.taints.iter().find(|taint| shape.tolerates(taint)) else {
                continue;
            };
            let (seen, taint) = (texts::toleration_of_pod(toleration), taint.text());
            let (message, help) = if shape.key.is_empty() {
                let help = format!("tolerate by key what the pod needs, and not `{taint}`");
                (format!("`{seen}` is tolerated, `{taint}` among them, which is forbidden"), help)
            } else {
                (
                    format!("`{seen}` is tolerated, and `{taint}` is forbidden"),
                    "remove it".to_owned(),
                )
            };
            violations.push(Violation::pod(
                Pointer::new("/spec/tolerations").join(at),
                message,
                help,
            ));
        }
    }
}

impl Taint {
    /// `dedicated=steady:NoSchedule`
    pub(super) fn text(&self) -> String {
        let value = self.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        let effect = self.effect.map(|effect| format!(":{}", effect.name())).unwrap_or_default();
        format!("{}{value}{effect}", self.key)
    }
}

fn too_short(place: Pointer, there: &view::Toleration<'_>, wanted: &Wanted) -> Violation {
    let (seen, asked) = (texts::toleration_of_pod(there), texts::toleration(wanted));
    Violation::pod(
        place,
        format!("`{seen}` is tolerated, and `{asked}` is asked for; the first that fits counts"),
        match wanted.written.toleration_seconds {
            Some(seconds) => format!("give it tolerationSeconds {seconds} or more"),
            None => "remove its tolerationSeconds".to_owned(),
        },
    )
}
