use super::check;

const T: &str = "2024-02-29T23:59:58.987654321Z";

#[test]
fn parts_of_timestamps() {
    for (call, expected) in [
        ("getFullYear()", "2024"),
        ("getMonth()", "1"),
        ("getDayOfYear()", "59"),
        ("getDayOfMonth()", "28"),
        ("getDate()", "29"),
        ("getDayOfWeek()", "4"),
        ("getHours()", "23"),
        ("getMinutes()", "59"),
        ("getSeconds()", "58"),
        ("getMilliseconds()", "987"),
        ("getHours('UTC')", "23"),
        ("getHours('')", "23"),
        ("getHours('+01:30')", "1"),
        ("getMinutes('+01:30')", "29"),
        ("getDate('01:00')", "1"),
        ("getMonth('01:00')", "2"),
        ("getHours('-08:00')", "15"),
        ("getMinutes('-00:30')", "29"),
        ("getHours('01:99')", "! timezone offset out of range: 01:99"),
        ("getHours('x:00')", "! unknown time zone x:00"),
        ("getHours('Nowhere/Land')", "! unknown time zone Nowhere/Land"),
    ] {
        check(&[(&format!("timestamp('{T}').{call}"), expected)]);
    }
}

#[test]
fn timestamps() {
    check(&[
        ("timestamp('2024-01-01T00:00:00+02:00')", "2023-12-31T22:00:00Z"),
        ("timestamp(0)", "1970-01-01T00:00:00Z"),
        ("timestamp(-1)", "1969-12-31T23:59:59Z"),
        ("timestamp('9999-12-31T23:59:59.999999999Z')", "9999-12-31T23:59:59.999999999Z"),
        ("timestamp('0001-01-01T00:00:00Z')", "0001-01-01T00:00:00Z"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "! timestamp overflow"),
        ("timestamp('0001-01-01T00:00:00Z') - duration('1ns')", "! timestamp overflow"),
        ("timestamp('0001-01-01T00:00:00+01:00')", "! timestamp overflow"),
        ("timestamp(253402300800)", "! timestamp overflow"),
        (
            "timestamp('2023-02-29T00:00:00Z')",
            "! type conversion error from 'string' to 'google.protobuf.Timestamp'",
        ),
        (
            "timestamp('2023-02-28T24:00:00Z')",
            "! type conversion error from 'string' to 'google.protobuf.Timestamp'",
        ),
        (
            "timestamp('2023-02-28')",
            "! type conversion error from 'string' to 'google.protobuf.Timestamp'",
        ),
        (
            "timestamp('2023-02-28t00:00:00z')",
            "! type conversion error from 'string' to 'google.protobuf.Timestamp'",
        ),
        ("timestamp('2024-01-01T00:00:00Z') + duration('36h')", "2024-01-02T12:00:00Z"),
        ("duration('36h') + timestamp('2024-01-01T00:00:00Z')", "2024-01-02T12:00:00Z"),
        ("timestamp('2024-01-02T00:00:00Z') - timestamp('2024-01-01T00:00:00Z')", "86400s"),
        (
            "timestamp('9999-01-01T00:00:00Z') - timestamp('0001-01-01T00:00:00Z')",
            "! duration overflow",
        ),
        ("timestamp('2024-01-01T00:00:00Z') < timestamp('2024-01-01T00:00:00.000000001Z')", "true"),
        ("timestamp('2024-01-01T00:00:00Z') == timestamp('2024-01-01T01:00:00+01:00')", "true"),
        ("timestamp('0001-01-01T00:00:00Z').getFullYear('-02:00')", "0"),
    ]);
}

#[test]
fn durations() {
    check(&[
        ("duration('1h30m')", "5400s"),
        ("duration('-1.5h')", "-5400s"),
        ("duration('1.5ms')", "0.0015s"),
        ("duration('1us') + duration('1ns')", "0.000001001s"),
        ("duration('0')", "0s"),
        ("duration('+5s')", "5s"),
        ("duration('.5s')", "0.5s"),
        ("duration('5.s')", "5s"),
        ("duration('1µs') == duration('1us')", "true"),
        ("duration('1')", "! type conversion error from 'string' to 'google.protobuf.Duration'"),
        ("duration('1d')", "! type conversion error from 'string' to 'google.protobuf.Duration'"),
        ("duration('')", "! type conversion error from 'string' to 'google.protobuf.Duration'"),
        ("duration('.s')", "! type conversion error from 'string' to 'google.protobuf.Duration'"),
        ("duration('-')", "! type conversion error from 'string' to 'google.protobuf.Duration'"),
        (
            "duration('2562048h')",
            "! type conversion error from 'string' to 'google.protobuf.Duration'",
        ),
        ("duration('9223372036854775807ns') + duration('1ns')", "! duration overflow"),
        ("duration('-9223372036854775808ns') < duration('0s')", "true"),
        ("duration('1h') - duration('90m')", "-1800s"),
        ("duration('1h') > duration('59m')", "true"),
        ("duration('90m').getHours()", "1"),
        ("duration('90m').getMinutes()", "90"),
        ("duration('90m').getSeconds()", "5400"),
        ("duration('1.5s').getMilliseconds()", "1500"),
        ("duration('-90m').getHours()", "-1"),
    ]);
}
