//! stub, see the resources rule
/// What a LimitRange allows per container.
#[derive(Clone, Debug, Default)]
pub struct LimitRange {}

impl LimitRange {
    /// Reads a LimitRange object; none if it is not one.
    pub fn from_value(_value: &serde_json::Value) -> Option<Self> {
        None
    }
}
