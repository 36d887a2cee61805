//! Where a pod stands in the kinds that hold one.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::scalars::Str;
use super::view::{Job, Metadata, Pod};
use crate::json::Reader;
use crate::pointer::Pointer;

/// A kind that holds a pod or a pod template.
#[derive(Debug, PartialEq, Eq)]
pub struct PodKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Steps from the object to its pod.
    pub path: &'static [&'static str],
    /// Group and kind of the controller that its pods get; none where pods stand alone.
    pub pods_owned_by: Option<(&'static str, &'static str)>,
}

/// The kinds Kubernetes itself defines.
pub static POD_KINDS: [PodKind; 10] = [
    PodKind { group: "", kind: "Pod", path: &[], pods_owned_by: None },
    PodKind { group: "", kind: "PodTemplate", path: &["template"], pods_owned_by: None },
    templated("", "ReplicationController", ("", "ReplicationController")),
    templated("apps", "Deployment", ("apps", "ReplicaSet")),
    templated("apps", "ReplicaSet", ("apps", "ReplicaSet")),
    templated("apps", "StatefulSet", ("apps", "StatefulSet")),
    templated("apps", "DaemonSet", ("apps", "DaemonSet")),
    templated("batch", "Job", ("batch", "Job")),
    PodKind {
        group: "batch",
        kind: "CronJob",
        path: &["spec", "jobTemplate", "spec", "template"],
        pods_owned_by: Some(("batch", "Job")),
    },
    templated("extensions", "Deployment", ("apps", "ReplicaSet")),
];

const fn templated(
    group: &'static str,
    kind: &'static str,
    owner: (&'static str, &'static str),
) -> PodKind {
    PodKind { group, kind, path: &["spec", "template"], pods_owned_by: Some(owner) }
}

impl PodKind {
    /// The entry for a kind, if it holds a pod.
    pub fn find(group: &str, kind: &str) -> Option<&'static Self> {
        POD_KINDS.iter().find(|entry| entry.kind == kind && entry.group == group)
    }

    /// Whether this is the pod itself and not a template.
    pub const fn is_pod(&self) -> bool {
        self.path.is_empty()
    }

    /// Where the pod stands: `/spec/template`, or nothing for a Pod.
    pub fn base(&self) -> Pointer {
        self.path.iter().fold(Pointer::default(), Pointer::join)
    }

    /// Reads the pod out of an object. An absent template reads as an empty pod.
    ///
    /// # Errors
    /// When a field has a type that the API does not allow; the error says where.
    pub fn read<'a>(&self, object: Object<'a>) -> Result<Pod<'a>, ViewError> {
        let seed = self.seed();
        // The path is only looked for once it is needed: tracking it costs more than reading.
        let read = match object {
            Object::Json(json) => seed.deserialize(&mut Reader::new(json)).ok(),
            Object::Value(value) => seed.deserialize(value).ok(),
        };
        read.ok_or_else(|| self.locate(object))
    }

    fn seed(&self) -> AtPath {
        AtPath { path: self.path, of_job: self.pods_owned_by == Some(("batch", "Job")) }
    }

    fn locate(&self, object: Object<'_>) -> ViewError {
        let seed = self.seed();
        let mut track = serde_path_to_error::Track::new();
        let read = match object {
            Object::Json(json) => seed.deserialize(serde_path_to_error::Deserializer::new(
                &mut serde_json::Deserializer::from_str(json),
                &mut track,
            )),
            Object::Value(value) => {
                seed.deserialize(serde_path_to_error::Deserializer::new(value, &mut track))
            }
        };
        let message = match read {
            Ok(_) => "the object cannot be read".to_owned(),
            Err(error) => crate::decode::without_position(&error.to_string()),
        };
        ViewError { pointer: crate::decode::pointer_of(&track.path()), message }
    }
}

/// An object of a review or of a manifest.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// JSON text, as a review carries it.
    Json(&'a str),
    /// A value, as a manifest is read.
    Value(&'a Value),
}

/// The metadata of an object as JSON text, read without the rest of it; none where it cannot be read.
pub fn metadata_of(object: &str) -> Option<Metadata<'_>> {
    let mut found = None;
    let read = Reader::new(object).members(|key, reader| {
        match key {
            "metadata" => found = reader.read().ok(),
            _ => drop(reader.pass()?),
        }
        Ok(())
    });
    read.ok().and(found)
}

/// A field that has a type the API does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", .pointer.field_path())]
pub struct ViewError {
    /// Where, from the root of the object.
    pub pointer: Pointer,
    /// What is wrong.
    pub message: String,
}

/// Descends to the pod and skips everything beside the way.
#[derive(Clone, Copy)]
struct AtPath {
    path: &'static [&'static str],
    /// What the template stands in is the spec of a Job.
    of_job: bool,
}

impl<'de> DeserializeSeed<'de> for AtPath {
    type Value = Pod<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Pod<'de>, D::Error> {
        if self.path.is_empty() {
            Ok(Option::deserialize(deserializer)?.unwrap_or_default())
        } else {
            deserializer.deserialize_option(self)
        }
    }
}

impl<'de> Visitor<'de> for AtPath {
    type Value = Pod<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_none<E>(self) -> Result<Pod<'de>, E> {
        Ok(Pod::default())
    }

    fn visit_unit<E>(self) -> Result<Pod<'de>, E> {
        Ok(Pod::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Pod<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pod<'de>, A::Error> {
        let mut pod = Pod::default();
        let mut job = (self.of_job && self.path.len() == 1).then(Job::default);
        while let Some(key) = map.next_key::<Str<'de>>()? {
            match self.path.split_first() {
                Some((step, rest)) if *step == &*key => {
                    pod = map.next_value_seed(AtPath { path: rest, ..self })?;
                    continue;
                }
                _ => {}
            }
            let read = match &mut job {
                Some(job) => job.read(&key, &mut map)?,
                None => false,
            };
            if !read {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if job.is_some() {
            pod.job = job;
        }
        Ok(pod)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_pod_of_a_cronjob_is_found() {
        let object = json!({"spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template":
            {"spec": {"containers": [{"name": "task", "image": "x:1"}]}}}}}});
        let kind = PodKind::find("batch", "CronJob").unwrap();
        let pod = kind.read(Object::Value(&object)).unwrap();
        assert_eq!(pod.spec.unwrap().containers.unwrap()[0].name(), "task");
        assert_eq!(kind.base().as_str(), "/spec/jobTemplate/spec/template");
    }

    #[test]
    fn the_job_around_a_template_is_read() {
        let job =
            json!({"backoffLimit": 2, "template": {"metadata": {}}, "ttlSecondsAfterFinished": 60});
        let of = |kind, object: serde_json::Value| {
            let text = object.to_string();
            let pod = PodKind::find("batch", kind).unwrap().read(Object::Json(&text)).unwrap();
            let job = pod.job.unwrap();
            (job.backoff_limit(), job.ttl_seconds_after_finished)
        };
        assert_eq!(of("Job", json!({"spec": job})), (Some((2, false)), Some(60)));
        let cron_job =
            json!({"spec": {"ttlSecondsAfterFinished": 1, "jobTemplate": {"spec": job}}});
        assert_eq!(of("CronJob", cron_job), (Some((2, false)), Some(60)));
        let kind = PodKind::find("apps", "Deployment").unwrap();
        let deployment =
            json!({"spec": {"backoffLimit": 1, "template": {"..": {"backoffLimit": 1}}}});
        assert!(kind.read(Object::Value(&deployment)).unwrap().job.is_none());
    }

    #[test]
    fn absent_and_null_parts_read_as_empty() {
        let kind = PodKind::find("apps", "Deployment").unwrap();
        for object in [json!({}), json!({"spec": null}), json!({"spec": {"template": null}})] {
            assert!(kind.read(Object::Value(&object)).unwrap().spec.is_none());
        }
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let object = json!({"spec": {"template": {"spec": {"containers": [{"image": 7}]}}}});
        let kind = PodKind::find("apps", "Deployment").unwrap();
        let error = kind.read(Object::Value(&object)).unwrap_err();
        assert_eq!(error.pointer.as_str(), "/spec/template/spec/containers/0/image");
        assert!(error.message.contains("expected a string"), "{}", error.message);
        assert_eq!(kind.read(Object::Json(&object.to_string())).unwrap_err(), error);
    }
}
