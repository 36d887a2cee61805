use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn q(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

const DEC: Format = Format::DecimalSI;
const BIN: Format = Format::BinarySI;
const EXP: Format = Format::DecimalExponent;

/// Facts from `quantity_test.go`: value as mantissa × 10^exponent, and the format.
#[rstest]
#[case("0", 0, 0, DEC)]
#[case("0Ki", 0, 0, BIN)]
#[case("0n", 0, 0, DEC)]
#[case("1", 1, 0, DEC)]
#[case("1Ki", 1024, 0, BIN)]
#[case("5Ti", 5 << 40, 0, BIN)]
#[case("3Ei", 3 << 60, 0, BIN)]
#[case("100Ti", 100 << 40, 0, BIN)]
#[case("5n", 5, -9, DEC)]
#[case("3m", 3, -3, DEC)]
#[case("50k", 5, 4, DEC)]
#[case("2P", 2, 15, DEC)]
#[case("1E", 1, 18, DEC)]
#[case("12E", 12, 18, DEC)]
#[case("1E-3", 1, -3, EXP)]
#[case("1e3", 1, 3, EXP)]
#[case("1.3E+6", 13, 5, EXP)]
#[case("1.7E18", 17, 17, EXP)]
#[case("100.035k", 100_035, 0, DEC)]
#[case("0.0005k", 5, -1, DEC)]
#[case("0.5e-2", 5, -3, EXP)]
#[case("3.001n", 4, -9, DEC)]
#[case("0.1n", 1, -9, DEC)]
#[case("0.9n", 1, -9, DEC)]
#[case("1.1E-9", 2, -9, EXP)]
#[case("0.0000000001", 1, -9, DEC)]
#[case("0.00000012345", 124, -9, DEC)]
#[case("8Ei", i64::MAX, 0, BIN)]
#[case("9Ei", i64::MAX, 0, BIN)]
#[case("9223372036854775807", i64::MAX, 0, DEC)]
#[case("9223372036854775807Ki", i64::MAX, 0, BIN)]
#[case("100.035Ki", 10_243_584, -2, BIN)]
#[case("0.5Mi", 1 << 19, 0, BIN)]
#[case("0.05Gi", 536_870_912, -1, BIN)]
#[case("0.025Ti", 274_877_906_944, -1, BIN)]
#[case("0.000000000001Ki", 2, -9, DEC)]
#[case(".001", 1, -3, DEC)]
#[case(".0001k", 100, -3, DEC)]
#[case("1.", 1, 0, DEC)]
#[case("1.G", 1, 9, DEC)]
#[case("1.Ei", 1 << 60, 0, BIN)]
#[case(".", 0, 0, DEC)]
#[case("Mi", 0, 0, BIN)]
#[case("e-9", 0, 0, EXP)]
#[case("1e-2147483648", 1, -9, EXP)]
#[case("0e9223372036854775807", 0, 0, EXP)]
fn reads_what_go_reads(
    #[case] text: &str,
    #[case] mantissa: i64,
    #[case] exponent: i32,
    #[case] format: Format,
) {
    let nanos = i128::from(mantissa) * 10i128.pow((exponent + 9).unsigned_abs());
    for (sign, nanos) in [("", nanos), ("+", nanos), ("-", -nanos)] {
        let read = q(&format!("{sign}{text}"));
        assert_eq!((read.nanos(), read.format()), (nanos, format), "{sign}{text}");
    }
}

#[rstest]
#[case("", QuantityError::Empty)]
#[case(" 1", QuantityError::WhiteSpace { found: ' ', position: 1 })]
#[case("1 ", QuantityError::WhiteSpace { found: ' ', position: 2 })]
#[case("1 Gi", QuantityError::WhiteSpace { found: ' ', position: 2 })]
#[case("1\n", QuantityError::WhiteSpace { found: '\n', position: 2 })]
#[case("1K", QuantityError::CapitalK { position: 2 })]
#[case("1GB", QuantityError::Unexpected { found: 'B', position: 3 })]
#[case("1.1.M", QuantityError::Unexpected { found: '.', position: 4 })]
#[case("1+1.0M", QuantityError::Unexpected { found: '+', position: 2 })]
#[case("0.1mi", QuantityError::Suffix { position: 4 })]
#[case("0.1am", QuantityError::Unexpected { found: 'a', position: 4 })]
#[case("aoeu", QuantityError::Unexpected { found: 'a', position: 1 })]
#[case(".5i", QuantityError::Suffix { position: 3 })]
#[case("1i", QuantityError::Suffix { position: 2 })]
#[case("-3.01e-", QuantityError::Exponent { position: 6 })]
#[case("1e", QuantityError::Exponent { position: 2 })]
#[case("1e99999999999999999999", QuantityError::Exponent { position: 2 })]
#[case("1e1.5", QuantityError::Unexpected { found: '.', position: 4 })]
#[case("1MiMi", QuantityError::Suffix { position: 2 })]
#[case("٣", QuantityError::Unexpected { found: '٣', position: 1 })]
#[case("1_000", QuantityError::Unexpected { found: '_', position: 2 })]
#[case("--1", QuantityError::Unexpected { found: '-', position: 2 })]
#[case("Ei", QuantityError::NoDigits { position: 1 })]
#[case("-Pi", QuantityError::NoDigits { position: 2 })]
#[case("e-20", QuantityError::NoDigits { position: 1 })]
fn refuses_what_go_refuses(#[case] text: &str, #[case] error: QuantityError) {
    assert_eq!(Quantity::parse(text), Err(error));
}

#[rstest]
#[case("1.5", "1500m")]
#[case("1.5Gi", "1536Mi")]
#[case("1536Mi", "1536Mi")]
#[case("1024Mi", "1Gi")]
#[case("1023Ki", "1023Ki")]
#[case("0.5Ki", "512")]
#[case("1025Ki", "1025Ki")]
#[case("1.0001Ki", "1024102400u")]
#[case("1000M", "1G")]
#[case("0.1", "100m")]
#[case("10", "10")]
#[case("100000", "100k")]
#[case("1e9", "1e9")]
#[case(".001e12", "1e9")]
#[case("10e3", "10e3")]
#[case("1e1", "10")]
#[case("80e-3", "80e-3")]
#[case("0.001e0", "1e-3")]
#[case("1.2345", "1234500u")]
#[case("0Gi", "0")]
#[case("-0", "0")]
#[case("-1.5Gi", "-1536Mi")]
#[case("+5", "5")]
#[case("8Ei", "9223372036854775807")]
#[case("1000E", "1e21")]
fn prints_the_canonical_form(#[case] text: &str, #[case] canonical: &str) {
    assert_eq!(q(text).to_string(), canonical);
}

#[test]
fn compares_by_value() {
    assert_eq!(q("0.5"), q("500m"));
    assert_eq!(q("1e3"), q("1k"));
    assert_ne!(q("1Gi"), q("1G"));
    assert!(q("10000T") > q("100Gi"));
    assert!(q("-1") < Quantity::ZERO);
    assert_eq!(q("128Mi").max(q("1Gi")).to_string(), "1Gi");
}

#[test]
fn zero_takes_the_format_of_what_is_added() {
    assert_eq!(Quantity::ZERO.saturating_add(q("1Gi")).to_string(), "1Gi");
    assert_eq!(Quantity::ZERO.saturating_sub(q("1Gi")).to_string(), "-1Gi");
    assert_eq!(q("1Gi").saturating_add(Quantity::ZERO).to_string(), "1Gi");
    assert_eq!(q("512Mi").saturating_add(q("512M")).to_string(), "1024288Ki");
}

#[test]
fn beyond_the_largest_amount_it_saturates() {
    let most = q("1e9223372036854775807");
    assert_eq!(most.nanos(), i128::MAX);
    assert_eq!(most.saturating_add(most), most);
    assert_eq!(q("-1e40").saturating_sub(most).nanos(), i128::MIN);
    assert!(!q("-1e40").saturating_sub(most).to_string().is_empty());
    assert_eq!(q(&format!("{}E", "9".repeat(5000))), most);
    assert_eq!(q(&format!("0.{}1Gi", "0".repeat(5000))).nanos(), 1);
    assert_eq!(q("4Ei").saturating_add(q("4Ei")).to_string(), "8Ei");
}

#[rstest]
#[case("2Gi", "1Gi", "2", true)]
#[case("2049Mi", "1Gi", "2", false)]
#[case("1500m", "1", "1.5", true)]
#[case("1501m", "1", "1.5", false)]
#[case("0", "0", "2", true)]
#[case("1n", "0", "2", false)]
#[case("1n", "1n", "0.5", false)]
#[case("8Ei", "8Ei", "1", true)]
#[case("8Ei", "8Ei", "999999999n", false)]
#[case("8Ei", "1", "9223372036854775807", true)]
#[case("1e40", "1e29", "1e29", true)]
fn ratios_are_exact(
    #[case] limit: &str,
    #[case] request: &str,
    #[case] ratio: &str,
    #[case] within: bool,
) {
    assert_eq!(Quantity::within_ratio(q(limit), q(request), q(ratio)), within);
}

#[test]
fn ratio_keeps_sign_and_format() {
    assert_eq!(q("1Gi").checked_mul_ratio(q("1.5")).map(|x| x.to_string()), Some("1536Mi".into()));
    assert_eq!(q("-2").checked_mul_ratio(q("1.5")), Some(q("-3")));
    assert_eq!(Quantity::from_nanos(i128::MIN, DEC).checked_mul_ratio(q("1")), None);
}

#[rstest]
#[case("\"500m\"", "500m")]
#[case("\" 1Gi \"", "1Gi")]
#[case("2", "2")]
#[case("0.1", "100m")]
#[case("1.5", "1500m")]
#[case("1e3", "1k")]
#[case("1e300", "170141183460469231731687303715884105727n")]
#[case("5e-324", "1n")]
#[case("18446744073709551615", "18446744073709551615")]
#[case("null", "0")]
fn json_strings_and_numbers(#[case] json: &str, #[case] printed: &str) {
    let read: Quantity = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), format!("\"{printed}\""));
}

#[test]
fn json_errors_name_the_fault() {
    let error = serde_json::from_str::<Quantity>("\"1K\"").unwrap_err().to_string();
    assert!(error.contains("write \"k\" for 1000 or \"Ki\" for 1024"), "{error}");
    assert!(serde_json::from_str::<Quantity>("true").is_err());
    assert!(serde_json::from_str::<Quantity>("[]").is_err());
}

#[test]
fn schema_is_a_string_or_a_number() {
    let schema = schemars::schema_for!(Quantity).to_value();
    assert_eq!(schema["type"], serde_json::json!(["string", "number"]));
}

/// A quantity and the power of ten and of two that make its suffix.
fn written() -> impl Strategy<Value = (i64, u32, u32, i32, &'static str)> {
    let suffix = prop::sample::select(vec![
        (0, -9, "n"),
        (0, -6, "u"),
        (0, -3, "m"),
        (0, 0, ""),
        (0, 3, "k"),
        (0, 6, "M"),
        (0, 9, "G"),
        (0, 1, "e1"),
        (0, -2, "E-2"),
        (10, 0, "Ki"),
        (20, 0, "Mi"),
        (30, 0, "Gi"),
    ]);
    (-999_999_999i64..999_999_999, 0u32..9, suffix)
        .prop_map(|(n, places, (two, ten, text))| (n, places, two, ten, text))
}

fn spell((n, places, _, _, suffix): (i64, u32, u32, i32, &str)) -> String {
    let digits = format!("{:0>width$}", n.unsigned_abs(), width = places as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    format!("{}{whole}.{fraction}{suffix}", if n < 0 { "-" } else { "" })
}

/// The value in units of 10^-18, which no generated quantity is finer than.
fn exact((n, places, two, ten, _): (i64, u32, u32, i32, &str)) -> i128 {
    (i128::from(n) << two) * 10i128.pow((18 + ten).unsigned_abs() - places)
}

proptest! {
    #[test]
    fn parse_never_panics(text in any::<String>()) {
        let _ = Quantity::parse(&text);
    }

    #[test]
    fn nearly_quantities_never_panic(text in r"[+-]?[0-9.]{0,60}[eEinumkKMGTP +-]{0,3}[0-9é]{0,20}") {
        match Quantity::parse(&text) {
            Ok(read) => prop_assert_eq!(q(&read.to_string()), read),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn agrees_with_exact_arithmetic(a in written(), b in written()) {
        let nano = 1_000_000_000;
        for x in [a, b] {
            let away_from_zero = (exact(x).abs() + nano - 1) / nano * exact(x).signum();
            prop_assert_eq!(q(&spell(x)).nanos(), away_from_zero, "{}", spell(x));
        }
        // Rounding to nano may join two values, but never swaps them.
        let (order, parsed) = (exact(a).cmp(&exact(b)), q(&spell(a)).cmp(&q(&spell(b))));
        prop_assert!(order == parsed || parsed == Ordering::Equal);
    }

    #[test]
    fn printing_reads_back(nanos in any::<i128>(), format in prop::sample::select(vec![DEC, BIN, EXP])) {
        let nanos = if format == BIN { nanos % MAX_BINARY } else { nanos.max(-i128::MAX) };
        let quantity = Quantity::from_nanos(nanos, format);
        prop_assert_eq!(q(&quantity.to_string()).nanos(), nanos, "{}", quantity);
    }

    #[test]
    fn arithmetic_never_panics(a in any::<i128>(), b in any::<i128>(), c in any::<i128>()) {
        let [a, b, c] = [a, b, c].map(|nanos| Quantity::from_nanos(nanos, BIN));
        let _ = (a.saturating_add(b), a.saturating_sub(b), a.checked_mul_ratio(b));
        let _ = (Quantity::within_ratio(a, b, c), a.to_string());
    }

    #[test]
    fn ratio_agrees_with_whole_numbers(a in -1i64<<40..1i64<<40, b in -1i64<<40..1i64<<40) {
        let product = Quantity::from_units(a, DEC).checked_mul_ratio(Quantity::from_nanos(i128::from(b), DEC));
        prop_assert_eq!(product.map(Quantity::nanos), Some(i128::from(a) * i128::from(b)));
    }
}
