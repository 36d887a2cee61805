//! The policies and exemptions in force: the flags of every command that judges.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{Common, now, output, verbose};
use crate::policy::exemption::Stray;
use crate::policy_source::{self, Loaded, Sources};

/// Where policies are read from.
#[derive(Clone, Debug, Args)]
pub(super) struct PolicyArgs {
    /// File or folder of policies, repeatable; absent: the built-in ones
    #[arg(
        long = "policies",
        env = "PLIMSOLL_POLICIES",
        value_name = "PATH",
        value_delimiter = ',',
        value_parser = maybe_path()
    )]
    pub(super) policies: Vec<PathBuf>,
    /// Which of the built-in profiles
    #[arg(
        long,
        env = "PLIMSOLL_PROFILE",
        default_value = policy_source::DEFAULT_PROFILE,
        value_parser = policy_source::profiles(),
        conflicts_with = "policies"
    )]
    pub(super) profile: String,
    /// File or folder of exemptions, repeatable; those among the policies count without it
    #[arg(
        long = "exemptions",
        env = "PLIMSOLL_EXEMPTIONS",
        value_name = "PATH",
        value_delimiter = ',',
        value_parser = maybe_path()
    )]
    pub(super) exemptions: Vec<PathBuf>,
}

impl PolicyArgs {
    /// Whether one of the policies has this name; where they cannot be read, nobody knows, and no one is told.
    pub(super) fn has_policy(&self, name: &str) -> bool {
        let policies = named(&self.policies);
        let sources = Sources { policies: &policies, profile: &self.profile, exemptions: &[] };
        policy_source::load_all(sources).is_ok_and(|loaded| {
            loaded.policies.policies().iter().any(|policy| *policy.name == *name)
        })
    }

    /// Whether the policies are the user's own, and not the built-in ones.
    pub(super) fn are_named(&self) -> bool {
        !named(&self.policies).is_empty()
    }

    /// The same with other policies: a file or folder of this name, or the built-in profile.
    pub(super) fn instead(&self, policies: &Path) -> Self {
        let profile = policies
            .to_str()
            .filter(|name| policy_source::profiles().contains(name) && !policies.exists());
        let (policies, profile) = match profile {
            Some(profile) => (Vec::new(), profile.to_owned()),
            None => (vec![policies.to_owned()], self.profile.clone()),
        };
        Self { policies, profile, exemptions: self.exemptions.clone() }
    }

    /// The policies and exemptions asked for; what is wrong with them is shown on stderr.
    pub(super) fn load(&self, common: &Common) -> anyhow::Result<Option<Loaded>> {
        let (policies, exemptions) = (named(&self.policies), named(&self.exemptions));
        let sources =
            Sources { policies: &policies, profile: &self.profile, exemptions: &exemptions };
        match policy_source::load_all(sources) {
            Ok(loaded) => {
                if common.settings.verbose {
                    verbose::told_of_policies(&loaded, sources);
                }
                warn(&loaded);
                Ok(Some(loaded))
            }
            Err(errors) => {
                let count = errors.len();
                output::errors(errors, common.color);
                let plural = if count == 1 { "" } else { "s" };
                output::say(format_args!(
                    "{count} error{plural} in the policies; nothing was done"
                ));
                Ok(None)
            }
        }
    }
}

/// A path, or the nothing that a chart or a script may set the variable to; clap itself would refuse that.
pub(super) fn maybe_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Without the nothings.
fn named(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().filter(|path| !path.as_os_str().is_empty()).cloned().collect()
}

/// What in policies and exemptions is probably not what their authors mean.
fn warn(Loaded { policies, exemptions, .. }: &Loaded) {
    for conflict in policies.conflicts() {
        output::say(format_args!("warning: two rules want different values: {conflict}"));
    }
    for exemption in exemptions.exemptions() {
        let name = &exemption.name;
        if let Some(expiry) =
            exemption.expires.as_ref().filter(|_| exemption.is_expired(Some(now())))
        {
            let (written, owner) = (&expiry.written, &exemption.owner);
            output::say(format_args!(
                "warning: exemption {name} expired ({written}) and has no effect; remove it, or ask {owner} about it"
            ));
        }
    }
    for Stray { exemption, pointer, message, help } in exemptions.strays(policies) {
        let place = pointer.field_path();
        let help = help.map(|help| format!("; {help}")).unwrap_or_default();
        output::say(format_args!("warning: exemption {exemption}: {place}: {message}{help}"));
    }
}
