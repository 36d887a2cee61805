//! Do cluster, server, command and CustomResourceDefinitions fit together?

use serde_json::Value;

use super::super::Findings;
use super::super::facts::{Facts, condition, text};
use super::super::flags::container;
use crate::crd;

/// The first Kubernetes with match conditions for all.
const OLDEST: (u32, u32) = (1, 30);
const THIS: &str = env!("CARGO_PKG_VERSION");

pub(in super::super) fn api_server(facts: &Facts, findings: &mut Findings) {
    let Some(version) = findings.known(&facts.server_version) else { return };
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) < OLDEST => findings.fail(
            format!("Kubernetes {version} does not know match conditions"),
            format!("use Kubernetes {}.{} or later", OLDEST.0, OLDEST.1),
        ),
        _ => findings.ok(format!("Kubernetes {version}")),
    }
}

pub(in super::super) fn skew(facts: &Facts, findings: &mut Findings) {
    let Some(deployment) = findings.known(&facts.deployment) else { return };
    // That it is not there is told of elsewhere.
    let Some(deployment) = deployment else { return };
    let Some(server) = server_version(deployment) else {
        findings.unknown("neither image nor label of the Deployment says which version runs");
        return;
    };
    if server == THIS {
        findings.ok(format!("server and this command are {THIS}"));
    } else {
        findings.warn(
            format!("the server is {server}, this command is {THIS}"),
            format!(
                "use plimsoll {server} for this cluster, or helm upgrade {} {}",
                facts.name,
                facts.place()
            ),
        );
    }
}

/// Why the server may not do what this command would.
pub(in super::super) fn other(deployment: &Value) -> Option<String> {
    let server = server_version(deployment).filter(|server| server != THIS)?;
    Some(format!(
        "the server is {server}, this command is {THIS}, and they may ask for other things"
    ))
}

/// The tag of the image, else what the label says.
fn server_version(deployment: &Value) -> Option<String> {
    let own = container(deployment)?;
    let image = own["image"].as_str()?.split('@').next()?;
    let tag = image.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag);
    let label = || text(deployment, "/metadata/labels/app.kubernetes.io~1version");
    Some(tag.or_else(label)?.trim_start_matches('v').to_owned())
}

pub(in super::super) fn crds(facts: &Facts, findings: &mut Findings) {
    let fix = "kubectl apply --server-side -f charts/plimsoll/crds (of this version)";
    let mut good = 0;
    for (wanted, found) in crd::definitions().iter().zip(&facts.crds) {
        let name = text(wanted, "/metadata/name").unwrap_or_default();
        let Some(found) = findings.known(found) else { continue };
        let Some(found) = found else {
            findings.fail(format!("CustomResourceDefinition {name} is missing"), fix);
            continue;
        };
        let established =
            condition(found, "Established").is_some_and(|one| one["status"] == "True");
        if !established {
            let why = condition(found, "NamesAccepted").and_then(|one| one["message"].as_str());
            findings.fail(
                format!(
                    "CustomResourceDefinition {name} is not served: {}",
                    why.unwrap_or("not yet established")
                ),
                format!("kubectl describe crd {name}"),
            );
        } else if wanted.pointer("/spec/versions/0/schema")
            != found.pointer("/spec/versions/0/schema")
        {
            findings.warn(
                format!("CustomResourceDefinition {name} is not that of version {THIS}"),
                fix,
            );
        } else {
            good += 1;
        }
    }
    if good == facts.crds.len() {
        findings.ok(format!("{good} CustomResourceDefinitions, those of {THIS}"));
    }
}
