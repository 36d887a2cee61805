use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn globs(include: &[&str], exclude: &[&str], slash: Slash) -> Globs {
    Globs::compile(include, exclude, slash).unwrap()
}

#[rstest]
#[case("docker.io/*", "docker.io/library/nginx", true, false)]
#[case("docker.io/*", "docker.io/nginx", true, true)]
#[case("*/nginx:*", "docker.io/library/nginx:1", true, false)]
#[case("*-SNAPSHOT", "1.0-SNAPSHOT", true, true)]
#[case("*-SNAPSHOT", "a/1.0-SNAPSHOT", true, false)]
#[case("*-SNAPSHOT", "1.0-snapshot", false, false)]
#[case("v[0-9]*", "v1.2", true, true)]
#[case("v[0-9]*", "vx", false, false)]
#[case("{a,b}", "b", true, true)]
#[case("{a,b}*", "c", false, false)]
#[case("a?c", "abc", true, true)]
#[case("a?c", "a/c", true, false)]
#[case("a\\*", "a*", true, true)]
#[case("a\\*", "ab", false, false)]
#[case("*", "", true, true)]
#[case("*", "a/b", true, false)]
#[case("*", "a\nb", true, true)]
#[case("latest", "latest", true, true)]
#[case("latest", "latest2", false, false)]
#[case("a*b*c", "a..b..c.", false, false)]
#[case("*.", "a.", true, true)]
#[case("[.]", ".", true, true)]
#[case("?*.", "a.", true, true)]
#[case("**/x", "a/b/x", true, true)]
fn one_glob(#[case] glob: &str, #[case] text: &str, #[case] crossed: bool, #[case] kept: bool) {
    assert_eq!(globs(&[glob], &[], Slash::Crossed).matches(text), crossed);
    assert_eq!(globs(&[glob], &[], Slash::Kept).matches(text), kept);
}

#[test]
fn exclude_wins_over_include() {
    let globs = globs(&["airflow-*", "data"], &["*-system", "airflow-[0-9]"], Slash::Kept);
    assert!(globs.matches("airflow-a") && globs.matches("data"));
    assert!(!globs.matches("airflow-system") && !globs.matches("airflow-1"));
    assert!(!globs.matches("other"));
}

#[test]
fn no_include_means_all() {
    assert!(globs(&[], &[], Slash::Kept).is_everything());
    assert!(Globs::default().matches(""));
    let globs = globs(&[], &["kube-*"], Slash::Kept);
    assert!(globs.matches("default") && !globs.matches("kube-system") && !globs.is_everything());
}

#[rstest]
#[case("[a", "unclosed")]
#[case("{a", "unclosed")]
#[case("a}", "unopened")]
#[case("[z-a]", "invalid")]
#[case("a\\", "dangling")]
#[case("", "empty")]
fn errors_name_the_glob(#[case] pattern: &str, #[case] message: &str) {
    let error = Globs::compile(&["ok"], &["fine", pattern], Slash::Crossed).unwrap_err();
    assert_eq!((error.list, error.index, error.pattern.as_str()), (List::Exclude, 1, pattern));
    assert!(error.message.contains(message), "{error}");
    assert!(error.to_string().starts_with("exclude[1]: glob "));
}

#[test]
fn hostile_patterns_are_errors_or_harmless() {
    for pattern in
        ["{".repeat(1024), "{a,".repeat(300) + &"}".repeat(100), "*a".repeat(512), "a".repeat(1025)]
    {
        if let Ok(globs) = Globs::compile(&[&pattern], &[], Slash::Crossed) {
            let _ = globs.matches(&"a".repeat(10_000));
        }
    }
    let nested = "{".repeat(500) + "a" + &"}".repeat(500);
    let _ = Globs::compile(&[&nested], &[], Slash::Crossed);
}

/// globset's own matchers would take `..` at the end of a text for a parent folder.
#[test]
fn two_dots_at_the_end_are_plain_text() {
    for slash in [Slash::Crossed, Slash::Kept] {
        assert!(Globs::compile(&["/*."], &[], slash).unwrap().matches("/.."));
    }
}

proptest! {
    #[test]
    fn never_panics(pattern in any::<String>(), text in any::<String>()) {
        for slash in [Slash::Crossed, Slash::Kept] {
            if let Ok(globs) = Globs::compile(&[&pattern], &[], slash) {
                let _ = globs.matches(&text);
            }
        }
    }

    #[test]
    fn plain_globs_agree_with_the_automaton(pattern in r"\*?[ab./,!-]{0,4}\*?", text in "[ab./,!\n-]{0,7}") {
        for slash in [Slash::Crossed, Slash::Kept] {
            if let Some(plain) = Plain::read(&pattern, slash) {
                let automaton = build_glob(&pattern, slash).unwrap().compile_matcher();
                prop_assert_eq!(plain.matches(&text), automaton.is_match(&text), "{} {}", pattern, text);
            }
        }
    }

    #[test]
    fn sets_agree_with_single_globs(
        patterns in proptest::collection::vec(r"[ab./*?]{1,5}|\*\*?/?\.?[ab]{1,2}|[ab]/\*\*", 1..5),
        text in "[ab./]{0,6}",
    ) {
        for slash in [Slash::Crossed, Slash::Kept] {
            let one = |p: &String| build_glob(p, slash).unwrap().compile_matcher().is_match(&text);
            let all = Globs::compile(&patterns, &[], slash).unwrap();
            prop_assert_eq!(all.matches(&text), patterns.iter().any(one), "{:?} {}", patterns, text);
        }
    }
}

#[test]
fn a_list_has_a_bound() {
    let names: Vec<String> = (0..=MAX_PATTERNS).map(|at| format!("team-{at}")).collect();
    assert!(Globs::compile::<String>(&names[1..], &[], Slash::Crossed).is_ok());
    let error = Globs::compile::<String>(&names, &[], Slash::Crossed).unwrap_err();
    assert_eq!((error.index, error.list), (MAX_PATTERNS, List::Include));
    assert!(error.message.contains("1024"), "{}", error.message);
}
