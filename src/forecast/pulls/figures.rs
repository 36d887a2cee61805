//! Figures about pulls.

use super::super::assumptions::{Assumptions, Runtime};
use super::super::figure::{Figure, Plot, Range, Section, Series};
use super::super::surroundings::Surroundings;
use super::super::words::{float, number, range};
use super::Pulls;
use super::window::{Lacking, MOST_PLOTTED, WINDOW, Window, hour};

/// Registries that figures are made of.
const MOST_TOLD: usize = 20;
const UNIT: &str = "pulls/6h";

impl Pulls {
    pub(in super::super) fn section(
        &self,
        live: bool,
        surroundings: &Surroundings,
        assumptions: &Assumptions,
    ) -> Section {
        let mut section = Section::new("pulls", "Image pulls");
        let nodes = assumptions.nodes(surroundings);
        let runtime = assumptions.runtime(surroundings);
        let lacking = self.lacking(nodes.map(|(count, _)| count), assumptions.churn.is_some());
        let egress = egress(assumptions, nodes.map(|(count, _)| count));
        let window = match assumptions.churn {
            Some(churn) => self.churned(churn),
            None => self.busiest(),
        };
        section.summary = match &window {
            Some(window) => {
                let [now, after] = [0, 1].map(|when| window.counted(when, &lacking, runtime));
                format!(
                    "Of images of Docker Hub, the busiest 6 hours count {} pulls now and would count {}, of {} that an address may have.",
                    range(now),
                    range(after),
                    assumptions.pull_limit
                )
            }
            None => "No image of Docker Hub is pulled at a time that is known.".to_owned(),
        };
        if let Some(window) = &window {
            section.figures.extend(figures(window, &lacking, runtime, egress, assumptions));
        }
        if let Some(mean) = self.average().filter(|_| assumptions.churn.is_none() && !live) {
            for (when, id, label) in [
                (0, "pulls.mean.now", "pulls in 6 hours on average, now"),
                (1, "pulls.mean.after", "pulls in 6 hours on average, after"),
            ] {
                let counted = mean.counted(when, &lacking, runtime);
                section.figures.push(Figure::new(id, label, counted, UNIT, starts(&mean, when)));
            }
        }
        section.figures.extend(self.by_host());
        section.plots.extend(self.plot(egress, assumptions));
        section.assumptions = self.told(live, assumptions, nodes, runtime);
        section
    }

    /// Starts that ask a registry whatever the node has.
    fn by_host(&self) -> Vec<Figure> {
        let mut hosts: Vec<_> = self.hosts.told().collect();
        hosts.sort_by(|a, b| b.1.always[0].cmp(&a.1.always[0]).then_with(|| a.0.cmp(b.0)));
        let told = hosts.into_iter().take(MOST_TOLD).map(|(host, starts)| {
            let [now, after] = starts.always;
            let how = format!(
                "{now} starts with Always and {} with IfNotPresent now, {after} and {} afterwards; each with Always asks \
                 the registry, and waits while it is down",
                starts.present[0], starts.present[1]
            );
            let label = format!("starts that would ask {host} in any case");
            Figure::new("pulls.registry", label, Range::exactly(float(after)), "starts", how).about(&**host)
        });
        told.collect()
    }

    fn plot(&self, egress: Range, assumptions: &Assumptions) -> Option<Plot> {
        let hours = self.by_hour();
        let last = hours.last()?.0;
        let most = MOST_PLOTTED as i64;
        let first = hours.first()?.0.max(last.saturating_sub(most - 1));
        let points: Vec<i64> = (first..=last).collect();
        // One address where it is not known how many there are: then the bars are the most that there can be.
        let addresses = if egress.low > 0.0 { egress.low } else { 1.0 };
        let values = |when: usize| {
            let of_hour = |at: &i64| {
                let found = hours.binary_search_by_key(at, |(hour, _)| *hour).ok();
                let starts = found.and_then(|found| hours.get(found));
                starts.map_or(0.0, |(_, starts)| float(starts.always[when]) / addresses)
            };
            points.iter().map(of_hour).collect::<Vec<f64>>()
        };
        let series = vec![
            Series { label: "now".to_owned(), values: values(0) },
            Series { label: "after".to_owned(), values: values(1) },
        ];
        let limit = float(assumptions.pull_limit) / float(WINDOW.unsigned_abs());
        Some(Plot {
            id: "pulls.hours",
            title: format!(
                "Starts with Always from Docker Hub, by hour and address ({} addresses)",
                number(addresses)
            ),
            unit: "pulls/h",
            points: points.iter().map(|at| hour(*at)).collect(),
            series,
            limit: Some(("Docker Hub's limit, by the hour".to_owned(), limit)),
        })
    }

    fn told(
        &self,
        live: bool,
        assumptions: &Assumptions,
        nodes: Option<(u64, &str)>,
        runtime: Option<Runtime>,
    ) -> Vec<String> {
        let mut told = vec![format!(
            "Docker Hub allows {} pulls in 6 hours by address: 100 without an account, 200 with a personal one, which \
             then counts by account (--pull-limit)",
            assumptions.pull_limit
        )];
        told.push(match assumptions.egress_addresses {
            Some(known) => format!("the nodes share {known} addresses evenly (--egress-addresses)"),
            None => {
                "each node may have an address of its own, or all share one (--egress-addresses)"
                    .to_owned()
            }
        });
        told.push(match nodes {
            Some((count, by)) => format!("{count} nodes ({by}) pull each of {} images once at most", self.images()),
            None => "how many nodes there are is not known: IfNotPresent may pull at every start (--nodes)".to_owned(),
        });
        told.push(match runtime {
            Some(Runtime::Containerd) => "containerd asks by HEAD, which is not counted, whether it has what a tag means",
            Some(Runtime::CriO) => "CRI-O gets the manifest at every start with Always, and each counts",
            None => {
                "what runs the containers is not known: with Always, containerd's HEAD requests count nothing, CRI-O's GET \
                 requests count one at each start (--container-runtime)"
            }
        }.to_owned());
        if live && assumptions.churn.is_none() {
            told.push(
                "only pods that are still there are seen: what was created and is gone is not in these figures, and they \
                 are the least (--churn)"
                    .to_owned(),
            );
        }
        told
    }
}

/// How many addresses the nodes have; the least is 0 where the most is not known.
fn egress(assumptions: &Assumptions, nodes: Option<u64>) -> Range {
    match (assumptions.egress_addresses, nodes) {
        (Some(known), _) => Range::exactly(float(known.max(1))),
        (None, Some(nodes)) => Range::between(1.0, float(nodes.max(1))),
        (None, None) => Range::between(1.0, f64::INFINITY),
    }
}

fn starts(window: &Window, when: usize) -> String {
    format!(
        "{}: {} starts with Always, {} with IfNotPresent",
        window.how,
        number(window.always[when]),
        number(window.present[when])
    )
}

fn figures(
    window: &Window,
    lacking: &Lacking,
    runtime: Option<Runtime>,
    egress: Range,
    assumptions: &Assumptions,
) -> Vec<Figure> {
    let mut figures = Vec::new();
    let limit = float(assumptions.pull_limit);
    let mut by_address = |id, label: &str, counted: Range, how: String| {
        let value = counted.over(egress).unwrap_or(counted);
        let how = format!(
            "{how}; {} pulls by {} addresses, against {}",
            range(counted),
            if egress.high.is_finite() { range(egress) } else { "1 or more".to_owned() },
            assumptions.pull_limit
        );
        let alarm = if value.low > limit {
            Some(format!(
                "Docker Hub would refuse pulls (429): {} in 6 hours by address",
                range(value)
            ))
        } else if value.high > limit {
            Some(format!(
                "Docker Hub may refuse pulls (429): {} in 6 hours by address",
                range(value)
            ))
        } else {
            None
        };
        figures.push(Figure::new(id, label, value, UNIT, how).alarmed(alarm));
    };
    by_address(
        "pulls.address.now",
        "pulls by address in the busiest 6 hours, now",
        window.counted(0, lacking, runtime),
        starts(window, 0),
    );
    by_address(
        "pulls.address.after",
        "pulls by address in the busiest 6 hours, after",
        window.counted(1, lacking, runtime),
        starts(window, 1),
    );
    let all = window.always[0] + window.present[0];
    by_address(
        "pulls.address.always",
        "the same, were every container Always",
        Window::counted_always(all, lacking.all, runtime),
        format!("{}: {} starts", window.how, number(all)),
    );
    by_address(
        "pulls.address.present",
        "the same, were every container IfNotPresent",
        Window::counted_present(all, lacking.all),
        format!(
            "{}: {} starts, of which nodes lack {} at most",
            window.how,
            number(all),
            number(lacking.all.min(all))
        ),
    );
    figures
}
