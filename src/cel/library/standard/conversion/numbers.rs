//! Floating point numbers as Go reads and writes them.

/// A number as Go's `strconv.ParseFloat` reads it, but for hexadecimal ones.
pub(super) fn double(text: &str) -> Option<f64> {
    if text.contains('_') {
        return double(&without_underscores(text)?);
    }
    let number: f64 = text.parse().ok()?;
    // What is too large is an error there, and infinite here.
    let is_named = text.trim_start_matches(['+', '-']).starts_with(['i', 'I']);
    (number.is_finite() || number.is_nan() || is_named).then_some(number)
}

/// Underscores stand between digits (`underscoreOK` in Go's strconv).
fn without_underscores(text: &str) -> Option<String> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let stand_right = bytes.iter().enumerate().all(|(at, byte)| {
        *byte != b'_'
            || is_digit(at.checked_sub(1).and_then(|at| bytes.get(at)))
                && is_digit(bytes.get(at + 1))
    });
    stand_right.then(|| text.replace('_', ""))
}

/// A number as Go's `%g` writes it: the fewest digits that tell it from others, with an exponent below -4 and from 6 on.
pub(super) fn shown(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(power) if number != 0.0 && !(-4..EXPONENT_FROM).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", power.unsigned_abs())
        }
        _ => number.to_string(),
    }
}

const EXPONENT_FROM: i32 = 6;
