//! What tells a finding from all others however lines move: the key of a baseline, and what code scanning systems use
//! to see that a finding is an old one.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{Diagnostic, Problem};

/// Version of what goes into a fingerprint. A change of it makes every finding a new one.
const VERSION: &str = "1";
/// Bytes of the digest that are kept.
const LENGTH: usize = 16;

impl Diagnostic {
    /// 32 hexadecimal digits of what the finding is about: the file as the repository names it, the object, policy,
    /// rule and container, the field without positions in lists, and what is wrong. Not of where that stands: a finding keeps its
    /// fingerprint when lines, documents or containers move. Two findings of one file can have the same.
    pub fn fingerprint(&self, file: &str) -> String {
        let object = &self.object;
        let place: Vec<&str> =
            self.path.as_str().split('/').filter(|step| !is_index(step)).collect();
        let place = place.join("/");
        digest(&[
            VERSION,
            file,
            &object.api_version,
            &object.kind,
            object.namespace.as_deref().unwrap_or_default(),
            &object.name,
            &self.policy,
            &self.rule,
            self.container.as_deref().unwrap_or_default(),
            &place,
            &self.message,
        ])
    }
}

impl Problem {
    /// 32 hexadecimal digits of what the error is, and of which file.
    pub fn fingerprint(&self, file: &str) -> String {
        digest(&[VERSION, "error", file, &self.error.message])
    }
}

/// Of each part with its length, so that nothing moves from one into the next unseen.
fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    digest.iter().take(LENGTH).map(|byte| format!("{byte:02x}")).collect()
}

/// Tells equal fingerprints apart by counting them: the second of one is `…:2`. A fingerprint is of one file, and the
/// findings of a file come in its order, so the count is the same in every run.
#[derive(Debug, Default)]
pub(super) struct Ordinals(HashMap<String, usize>);

impl Ordinals {
    /// The fingerprint, with its count where it was there before.
    pub(super) fn unique(&mut self, fingerprint: String) -> String {
        match self.0.get_mut(&fingerprint) {
            Some(count) => {
                *count += 1;
                format!("{fingerprint}:{count}")
            }
            None => {
                self.0.insert(fingerprint.clone(), 1);
                fingerprint
            }
        }
    }
}

fn is_index(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit())
}
