//! stub
use super::*;

/// Settings.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {}

#[derive(Debug)]
pub(super) struct Resources {}

impl Rule for Resources {
    const META: Meta = Meta { name: "resources", summary: "", fix: None, page: "" };
    type Settings = Settings;

    fn compile(_settings: Settings, _origin: &Origin<'_>) -> Result<Self, SettingsError> {
        Ok(Self {})
    }

    fn evaluate(&self, _subject: &Subject<'_, '_>, _violations: &mut Vec<Violation>) {}
}
