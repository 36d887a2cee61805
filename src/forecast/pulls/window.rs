//! Six hours of starts, and how many of them Docker Hub counts.

use super::super::assumptions::Runtime;
use super::super::figure::Range;
use super::super::kept::{Kept, Sum};
use super::super::words::{float, number};
use super::{Pulls, Starts};

/// The hours of Docker Hub's window.
pub(super) const WINDOW: i64 = 6;
/// Hours that are plotted: a week.
pub(super) const MOST_PLOTTED: usize = 168;

/// Starts of containers from images of Docker Hub within six hours.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// By policy, now and after.
    pub(super) always: [f64; 2],
    pub(super) present: [f64; 2],
    /// Where the numbers come from.
    pub(super) how: String,
}

/// The most manifests that nodes can lack: each image once on each node, and never more than it was started where all
/// its starts are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lacking {
    pub(super) always: [f64; 2],
    pub(super) present: [f64; 2],
    /// Were all containers of one policy.
    pub(super) all: f64,
}

impl Window {
    /// What Docker Hub would count of starts with `Always`, of which nodes can lack so many.
    pub(super) fn counted_always(starts: f64, lacking: f64, runtime: Option<Runtime>) -> Range {
        match runtime {
            Some(Runtime::CriO) => Range::exactly(starts),
            Some(Runtime::Containerd) => Range::between(0.0, starts.min(lacking)),
            None => Range::between(0.0, starts),
        }
    }

    /// What Docker Hub would count of starts with `IfNotPresent`.
    pub(super) fn counted_present(starts: f64, lacking: f64) -> Range {
        Range::between(0.0, starts.min(lacking))
    }

    /// What Docker Hub would count now, or after.
    pub(super) fn counted(
        &self,
        when: usize,
        lacking: &Lacking,
        runtime: Option<Runtime>,
    ) -> Range {
        let always = Self::counted_always(self.always[when], lacking.always[when], runtime);
        always.plus(Self::counted_present(self.present[when], lacking.present[when]))
    }
}

impl Pulls {
    /// The hours with their starts, in their order.
    pub(super) fn by_hour(&self) -> Vec<(i64, Starts)> {
        let mut hours: Vec<_> = self.hours.told().map(|(at, hour)| (*at, hour.starts)).collect();
        hours.sort_by_key(|(at, _)| *at);
        hours
    }

    /// The six hours in a row with the most starts.
    pub(super) fn busiest(&self) -> Option<Window> {
        let hours = self.by_hour();
        let mut best: Option<(u64, Starts, i64)> = None;
        let mut first = 0;
        for (last, (end, _)) in hours.iter().enumerate() {
            while hours.get(first).is_some_and(|(at, _)| *at <= end.saturating_sub(WINDOW)) {
                first += 1;
            }
            let mut sum = Starts::default();
            hours
                .get(first..=last)
                .unwrap_or_default()
                .iter()
                .for_each(|(_, starts)| sum.add(*starts));
            let weight = sum.always[0].saturating_add(sum.present[0]);
            if best.is_none_or(|(most, ..)| weight > most) {
                best = Some((weight, sum, *end));
            }
        }
        best.map(|(_, starts, end)| Window {
            always: starts.always.map(float),
            present: starts.present.map(float),
            how: format!("the 6 hours up to {}", hour(end.saturating_add(1))),
        })
    }

    /// Six hours as they are on average from the first hour to the last.
    pub(super) fn average(&self) -> Option<Window> {
        let hours = self.by_hour();
        let span = hours.last()?.0.saturating_sub(hours.first()?.0).saturating_add(1);
        let span = float(u64::try_from(span).ok()?.max(WINDOW.unsigned_abs()));
        let mut sum = Starts::default();
        hours.iter().for_each(|(_, starts)| sum.add(*starts));
        let mean = |count: u64| float(count) * float(WINDOW.unsigned_abs()) / span;
        Some(Window {
            always: sum.always.map(mean),
            present: sum.present.map(mean),
            how: format!("6 of {} hours on average", number(span)),
        })
    }

    /// Six hours in which so many pods an hour are created, as those that make the churn are; where there are none of
    /// these, as all are.
    pub(super) fn churned(&self, churn: u64) -> Option<Window> {
        let (mix, which) = if self.churning.pods > 0 {
            (self.churning, "pods that run to completion or have no controller")
        } else {
            (self.all, "pods")
        };
        if mix.pods == 0 {
            return None;
        }
        let pods = float(churn) * float(WINDOW.unsigned_abs());
        let part = |count: u64| pods * float(count) / float(mix.pods);
        Some(Window {
            always: mix.starts.always.map(part),
            present: mix.starts.present.map(part),
            how: format!(
                "6 hours of {churn} pods (--churn), each starting what {} {which} start on average",
                mix.pods
            ),
        })
    }

    /// The most manifests that so many nodes can lack; without them, as many as there were starts. With `churn` there are
    /// more starts than were seen, of each image that was: then its starts are no bound, but those of the window are.
    pub(super) fn lacking(&self, nodes: Option<u64>, churn: bool) -> Lacking {
        let at_most = |count: u64| match (nodes, churn) {
            (_, _) if count == 0 => 0.0,
            (Some(nodes), true) => float(nodes),
            (Some(nodes), false) => float(count.min(nodes)),
            (None, true) => f64::INFINITY,
            (None, false) => float(count),
        };
        let sum = |of: &dyn Fn(&Starts) -> u64| {
            let told: f64 = self.images.told().map(|(_, starts)| at_most(of(starts))).sum();
            // Of images that are not told apart, nothing better is known.
            let others = of(self.images.others());
            told + if churn && others > 0 { f64::INFINITY } else { float(others) }
        };
        Lacking {
            always: [0, 1].map(|when| sum(&|starts| starts.always[when])),
            present: [0, 1].map(|when| sum(&|starts| starts.present[when])),
            all: sum(&|starts| starts.always[0].saturating_add(starts.present[0])),
        }
    }

    /// Images of Docker Hub that are told apart.
    pub(super) fn images(&self) -> usize {
        Kept::len(&self.images)
    }
}

/// An hour since 1970, as people read it.
pub(super) fn hour(at: i64) -> String {
    match jiff::Timestamp::from_second(at.saturating_mul(super::HOUR)) {
        Ok(at) => at.strftime("%Y-%m-%d %H:00").to_string(),
        Err(_) => at.to_string(),
    }
}
