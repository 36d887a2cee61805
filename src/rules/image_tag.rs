//! stub
use super::*;

/// Settings.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    #[serde(default)]
    deny: Vec<String>,
}

#[derive(Debug)]
pub(super) struct ImageTag {
    deny: Vec<String>,
}

impl Rule for ImageTag {
    const META: Meta = Meta { name: "imageTag", summary: "", fix: None, page: "" };
    type Settings = Settings;

    fn compile(settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        Ok(Self { deny: settings.deny })
    }

    fn evaluate(&self, subject: &Subject<'_, '_>, violations: &mut Vec<Violation>) {
        for container in subject.spec.all_containers() {
            let tag = crate::image::Reference::parse(container.container.image())
                .map(|r| r.tag_or_latest().unwrap_or_default().to_owned())
                .unwrap_or_default();
            if self.deny.contains(&tag) {
                violations.push(Violation::container(
                    &container,
                    container.pointer().join("image"),
                    format!("the tag `{tag}` is denied"),
                    "name a fixed tag",
                ));
            }
        }
    }
}
