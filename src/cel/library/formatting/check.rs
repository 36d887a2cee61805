//! Constant texts for `format`, looked at before they are used (`stringFormatValidator` in cel-go's ext/formatting.go,
//! which Kubernetes' environments have).

use super::Clause;
use crate::cel::types::Type;

/// Looks whether a text has as many clauses as there are arguments, and whether each takes what it is given.
///
/// # Errors
/// What is wrong, in the words of cel-go.
pub(in crate::cel) fn check(pattern: &str, arguments: &[Type]) -> Result<(), String> {
    let mut next = 0;
    let mut rest = pattern;
    while let Some((_, clause)) = rest.split_once('%') {
        if let Some(after) = clause.strip_prefix('%') {
            rest = after;
            continue;
        }
        let given = arguments.get(next).ok_or_else(|| format!("index {next} out of range"))?;
        next += 1;
        let (clause, after) = Clause::parse(clause).map_err(|error| error.to_string())?;
        clause.check(given)?;
        rest = after;
    }
    if next < arguments.len() {
        let found = arguments.len();
        return Err(format!(
            "too many arguments supplied to string.format (expected {next}, got {found})"
        ));
    }
    Ok(())
}

impl Clause {
    fn check(self, given: &Type) -> Result<(), String> {
        let is_whole = matches!(given, Type::Int | Type::Uint);
        // A text may be `NaN`.
        let may_be_double = matches!(given, Type::Double | Type::String);
        let (takes, why) = match self.kind {
            's' => (
                is_shown(given),
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, \
                 durations, and timestamps",
            ),
            'd' => (is_whole, "decimal clause can only be used on integers"),
            'f' => (may_be_double, "fixed-point clause can only be used on doubles"),
            'e' => (may_be_double, "scientific clause can only be used on doubles"),
            'b' => (
                is_whole || *given == Type::Bool,
                "only integers and bools can be formatted as binary",
            ),
            'o' => (is_whole, "octal clause can only be used on integers"),
            _ => (
                is_whole || matches!(given, Type::String | Type::Bytes),
                "only integers, byte buffers, and strings can be formatted as hex",
            ),
        };
        if takes || matches!(given, Type::Dyn | Type::Param(_)) {
            return Ok(());
        }
        Err(format!("error during formatting: {why}, was given {given}"))
    }
}

/// Whether `%s` shows values of a type.
fn is_shown(given: &Type) -> bool {
    match given {
        Type::Opaque(_) | Type::Optional(_) => false,
        Type::List(element) => is_shown(element),
        Type::Map(map) => is_shown(&map.0) && is_shown(&map.1),
        _ => true,
    }
}
