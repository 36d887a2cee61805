//! Which registries are asked for the digests of images: flags of `serve`, and of `check` and `fix`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::{Common, maybe_path, output};
use crate::check::Ask;
use crate::config;
use crate::digests::Digests;
use crate::registry::{Blocking, Credentials, Keyring, Registries};
use crate::serve::{self, parse_delay};

/// The heading of these flags in the help.
const HEADING: &str = "Registries";
/// Where Docker, podman and crane keep what they log in with, below the home directory.
const DOCKER: &str = ".docker";
/// The file in it.
const DOCKER_CONFIG: &str = "config.json";

/// Flags of the webhook.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct RegistryArgs {
    /// The registries that are asked for the digests of images, a file; absent: none is
    #[arg(
        long,
        env = "PLIMSOLL_REGISTRIES",
        value_name = "FILE",
        value_parser = maybe_path()
    )]
    registries: Option<PathBuf>,
    /// A Secret with credentials for registries, as imagePullSecrets name them, repeatable
    #[arg(
        long = "registry-secret",
        env = "PLIMSOLL_REGISTRY_SECRET",
        value_name = "NAMESPACE/NAME",
        value_delimiter = ',',
        value_parser = secret
    )]
    registry_secrets: Vec<(String, String)>,
}

impl RegistryArgs {
    /// What the webhook is to know of registries; none where the file is wrong, which has been said.
    pub(super) fn read(&self, common: &Common) -> Option<serve::Registries> {
        let config = match named(self.registries.as_deref()) {
            Some(file) => read(file, common)?,
            None => Registries::default(),
        };
        Some(serve::Registries { config, secrets: self.registry_secrets.clone() })
    }
}

fn secret(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name))
            if !namespace.is_empty() && !name.is_empty() && !name.contains('/') =>
        {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => {
            Err("write the namespace and the name of the Secret: plimsoll-system/registry"
                .to_owned())
        }
    }
}

/// Flags of the commands that judge manifests.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct DigestArgs {
    /// Ask registries for the digests of images, where a rule pins them
    #[arg(long, env = "PLIMSOLL_RESOLVE_DIGESTS", value_parser = FalseyValueParser::new())]
    resolve_digests: bool,
    /// The registries that are asked, a file as for `plimsoll serve`; absent: those that the images name, over TLS
    #[arg(
        long,
        env = "PLIMSOLL_REGISTRIES",
        value_name = "FILE",
        value_parser = maybe_path()
    )]
    registries: Option<PathBuf>,
    /// How long registries may take for all images together
    #[arg(
        long,
        env = "PLIMSOLL_REGISTRIES_TIMEOUT",
        value_name = "DURATION",
        value_parser = parse_delay,
        default_value = "10s"
    )]
    registries_timeout: Duration,
}

/// What asks registries in a run.
pub(super) struct Asker(Blocking);

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asker")
    }
}

impl Ask for Asker {
    fn digests(&self, images: &[String]) -> Digests {
        self.0.resolve(images)
    }
}

impl DigestArgs {
    /// What asks registries: in it none where that is not wanted, and instead of it none where the file of registries
    /// is wrong, which has been said.
    pub(super) fn asker(&self, common: &Common) -> anyhow::Result<Option<Option<Asker>>> {
        if !self.resolve_digests {
            if named(self.registries.as_deref()).is_some() {
                output::say(format_args!(
                    "warning: --registries says nothing without --resolve-digests: no registry is asked"
                ));
            }
            return Ok(Some(None));
        }
        let mut config = match named(self.registries.as_deref()) {
            Some(file) => match read(file, common) {
                Some(config) => config,
                None => return Ok(None),
            },
            None => Registries::for_command_line(),
        };
        let timeout = u64::try_from(self.registries_timeout.as_millis()).unwrap_or(u64::MAX);
        config.timeout_milliseconds = timeout.max(1);
        config.background_milliseconds = config.timeout_milliseconds;
        let keyring = docker_config().map_or_else(Keyring::default, |file| {
            Keyring::from_docker_config(&file)
                .map(|(keyring, wrong)| {
                    wrong.iter().for_each(|wrong| output::say(format_args!("warning: {wrong}")));
                    keyring
                })
                .unwrap_or_else(|wrong| {
                    output::say(format_args!("warning: {wrong}"));
                    Keyring::default()
                })
        });
        Ok(Some(Some(Asker(Blocking::new(&config, Credentials::new(keyring))?))))
    }
}

/// What Docker logs in with, where somebody has logged in.
fn docker_config() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = of("DOCKER_CONFIG").or_else(|| Some(of("HOME")?.join(DOCKER)))?;
    Some(folder.join(DOCKER_CONFIG)).filter(|file| file.is_file())
}

fn named(file: Option<&Path>) -> Option<&Path> {
    file.filter(|file| !file.as_os_str().is_empty())
}

/// The registries of a file; none where it is wrong, which is said.
fn read(file: &Path, common: &Common) -> Option<Registries> {
    config::registries(file)
        .map_err(|errors| {
            output::errors(errors, common.color);
            output::say(format_args!("the registries are not known; nothing was done"));
        })
        .ok()
}
