use serde_json::{Value, json};

use super::*;
use crate::manifest::parse;

fn policies() -> PolicySet {
    let policy = |name: &str, rules: Value| json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": {"rules": rules}});
    let tag =
        |name: &str| json!({"name": name, "action": "Deny", "imageTag": {"deny": ["latest"]}});
    let one = policy("images", json!([tag("no-latest"), tag("no-nine")]));
    let two = policy("others", json!([tag("no-latest")]));
    PolicySet::compile(&[&one, &two]).unwrap()
}

const POD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n";

/// A finding of `images/no-latest` on a line.
fn said(line: usize) -> Said<'static> {
    let place = Place { line, column: 1, end_line: line, end_column: 2 };
    let pointer = "/spec/template/spec/containers/0/image";
    Said { policy: "images", rule: "no-latest", kind: "imageTag", pointer, place }
}

struct Told {
    covered: Option<Silence>,
    warnings: Vec<String>,
}

/// What the comments and annotations of a text make of a finding on a line of its first document.
fn silence(text: &str, line: usize) -> Told {
    let manifest = parse(None, text.as_bytes().to_vec());
    assert_eq!(manifest.errors, []);
    let policies = policies();
    let never = |_: &str| false;
    let rules = Rules::new(&policies, &never);
    let mut silences = Silences::of(&manifest);
    silences.enter(&manifest.documents[0]);
    let covered = silences.covers(said(line));
    silences.leave(rules);
    let warnings = silences.into_warnings(Path::new("f"), true, rules);
    let told = |warning: Warning| {
        let error = warning.error;
        let help = error.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{error}{help}")
    };
    Told { covered, warnings: warnings.into_iter().map(told).collect() }
}

/// A comment at the end of line 4.
fn comment(text: &str) -> Told {
    silence(&format!("{} # plimsoll:{text}\n", POD.trim_end()), 4)
}

fn reason(told: &Told) -> Option<(SilencedBy, &str)> {
    told.covered.as_ref().map(|silence| (silence.by, &*silence.reason))
}

#[test]
fn a_rule_has_three_names() {
    for name in ["no-latest", "imageTag", "images/no-latest"] {
        let told = comment(&format!(" ignore[{name}] the vendor"));
        assert_eq!(reason(&told), Some((SilencedBy::Comment, "the vendor")), "{name}");
        assert_eq!(told.warnings, [""; 0]);
        let told = annotation(&format!("{name}; the vendor"));
        assert_eq!(reason(&told), Some((SilencedBy::Annotation, "the vendor")), "{name}");
        assert_eq!(told.warnings, [""; 0]);
    }
    for name in ["no-nine", "others/no-latest"] {
        let told = comment(&format!(" ignore[{name}] the vendor"));
        assert_eq!(reason(&told), None);
        assert_eq!(
            told.warnings,
            [format!("f:4:29: this comment silences no finding of `{name}`; remove it")]
        );
    }
    let told = comment("ignore [ no-nine ,no-latest,] - why: \"it\" ");
    assert_eq!(reason(&told), Some((SilencedBy::Comment, "why: \"it\"")));
    assert_eq!(told.warnings, ["f:4:30: this comment silences no finding of `no-nine`; remove it"]);
    // A kind that no policy in force has says nothing of what other policies find.
    assert_eq!(comment(" ignore[no-latest, dns] why").warnings, [""; 0]);
}

#[test]
fn a_comment_that_cannot_be_understood_silences_nothing_and_says_why() {
    let example = "name the rules and say why, as in `# plimsoll: ignore[no-latest] the vendor ships no other tag`";
    for (text, warning) in [
        (" ignore", format!("`ignore` names no rule; this comment silences nothing; {example}")),
        (" ignore no-latest", format!("`ignore` names no rule; this comment silences nothing; {example}")),
        (" ignore[]", format!("`ignore[]` names no rule; this comment silences nothing; {example}")),
        (" ignore[*] all", format!("`ignore[*]` names no rule; this comment silences nothing; {example}")),
        (" ignore[no-latest", format!("the bracket after `ignore` is not closed; this comment silences nothing; {example}")),
        (" ignroe[no-latest] x", "`ignroe` is nothing that a comment can ask for; this comment silences nothing; did you mean `ignore`?".to_owned()),
        (" ignore-file[no-latest] x", "`ignore-file` stands below the first field of the file; this comment silences nothing; move it to the top, or use `ignore` on the line of the finding".to_owned()),
    ] {
        let told = comment(text);
        assert_eq!(reason(&told), None, "{text}");
        assert_eq!(told.warnings, [format!("f:4:10: {warning}")], "{text}");
    }
}

#[test]
fn names_that_no_rule_has_are_told_with_the_nearest() {
    for (name, help) in [
        ("no-lates", "did you mean `no-latest`?"),
        ("ImageTag", "did you mean `imageTag`?"),
        ("images/no-lates", "did you mean `images/no-latest`?"),
        ("images", "name a rule of the policy, as in `images/no-latest`"),
        ("x", "known here: `imageTag`, `no-latest`, `no-nine`"),
    ] {
        let told = comment(&format!(" ignore[{name}] why"));
        assert_eq!(
            told.warnings,
            [format!(
                "f:4:29: this comment names `{name}`, and no rule in force has that name; {help}"
            )]
        );
    }
}

#[test]
fn a_reason_is_asked_for_and_not_needed() {
    let told = comment(" ignore[no-latest]");
    assert_eq!(reason(&told), Some((SilencedBy::Comment, "")));
    assert_eq!(
        told.warnings,
        ["f:4:10: this comment gives no reason; say why, for those who come across it"]
    );
}

#[test]
fn a_comment_at_the_top_can_be_about_the_whole_file() {
    let text = format!("# plimsoll: ignore-file[no-latest] why\n---\n{POD}");
    assert!(silence(&text, 6).covered.is_some() && silence(&text, 3).covered.is_some());
    let text = format!("# plimsoll: ignore[no-latest] why\n---\n{POD}");
    assert!(silence(&text, 3).covered.is_none());
}

/// An annotation of the template.
fn annotation(value: &str) -> Told {
    let text = format!(
        "{}spec:\n  template:\n    metadata:\n      annotations:\n        plimsoll.dev/ignore: {}\n",
        POD.replace("spec: {}\n", ""),
        Value::from(value)
    );
    silence(&text, 1)
}

#[test]
fn annotations_are_read_of_the_object_and_its_template() {
    let object =
        POD.replace("{name: web}", "{name: web, annotations: {plimsoll.dev/ignore: imageTag;why}}");
    assert_eq!(reason(&silence(&object, 1)), Some((SilencedBy::Annotation, "why")));
    for (value, warning) in [
        ("no-latest", "this annotation gives no reason; say why, for those who come across it"),
        ("no-latest, no-nine; x", "this annotation silences no finding of `no-nine`; remove it"),
        (
            "no-lates; x",
            "this annotation names `no-lates`, and no rule in force has that name; did you mean `no-latest`?",
        ),
        (
            "; x",
            "`plimsoll.dev/ignore` names no rule; this annotation silences nothing; name the rules and say why, as in `no-latest; the vendor ships no other tag`",
        ),
        (
            "*",
            "`plimsoll.dev/ignore` names no rule; this annotation silences nothing; name the rules and say why, as in `no-latest; the vendor ships no other tag`",
        ),
    ] {
        assert_eq!(annotation(value).warnings, [format!("f:8:30: {warning}")]);
    }
    let no_text =
        POD.replace("{name: web}", "{name: web, annotations: {plimsoll.dev/ignore: [a]}}");
    assert_eq!(silence(&no_text, 1).warnings.len(), 1);
}

#[test]
fn an_annotation_of_a_template_is_about_its_pod_alone() {
    let text = POD.replace(
        "spec: {}",
        "spec: {template: {metadata: {annotations: {plimsoll.dev/ignore: imageTag; x}}}}",
    );
    let manifest = parse(None, text.into_bytes());
    let mut silences = Silences::of(&manifest);
    silences.enter(&manifest.documents[0]);
    let at = |pointer| Said { pointer, ..said(1) };
    assert!(silences.covers(at("/spec/template")).is_some());
    assert!(silences.covers(at("/spec/template/spec/dnsPolicy")).is_some());
    assert!(silences.covers(at("/spec/templates/spec")).is_none());
    let other = parse(None, POD.as_bytes().to_vec());
    silences.enter(&other.documents[0]);
    assert!(silences.covers(at("/spec/template")).is_none());
}

#[test]
fn of_a_finding_that_two_silence_the_comment_counts_and_neither_is_idle() {
    let text = POD
        .replace("{name: web}", "{name: web, annotations: {plimsoll.dev/ignore: imageTag;why}}")
        + "# the end\n";
    let text = text.replace("spec: {}", "spec: {} # plimsoll: ignore[no-latest] because");
    let told = silence(&text, 4);
    assert_eq!(reason(&told), Some((SilencedBy::Comment, "because")));
    assert_eq!(told.warnings, [""; 0]);
}

#[test]
fn comments_that_miss_by_a_little_are_told() {
    let behind = |text: &str| silence(&format!("{} {text}\n", POD.trim_end()), 4);
    let help = "this comment silences nothing; begin the comment with it, as in `# plimsoll: ignore[no-latest] the vendor ships no other tag`";
    for (text, message) in [
        ("# Plimsoll: Ignore[no-latest] x", "is written in small letters"),
        ("# PLIMSOLL: ignore [no-latest] x", "is written in small letters"),
        ("# Plimsoll:ignore-file[no-latest] x", "is written in small letters"),
        ("# note. plimsoll: ignore[no-latest] x", "stands behind other words"),
    ] {
        let told = behind(text);
        assert_eq!(reason(&told), None, "{text}");
        assert_eq!(told.warnings, [format!("f:4:10: `plimsoll:` {message}; {help}")], "{text}");
    }
    for text in [
        "# see plimsoll: ignore what it says",
        "# Plimsoll: it ignores[1] this",
        "# write `# plimsoll: ignore[no-latest] x` here",
        "# nothing",
    ] {
        assert_eq!(behind(text).warnings, [""; 0], "{text}");
    }
    let value = POD.replace("spec: {}", "spec: {a: 'a # Plimsoll: ignore[x] y'} # more");
    assert_eq!(silence(&value, 4).warnings, [""; 0]);
}

#[test]
fn annotations_that_have_no_effect_are_told() {
    let text = POD.replace("web}", "web, annotations: {plimsoll.dev/Ignore: imageTag; x}}");
    let told = silence(&text, 1);
    assert_eq!(reason(&told), None);
    let warning = "`plimsoll.dev/Ignore` silences nothing; did you mean `plimsoll.dev/ignore`?";
    assert_eq!(told.warnings.len(), 1, "{:?}", told.warnings);
    assert!(told.warnings[0].ends_with(warning), "{:?}", told.warnings);
    let item = POD.trim_end().replace('\n', "\n  ");
    let text = format!(
        "apiVersion: v1\nkind: List\nmetadata: {{annotations: {{plimsoll.dev/ignore: imageTag; x}}}}\nitems:\n- {item}\n- {item}\n"
    );
    let told = silence(&text, 5);
    assert_eq!(reason(&told), None);
    assert_eq!(told.warnings.len(), 1, "{:?}", told.warnings);
    assert!(
        told.warnings[0]
            .ends_with("`plimsoll.dev/ignore` on a list silences nothing; set it on the items"),
        "{:?}",
        told.warnings
    );
}
