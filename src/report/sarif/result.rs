//! A finding as a result.

use super::artifact::{bare, context, location, region};
use super::log::{
    Change, Fingerprints, Fix, Found, FoundProperties, Location, Logical, Message, Physical,
    Replaced,
};
use super::rule::{Rules, id, level};
use crate::policy::Action;
use crate::report::fingerprint::Ordinals;
use crate::report::{Diagnostic, Repository};

pub(super) fn result<'r>(
    found: &'r Diagnostic,
    repository: &Repository,
    rules: &Rules<'_>,
    ordinals: &mut Ordinals,
) -> Found<'r> {
    let fingerprint = found.fingerprint(&repository.relative(&found.file));
    let artifact_location = location(repository, &found.file);
    Found {
        rule_id: id(&found.policy, &found.rule),
        rule_index: rules.index(found),
        level: level(found.action),
        message: message(found),
        fixes: fixes(found, repository),
        suppressions: None,
        locations: [Location {
            physical_location: Physical {
                artifact_location,
                region: found.place_in_file().map(|place| region(place, &found.excerpt)),
                context_region: found
                    .place_in_file()
                    .and_then(|place| context(place, &found.excerpt)),
            },
            logical_locations: logical(found),
        }],
        partial_fingerprints: Fingerprints { plimsoll: ordinals.unique(fingerprint) },
        properties: FoundProperties { action: found.action.name(), path: found.path.as_str() },
    }
}

/// What is wrong and what to do: most viewers show nothing else.
fn message(found: &Diagnostic) -> Message<'_> {
    let mut text = found.message.to_string();
    if !found.help.is_empty() {
        text = format!("{text}; {}", found.help);
    }
    if let (Action::Patch, Some(fix)) = (found.action, &found.fix) {
        text = format!("{text} (admission changes it: {fix})");
    }
    Message::of(text)
}

/// The object, and the container in it.
fn logical(found: &Diagnostic) -> Vec<Logical<'_>> {
    let object = &found.object;
    let mut whole = format!("{}/{}", object.api_version, object.kind);
    for part in [object.namespace.as_deref(), Some(&object.name)].into_iter().flatten() {
        whole = format!("{whole}/{part}");
    }
    let container = found.container.as_ref().map(|name| Logical {
        name,
        fully_qualified_name: format!("{whole}/{name}"),
        kind: "object",
    });
    let object = Logical { name: &object.name, fully_qualified_name: whole, kind: "resource" };
    [Some(object), container].into_iter().flatten().collect()
}

fn fixes<'r>(found: &'r Diagnostic, repository: &Repository) -> Vec<Fix<'r>> {
    if found.replacements.is_empty() {
        return Vec::new();
    }
    let replaced = found.replacements.iter().map(|(place, replacement)| Replaced {
        deleted_region: bare(*place),
        inserted_content: Message::text(&replacement.text),
    });
    vec![Fix {
        description: Message::text(found.fix.as_deref().unwrap_or(&found.help)),
        artifact_changes: [Change {
            artifact_location: location(repository, &found.file),
            replacements: replaced.collect(),
        }],
    }]
}
