//! What every rule about containers can be narrowed to: containers by name, images by reference.

use crate::decode::DecodeError;
use crate::glob::{GlobList, Globs};
use crate::image::Reference;
use crate::pod::containers::ContainerRef;

/// A compiled pair of `containers` and `images` settings.
#[derive(Debug, Default)]
pub(super) struct Narrowing {
    containers: Option<Globs>,
    images: Option<Globs>,
}

impl Narrowing {
    pub(super) fn compile(
        containers: Option<&GlobList>,
        images: Option<&GlobList>,
    ) -> Result<Self, DecodeError> {
        let globs = |field: &str, list: Option<&GlobList>| {
            list.map(|list| list.compile().map_err(|error| error.below(field))).transpose()
        };
        Ok(Self { containers: globs("containers", containers)?, images: globs("images", images)? })
    }

    /// Whether the rule is about this container.
    pub(super) fn includes(&self, container: &ContainerRef<'_, '_>) -> bool {
        self.containers.as_ref().is_none_or(|globs| globs.matches(container.container.name()))
            && self.includes_image(container.container.image())
    }

    /// Whether the rule is about this image. References are compared normalised
    /// (`docker.io/library/nginx:1.27`); one that cannot be parsed is compared as it is written.
    pub(super) fn includes_image(&self, image: &str) -> bool {
        self.images.as_ref().is_none_or(|globs| match Reference::parse(image) {
            Ok(reference) => globs.matches(&reference.normalised().to_string()),
            Err(_) => globs.matches(image),
        })
    }

    /// Whether image volumes, which have no container, are included by name.
    pub(super) fn includes_volumes(&self) -> bool {
        self.containers.is_none()
    }
}
