//! The managed certificate: a CA of Plimsoll's own and what it signs, kept in one Secret that every
//! replica reads, and renewed before anything in it runs out.

mod bundle;
mod issue;
mod keeper;
mod material;
mod plan;
mod settings;

pub use bundle::{BundleError, CaBundle, ObservedBundles};
pub use keeper::{Managed, Shown, manage};
pub use material::Leaf;
pub use settings::Settings;
