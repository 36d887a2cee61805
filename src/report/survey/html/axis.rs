//! The axis of values: from nothing to a round number, with round numbers in between.

use super::units::Scale;

/// Steps between the marks of an axis, as many times a power of ten.
const ROUND: [f64; 4] = [1.0, 2.0, 2.5, 5.0];
/// How many steps an axis is cut into, at most.
const STEPS: f64 = 5.0;

/// An axis of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// The least value on it; 0 unless there are values below.
    low: f64,
    /// The greatest value on it.
    high: f64,
    /// Values that are marked.
    pub(super) ticks: Vec<f64>,
    /// In what its values are told.
    pub(super) scale: Scale,
}

impl Axis {
    /// The axis on which all of these have room.
    pub(super) fn over(values: impl IntoIterator<Item = f64>, unit: &str) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let scale = Scale::of(unit, high.max(-low));
        let span = (high - low) / scale.divisor;
        // Whole things are not cut into parts.
        let is_counted = scale.divisor == 1.0 && span > 1.0;
        let step = round_step(if span > 0.0 { span } else { 1.0 }, is_counted) * scale.divisor;
        let (first, last) = ((low / step).floor(), (high / step).ceil().max(1.0));
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= last {
            ticks.push(at * step);
            at += 1.0;
        }
        Self { low: first * step, high: last * step, ticks, scale }
    }

    /// Where a value stands between the ends of the axis, from 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

fn round_step(span: f64, is_counted: bool) -> f64 {
    let rough = span / STEPS;
    let power = 10.0_f64.powf(rough.log10().floor());
    let fits = ROUND.iter().map(|round| round * power).find(|step| *step >= rough * 0.999);
    let step = fits.unwrap_or(10.0 * power);
    if is_counted { step.ceil() } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[f64], unit: &str) -> Vec<String> {
        let axis = Axis::over(values.iter().copied(), unit);
        axis.ticks.iter().map(|tick| axis.scale.tell(*tick)).collect()
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(told(&[3.0, 110.0], "pods"), ["0", "25", "50", "75", "100", "125"]);
        assert_eq!(told(&[7.0], "pods"), ["0", "2", "4", "6", "8"]);
        assert_eq!(told(&[0.7], ""), ["0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(told(&[1_200_000.0], "pods"), ["0", "0.25M", "0.5M", "0.75M", "1M", "1.25M"]);
        assert_eq!(told(&[3.0 * 1_073_741_824.0], "bytes").last().unwrap(), "3Gi");
        assert_eq!(
            told(&[48_000.0], "millicores"),
            ["0", "10 cores", "20 cores", "30 cores", "40 cores", "50 cores"]
        );
    }

    #[test]
    fn every_value_has_its_place() {
        for values in
            [vec![], vec![0.0], vec![f64::NAN], vec![-5.0, 10.0], vec![1e300], vec![1e-300]]
        {
            let axis = Axis::over(values.iter().copied(), "pods");
            assert!((2..=12).contains(&axis.ticks.len()), "{axis:?}");
            for value in values {
                assert!((0.0..=1.0).contains(&axis.place(value)), "{value} on {axis:?}");
            }
        }
        let axis = Axis::over([-5.0, 10.0], "pods");
        assert!(axis.place(0.0) > 0.0 && axis.place(10.0) > axis.place(0.0));
    }
}
