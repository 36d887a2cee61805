//! Where a pod names images: in the containers of every list, and in image volumes (KEP-4639).

use super::narrowing::Narrowing;
use crate::decode::DecodeError;
use crate::finding::{Violation, quoted};
use crate::glob::{Globs, Slash};
use crate::pod::containers::{ContainerList, ContainerRef};
use crate::pod::defaults::Effective;
use crate::pod::view::{ImageVolume, Spec};
use crate::pointer::Pointer;

/// Every place in the order init, main, ephemeral containers, then volumes.
pub(super) fn images<'p, 'a>(spec: &'p Spec<'a>) -> impl Iterator<Item = Place<'p, 'a>> {
    let volumes = spec.image_volumes().filter_map(|(index, volume)| {
        let name = volume.name.as_deref().unwrap_or_default();
        volume.image.as_ref().map(|image| Place::Volume { index, name, image })
    });
    spec.all_containers().map(Place::Container).chain(volumes)
}

/// A place that names an image.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'p, 'a> {
    Container(ContainerRef<'p, 'a>),
    Volume { index: usize, name: &'p str, image: &'p ImageVolume<'a> },
}

impl<'p> Place<'p, '_> {
    /// The image as written; empty where it is missing.
    pub(super) fn image(&self) -> &'p str {
        match self {
            Self::Container(container) => container.container.image(),
            Self::Volume { image, .. } => image.reference(),
        }
    }

    pub(super) fn pull_policy(&self) -> Effective<'p> {
        match self {
            Self::Container(container) => container.container.image_pull_policy(),
            Self::Volume { image, .. } => image.image_pull_policy(),
        }
    }

    /// Where the image is written.
    pub(super) fn image_pointer(&self) -> Pointer {
        self.pointer().join(if self.is_volume() { "reference" } else { "image" })
    }

    pub(super) fn pull_policy_pointer(&self) -> Pointer {
        self.pointer().join(self.pull_policy_field())
    }

    pub(super) const fn pull_policy_field(&self) -> &'static str {
        if self.is_volume() { "pullPolicy" } else { "imagePullPolicy" }
    }

    pub(super) const fn is_volume(&self) -> bool {
        matches!(self, Self::Volume { .. })
    }

    pub(super) fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Container(container) if container.list == ContainerList::Ephemeral)
    }

    pub(super) fn is_included(&self, narrowing: &Narrowing) -> bool {
        match self {
            Self::Container(container) => narrowing.includes(container),
            Self::Volume { image, .. } => {
                narrowing.includes_volumes() && narrowing.includes_image(image.reference())
            }
        }
    }

    /// As summaries of fixes call it: `container base`.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Container(container) => format!("container {}", container.container.name()),
            Self::Volume { name, .. } => format!("image volume {name}"),
        }
    }

    /// A finding about this place. The engine names containers by itself, volumes it does not.
    pub(super) fn violation(
        &self,
        pointer: Pointer,
        message: String,
        help: impl Into<String>,
    ) -> Violation {
        match self {
            Self::Container(container) => Violation::container(container, pointer, message, help),
            Self::Volume { name, .. } => {
                Violation::pod(pointer, format!("image volume {}: {message}", quoted(name)), help)
            }
        }
    }

    fn pointer(&self) -> Pointer {
        match self {
            Self::Container(container) => container.pointer(),
            Self::Volume { index, .. } => Pointer::new("/spec/volumes").join(index).join("image"),
        }
    }
}

/// Globs on tags.
#[derive(Debug)]
pub(super) struct Tags(Option<Globs>);

impl Tags {
    /// Compiles the list of a field.
    pub(super) fn compile(field: &str, tags: &[String]) -> Result<Self, DecodeError> {
        if tags.is_empty() {
            return Ok(Self(None));
        }
        let globs = Globs::compile(tags, &[], Slash::Crossed).map_err(|error| DecodeError {
            pointer: Pointer::default().join(field).join(error.index),
            message: format!("the glob {} is malformed: {}", quoted(&error.pattern), error.message),
            help: Some(
                "tags are matched by globs such as `latest`, `v[0-9]*`, `*-SNAPSHOT`".into(),
            ),
        })?;
        Ok(Self(Some(globs)))
    }

    /// Whether one of them matches; none does where there are none.
    pub(super) fn contain(&self, tag: &str) -> bool {
        self.0.as_ref().is_some_and(|globs| globs.matches(tag))
    }
}
