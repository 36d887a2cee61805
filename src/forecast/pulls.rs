//! How often registries are asked for images, and whether that fits into Docker Hub's window.
//!
//! Docker Hub counts GET requests for manifests, and HEAD requests not: 100 in 6 hours by IPv4 address without an account,
//! 200 with a personal one (docs.docker.com/docker-hub/usage/pulls). With `Always`, containerd asks by HEAD for the digest
//! of the tag and gets the manifest only where it lacks it; CRI-O gets it at every start. With `IfNotPresent` a node
//! pulls an image that it lacks, once.

mod figures;
mod window;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Observed;
use super::kept::{Kept, Sum};
use super::placement::is_short_lived;
use super::state::State;
use crate::image::{DEFAULT_HOST, Reference};
use crate::pod::containers::ContainerList;
use crate::pod::view::Pod;

/// Registries that are told apart.
const MOST_HOSTS: usize = 200;
/// Images that are told apart.
const MOST_IMAGES: usize = 5_000;
/// Hours that are told apart: more than a year.
const MOST_HOURS: usize = 10_000;
/// Seconds in an hour.
const HOUR: i64 = 3_600;

/// How often containers were started, by image and time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Pulls {
    /// By registry.
    hosts: Kept<Arc<str>, Starts, MOST_HOSTS>,
    /// By image of Docker Hub.
    images: Kept<Arc<str>, Starts, MOST_IMAGES>,
    /// By hour since 1970, what was started from images of Docker Hub.
    hours: Kept<i64, Hour, MOST_HOURS>,
    /// The pods that make the churn: those that run to completion or have no controller.
    churning: Hour,
    /// All pods.
    all: Hour,
}

/// Starts of containers by their pull policy, each now and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Starts {
    /// `Always`.
    pub(super) always: [u64; 2],
    /// `IfNotPresent`.
    pub(super) present: [u64; 2],
}

/// Pods, and what they started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hour {
    /// Pods that were created.
    pub(super) pods: u64,
    /// Containers that were started from images of Docker Hub.
    pub(super) starts: Starts,
}

impl Sum for Starts {
    fn add(&mut self, other: Self) {
        self.always.add(other.always);
        self.present.add(other.present);
    }
}

impl Sum for Hour {
    fn add(&mut self, other: Self) {
        self.pods.add(other.pods);
        self.starts.add(other.starts);
    }
}

impl Sum for Pulls {
    fn add(&mut self, other: Self) {
        self.hosts.add(other.hosts);
        self.images.add(other.images);
        self.hours.add(other.hours);
        self.churning.add(other.churning);
        self.all.add(other.all);
    }
}

impl Starts {
    /// So many starts with a pull policy.
    fn with(policy: &str, when: usize, count: u64) -> Self {
        let mut starts = Self::default();
        match policy {
            "Always" => starts.always[when] = count,
            "IfNotPresent" => starts.present[when] = count,
            _ => {}
        }
        starts
    }
}

impl Pulls {
    pub(super) fn take(&mut self, observed: &Observed<'_, '_>, state: &State) {
        let mut hour = Hour { pods: 1, starts: Starts::default() };
        for (when, pod) in [observed.before, observed.after].into_iter().enumerate() {
            each_image(pod, |image, policy, container| {
                let restarts = state.restarts.iter().find(|(name, ..)| name == container);
                // What a node has pulled it has still when a container is started again.
                let again = restarts.filter(|_| policy == "Always");
                let count = again.map_or(0, |(_, count, _)| *count).saturating_add(1);
                let all = Starts::with(policy, when, count);
                let Ok(reference) = Reference::parse(image) else { return };
                let host = reference.host_or_default();
                self.hosts.take(&host, |there| &**there == host, || host.into(), all);
                if host != DEFAULT_HOST {
                    return;
                }
                hour.starts.add(Starts::with(policy, when, 1));
                let image = reference.normalised().to_string();
                self.images.take(
                    &&*image,
                    |there| **there == *image,
                    || image.as_str().into(),
                    all,
                );
                // Of the starts after the first, the time of the last is known.
                if let Some((_, _, Some(at))) = again {
                    let starts = Starts::with(policy, when, 1);
                    let hour = at.div_euclid(HOUR);
                    self.hours.take(
                        &hour,
                        |there| *there == hour,
                        || hour,
                        Hour { pods: 0, starts },
                    );
                }
            });
        }
        if let Some(at) = observed.at {
            let at = at.div_euclid(HOUR);
            self.hours.take(&at, |there| *there == at, || at, hour);
        }
        if is_short_lived(observed.class) {
            self.churning.add(hour);
        }
        self.all.add(hour);
    }
}

/// Every image that is pulled to start a pod, with its pull policy in force and the name of the container.
fn each_image(pod: &Pod<'_>, mut each: impl FnMut(&str, &str, &str)) {
    let Some(spec) = &pod.spec else { return };
    for found in spec.all_containers().filter(|found| found.list != ContainerList::Ephemeral) {
        let container = found.container;
        each(container.image(), container.image_pull_policy().value, container.name());
    }
    for (_, volume) in spec.image_volumes() {
        if let Some(image) = &volume.image {
            each(image.reference(), image.image_pull_policy().value, "");
        }
    }
}

#[cfg(test)]
mod tests;
