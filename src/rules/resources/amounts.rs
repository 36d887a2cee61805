//! The request and limit of a container as they will be in force, and the room between the bounds on them.

use crate::pod::limit_range::{Bound, LimitRange, stored};
use crate::pod::view::Container;
use crate::quantity::Quantity;

/// A resource that a policy can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Cpu,
    Memory,
    EphemeralStorage,
}

impl Resource {
    pub(super) const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::EphemeralStorage];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
        }
    }

    /// `supportedPodLevelResources` (component-helpers/resource/helpers.go); hugepages are nobody's business here.
    pub(super) const fn may_stand_at_pod_level(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory)
    }

    /// Whether a part of a unit means something: half a core does, half a byte does not.
    pub(super) const fn is_divisible(self) -> bool {
        matches!(self, Self::Cpu)
    }
}

/// Which of the two amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Limit,
}

impl Side {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Limit => "limit",
        }
    }

    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Request => "requests",
            Self::Limit => "limits",
        }
    }
}

/// An amount in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Amount {
    pub(super) value: Quantity,
    /// The object itself holds it.
    pub(super) written: bool,
}

/// A request and a limit.
pub(super) type Values = (Option<Quantity>, Option<Quantity>);

/// What a container reserves and may use of one resource.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pair {
    pub(super) request: Option<Amount>,
    pub(super) limit: Option<Amount>,
}

impl Pair {
    /// The amounts in force once the API server has taken the pod: a limit is its own request
    /// (`SetDefaults_Pod`), then LimitRanger fills in what is absent. Both happen before a webhook is called. None
    /// where an amount cannot be read.
    pub(super) fn of(
        container: &Container<'_>,
        resource: Resource,
        ranges: &[LimitRange],
    ) -> Option<Self> {
        let name = resource.name();
        let mut pair = Self::default();
        if let Some(text) = container.limit(name) {
            pair.limit = Some(Amount { value: read(text).ok()?, written: true });
        }
        if let Some(request) = container.request(name) {
            let value = read(request.value).ok()?;
            pair.request = Some(Amount { value, written: !request.defaulted });
        }
        for range in ranges {
            let filled_in = |value| Amount { value, written: false };
            pair.limit = pair.limit.or_else(|| range.container.default.get(name).map(filled_in));
            pair.request =
                pair.request.or_else(|| range.container.default_request.get(name).map(filled_in));
        }
        Some(pair)
    }

    pub(super) fn values(self) -> Values {
        (self.request.map(|amount| amount.value), self.limit.map(|amount| amount.value))
    }
}

/// Reads an amount of a pod.
pub(super) fn read(text: &str) -> Result<Quantity, String> {
    match stored(text) {
        Ok(amount) if amount.is_negative() => Err("no amount may be negative".to_owned()),
        Ok(amount) => Ok(amount),
        Err(error) => Err(error.to_string()),
    }
}

/// The largest amount that a limit may be beside a request; none where there is no telling.
pub(super) fn most(resource: Resource, request: Quantity, ratio: Quantity) -> Option<Quantity> {
    const UNIT: i128 = 1_000_000_000;
    const MILLI: i128 = 1_000_000;
    let most = request.checked_mul_ratio(ratio)?;
    // Rounded down, because the API server rounds up.
    let floor = |step| Quantity::from_nanos(most.nanos() / step * step, request.format());
    let whole = floor(UNIT);
    Some(if resource.is_divisible() || whole < request { floor(MILLI) } else { whole })
}

/// The least and the most that a limit may be, each with the reason.
#[derive(Debug)]
pub(super) struct Room<'r> {
    low: (Quantity, Reason<'r>),
    high: Option<(Quantity, Reason<'r>)>,
}

#[derive(Clone, Copy, Debug)]
enum Reason<'r> {
    Request,
    Policy(&'static str),
    LimitRange(&'r str, Bound),
}

impl Reason<'_> {
    fn text(self) -> String {
        match self {
            Self::Request => "its request".to_owned(),
            Self::Policy(field) => format!("the policy's {field}"),
            Self::LimitRange(name, bound) => format!("{} of LimitRange {name}", bound.field()),
        }
    }
}

impl<'r> Room<'r> {
    /// A limit may be anything from the request on.
    pub(super) const fn above(request: Quantity) -> Self {
        Self { low: (request, Reason::Request), high: None }
    }

    fn raise(&mut self, low: Option<Quantity>, reason: Reason<'r>) {
        if let Some(low) = low.filter(|low| *low > self.low.0) {
            self.low = (low, reason);
        }
    }

    fn lower(&mut self, high: Option<Quantity>, reason: Reason<'r>) {
        if let Some(high) = high.filter(|high| self.high.is_none_or(|(known, _)| *high < known)) {
            self.high = Some((high, reason));
        }
    }

    /// Within the bounds of the policy.
    pub(super) fn bounded(
        mut self,
        min: Option<Quantity>,
        max: Option<Quantity>,
        most: Option<Quantity>,
    ) -> Self {
        self.raise(min, Reason::Policy("min"));
        self.lower(max, Reason::Policy("max"));
        self.lower(most, Reason::Policy("maxLimitRequestRatio"));
        self
    }

    /// Within the bounds of the namespace.
    pub(super) fn in_namespace(
        mut self,
        resource: Resource,
        request: Quantity,
        ranges: &'r [LimitRange],
    ) -> Self {
        for range in ranges {
            let bound = |bound| range.container.get(bound, resource.name());
            let reason = |bound| Reason::LimitRange(&range.name, bound);
            self.raise(bound(Bound::Min), reason(Bound::Min));
            self.lower(bound(Bound::Max), reason(Bound::Max));
            let most = bound(Bound::Ratio).and_then(|ratio| most(resource, request, ratio));
            self.lower(most, reason(Bound::Ratio));
        }
        self
    }

    /// The amount nearest to `wanted`.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn nearest(&self, wanted: Quantity) -> Result<Quantity, String> {
        let ((low, why_low), high) = (self.low, self.high);
        if let Some((high, why_high)) = high.filter(|(high, _)| low > *high) {
            let (why_low, why_high) = (why_low.text(), why_high.text());
            return Err(format!("{why_low} asks for {low} or more, {why_high} for {high} or less"));
        }
        let nearest = match high {
            Some((high, _)) if wanted > high => high,
            _ if wanted < low => low,
            _ => wanted,
        };
        // The kubelet takes a limit of 0 for none at all.
        if nearest.is_zero() {
            return Err("beside a request of 0 it would have to be 0, which is no limit".to_owned());
        }
        Ok(nearest)
    }
}
