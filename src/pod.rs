//! The borrowed view of a pod, and where pods stand in other objects.

pub mod containers;
pub mod defaulted;
pub mod defaults;
pub mod editing;
pub mod fields;
pub mod kinds;
pub mod limit_range;
pub mod mentions;
pub mod scalars;
pub mod shapes;
pub mod source;
pub mod top_owner;
pub mod view;
pub mod workload;
