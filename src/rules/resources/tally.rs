//! What the amounts of all containers add up to, kept current while they change one by one.
//!
//! A pod can have a hundred thousand containers, and a fix for each asks for the sums before and after it. So the
//! sums of blocks of containers stand in a binary tree for each resource, and a change computes one path of one
//! tree anew. Nothing is subtracted, because sums saturate.

use super::amounts::{Resource, Side, Values};
use crate::pod::containers::ContainerList;
use crate::quantity::Quantity;

/// Containers added up in one leaf of a tree: few enough to be added up anew with each change, enough to keep
/// the tree small.
const BLOCK: usize = 8;

/// One container with its amounts.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) list: ContainerList,
    pub(super) sidecar: bool,
    pub(super) amounts: [Values; 3],
}

/// Every container with its amounts, as they are after the fixes so far.
#[derive(Debug)]
pub(super) struct Tally {
    rows: Vec<Row>,
    /// For each resource. The root is at 1, the children of a node at twice its position and one further; the
    /// last half are leaves.
    trees: [Vec<Totals>; 3],
}

/// One side of one resource over a stretch of containers.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Main containers and sidecars.
    running: Option<Quantity>,
    sidecars: Option<Quantity>,
    /// The largest moment of initialisation.
    starting: Option<Quantity>,
}

/// What the QoS class is made of: one resource over a stretch of containers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) request: Quantity,
    pub(super) limit: Quantity,
    /// Every container has a limit other than 0.
    pub(super) all_limited: bool,
}

#[derive(Clone, Copy, Debug)]
struct Totals {
    sums: [Sums; 2],
    counted: Counted,
}

impl Tally {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let leaves = rows.len().div_ceil(BLOCK).max(1).next_power_of_two();
        let trees = Resource::ALL.map(|resource| {
            let mut tree = vec![Totals::NOTHING; 2 * leaves];
            for (leaf, block) in tree[leaves..].iter_mut().zip(rows.chunks(BLOCK)) {
                *leaf = Totals::of(block, resource);
            }
            for at in (1..leaves).rev() {
                tree[at] = tree[2 * at].then(&tree[2 * at + 1]);
            }
            tree
        });
        Self { rows, trees }
    }

    /// Gives a container other amounts and answers with those it had; none where there is no such container.
    pub(super) fn replace(
        &mut self,
        at: usize,
        resource: Resource,
        amounts: Values,
    ) -> Option<Values> {
        let slot = &mut self.rows.get_mut(at)?.amounts[resource as usize];
        let before = std::mem::replace(slot, amounts);
        let block = at / BLOCK;
        let tree = &mut self.trees[resource as usize];
        let mut node = tree.len() / 2 + block;
        tree[node] = Totals::of(self.rows.chunks(BLOCK).nth(block).unwrap_or_default(), resource);
        while node > 1 {
            node /= 2;
            tree[node] = tree[2 * node].then(&tree[2 * node + 1]);
        }
        Some(before)
    }

    /// All main containers and sidecars, or the largest moment of initialisation if that is more
    /// (`AggregateContainerRequests`, KEP-753).
    pub(super) fn sum(&self, resource: Resource, side: Side) -> Option<Quantity> {
        let sums = &self.trees[resource as usize][1].sums[side as usize];
        sums.running.max(sums.starting)
    }

    pub(super) fn counted(&self, resource: Resource) -> Counted {
        self.trees[resource as usize][1].counted
    }
}

impl Totals {
    const NOTHING: Self = Self {
        sums: [Sums { running: None, sidecars: None, starting: None }; 2],
        counted: Counted { request: Quantity::ZERO, limit: Quantity::ZERO, all_limited: true },
    };

    fn of(rows: &[Row], resource: Resource) -> Self {
        rows.iter().fold(Self::NOTHING, |totals, row| {
            let (request, limit) = row.amounts[resource as usize];
            let sums = [request, limit].map(|amount| Sums::of(row.list, row.sidecar, amount));
            totals.then(&Self { sums, counted: Counted::of((request, limit)) })
        })
    }

    fn then(&self, next: &Self) -> Self {
        let [requests, limits] = self.sums;
        Self {
            sums: [requests.then(next.sums[0]), limits.then(next.sums[1])],
            counted: self.counted.and(next.counted),
        }
    }
}

impl Sums {
    fn of(list: ContainerList, sidecar: bool, amount: Option<Quantity>) -> Self {
        if list == ContainerList::Main {
            Self { running: amount, ..Self::default() }
        } else if sidecar {
            Self { running: amount, sidecars: amount, starting: amount }
        } else {
            Self { starting: amount, ..Self::default() }
        }
    }

    /// While later ones start, the sidecars before them run already.
    fn then(self, next: Self) -> Self {
        Self {
            running: add(self.running, next.running),
            sidecars: add(self.sidecars, next.sidecars),
            starting: self.starting.max(add(self.sidecars, next.starting)),
        }
    }
}

fn add(sum: Option<Quantity>, amount: Option<Quantity>) -> Option<Quantity> {
    match (sum, amount) {
        (Some(sum), Some(amount)) => Some(sum.saturating_add(amount)),
        (sum, amount) => sum.or(amount),
    }
}

impl Counted {
    pub(super) fn of((request, limit): Values) -> Self {
        let all_limited = limit.is_some_and(|limit| !limit.is_zero());
        let (request, limit) = (request.unwrap_or_default(), limit.unwrap_or_default());
        Self { request, limit, all_limited }
    }

    fn and(self, other: Self) -> Self {
        Self {
            request: self.request.saturating_add(other.request),
            limit: self.limit.saturating_add(other.limit),
            all_limited: self.all_limited && other.all_limited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum as the API server computes it, container by container.
    fn slowly(rows: &[Row]) -> Option<Quantity> {
        let (mut running, mut sidecars, mut starting) = (None, None, None);
        for row in rows {
            let (amount, _) = row.amounts[0];
            if row.list == ContainerList::Main {
                running = add(running, amount);
            } else if row.sidecar {
                running = add(running, amount);
                sidecars = add(sidecars, amount);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(add(sidecars, amount));
            }
        }
        running.max(starting)
    }

    #[test]
    fn changes_one_by_one_add_up_to_the_same() {
        let cpu = |amount: i64| Some(Quantity::from_units(amount, Default::default()));
        let rows: Vec<Row> = (0..300)
            .map(|at| Row {
                list: if at < 200 { ContainerList::Init } else { ContainerList::Main },
                sidecar: at < 200 && at % 7 == 0,
                amounts: [(if at % 3 == 0 { None } else { cpu(at % 11) }, None); 3],
            })
            .collect();
        let mut tally = Tally::new(rows);
        for step in 0..400_i64 {
            let at = (step * 37 % 300) as usize;
            let amount = if step % 5 == 0 { None } else { cpu(step * step % 1000) };
            assert!(tally.replace(at, Resource::Cpu, (amount, None)).is_some());
            assert_eq!(tally.sum(Resource::Cpu, Side::Request), slowly(&tally.rows), "{step}");
        }
        assert!(tally.replace(300, Resource::Cpu, (None, None)).is_none());
        assert_eq!(Tally::new(Vec::new()).sum(Resource::Cpu, Side::Limit), None);
    }
}
