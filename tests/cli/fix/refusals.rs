//! What is not edited, and how that is said.

use crate::fix::{POD, safely_fixed};
use crate::sandbox::Sandbox;

/// Fixes a text of which nothing may change, and answers with what was said.
fn refused(text: &str, code: i32) -> String {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("pod.yaml", text);
    let run = sandbox.fix(["pod.yaml"]);
    assert_eq!(sandbox.read("pod.yaml"), text, "{}", run.stdout);
    assert_eq!(run.code, code, "{}", run.stdout);
    assert!(run.stdout.contains("nothing was fixed\n"), "{}", run.stdout);
    run.stdout
}

#[test]
fn a_file_with_an_error_is_left_as_it_is() {
    let said = refused(&format!("{POD}---\na: 1\nb: [\n"), 2);
    assert!(
        said.contains("warning: nothing is fixed in a file with an error\n  --> pod.yaml:13:"),
        "{said}"
    );
    assert!(said.contains("1 finding could not be fixed, for the reason above\n"), "{said}");
}

/// As `kubectl apply` does nothing with some of them either, once one is refused.
#[test]
fn a_field_that_cannot_be_read_keeps_its_whole_file_from_being_fixed() {
    let list = |items: &str| format!("apiVersion: v1\nkind: List\nitems: {items}\n");
    let policy = "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: x}\nspec: {ruels: []}\n";
    for text in [
        POD.replace("'app'", "7"),
        POD.replace("{name: p}   # a name", "{namespace: true}"),
        POD.replace("kind: Pod", "kind: pod"),
        list("[null, {apiVersion: v1, kind: Service}]"),
        policy.to_owned(),
    ] {
        for whole in [format!("{text}---\n{POD}"), format!("{POD}---\n{text}")] {
            let said = refused(&whole, 2);
            let warning = "warning: nothing is fixed in a file with an error\n";
            let told = said.split_once(warning).map(|(_, rest)| rest.trim_start()).unwrap();
            let place = told.lines().next().unwrap();
            // Where the error is.
            assert!(
                place.starts_with("--> pod.yaml:") && said.matches(place).count() == 2,
                "{said}"
            );
        }
    }
}

#[test]
fn templates_are_refused_where_their_action_stands() {
    let inside = POD.replace("\"nginx:1.27\"", "\"nginx:1.27\"\n    args: [\"{{ .Values.x }}\"]");
    let said = refused(&inside, 1);
    let place = "warning: Pod p is not fixed: this is a template, which only its engine turns into YAML\n  --> pod.yaml:10:13\n";
    assert!(said.contains(place), "{said}");
    let around = format!("# {{{{- if .Values.x }}}}\n{POD}# {{{{- end }}}}\n");
    assert!(refused(&around, 1).contains("--> pod.yaml:1:3\n"));
}

/// What was asked for and not done is left, however grave it is, and whether files may change or not.
#[test]
fn a_refused_fix_is_told_by_the_exit_code() {
    let sandbox = Sandbox::for_fixes();
    let shared = POD.replace("Always", "&a Always\n    env: [{name: A, value: *a}]");
    sandbox.write("pod.yaml", &shared);
    for args in [vec![], vec!["--check"], vec!["--diff"], vec!["--unsafe-fixes"]] {
        let run = sandbox.fix(args.iter().copied().chain(["pod.yaml"]));
        assert_eq!(run.code, 1, "{args:?}: {}{}", run.stdout, run.stderr);
    }
    assert_eq!(sandbox.read("pod.yaml"), shared);
    // Nothing safe is left in this one, and the unsafe fix is refused only where it is asked for.
    let shared =
        shared.replace("&a Always", "&a IfNotPresent").replace("name: 'app'", "name: &n app");
    let text = shared.replace("    image:", "    resources: &r {}\n    image:")
        + "  - name: b\n    image: x:1\n    resources: *r\n";
    sandbox.write("pod.yaml", &text);
    assert_eq!(sandbox.fix(["pod.yaml"]).code, 0);
    let run = sandbox.fix(["--unsafe-fixes", "pod.yaml"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(!run.stdout.contains("--unsafe-fixes"), "{}", run.stdout);
}

/// Other readers take the last line as it stands, without a line break.
#[test]
fn nothing_is_added_behind_a_block_scalar_without_a_line_break() {
    let pod = |scalar: &str| {
        let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: x:1\n    args:\n    - ";
        format!("{head}{scalar}")
    };
    let sandbox = Sandbox::for_fixes();
    let fix = |text: &str| {
        sandbox.write("pod.yaml", text);
        let run = sandbox.fix(["--unsafe-fixes", "pod.yaml"]);
        (run.code, sandbox.read("pod.yaml"), run.stdout)
    };
    for scalar in [
        "|\n      echo hi",
        ">\n      echo hi",
        "|+\n      echo hi\n  ",
        "|2\n      echo\n      hi  ",
    ] {
        let text = pod(scalar);
        let (code, after, said) = fix(&text);
        assert_eq!((code, after), (1, text), "{said}");
        assert!(
            said.contains("end the file with a newline first\n") && said.contains("pod.yaml:9:7\n"),
            "{said}"
        );
    }
    for scalar in [
        "|-\n      echo hi",
        "|\n      echo hi\n",
        "|\n      echo hi\n  ",
        "|\n      echo hi\n  # end",
        "echo hi",
    ] {
        let (code, after, said) = fix(&pod(scalar));
        assert_eq!(code, 0, "{said}");
        assert!(after.contains("cpu: 100m"), "{after}");
    }
    // What stands above it is changed.
    let above = pod("|\n      echo hi").replace(
        "x:1\n",
        "x:1\n    imagePullPolicy: Always\n    resources: {requests: {cpu: 1}}\n",
    );
    assert_eq!(fix(&above).1, above.replace("Always", "IfNotPresent"));
}

#[test]
fn braces_of_others_are_no_templates() {
    let sandbox = Sandbox::for_fixes();
    let text = POD.replace("'app'", "'app'\n    args: ['{{inputs.parameters.x}}', '{{item}}']");
    let alert = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alerts}\ndata: {a: '{{ $labels.instance }} is down'}\n";
    let text = format!("{alert}---\n{text}---\n{alert}");
    sandbox.write("pod.yaml", &text);
    let run = sandbox.fix(["pod.yaml"]);
    assert_eq!(sandbox.read("pod.yaml"), text.replace("Always", "IfNotPresent"), "{}", run.stdout);
}

#[test]
fn an_object_with_a_shared_field_gets_none_of_its_fixes_and_the_others_theirs() {
    let sandbox = Sandbox::for_fixes();
    let shared = POD.replace(
        "Always # why?",
        "&pull Always\n  - name: b\n    image: x:1\n    imagePullPolicy: *pull",
    );
    sandbox.write("pod.yaml", format!("{shared}---\n{POD}"));
    let run = sandbox.fix(["pod.yaml"]);
    assert_eq!(
        sandbox.read("pod.yaml"),
        format!("{shared}---\n{}", safely_fixed()),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("warning: Pod p is not fixed: "), "{}", run.stdout);
    assert!(
        run.stdout.contains("2 findings could not be fixed, for the reason above\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn rules_at_odds_are_told() {
    let rule = |name: &str, value: &str| {
        format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {{name: {name}}}\nspec: {{rules: [{{name: r, action: Warn, dns: {{options: [{{name: ndots, value: \"{value}\", override: true}}]}}}}]}}\n"
        )
    };
    let sandbox = Sandbox::with_policy(&format!("{}---\n{}", rule("a", "1"), rule("b", "2")));
    sandbox.write("pod.yaml", POD);
    let run = sandbox.fix(["--unsafe-fixes", "pod.yaml"]);
    assert!(run.stdout.contains("a/r has its way"), "{}", run.stdout);
    assert!(sandbox.read("pod.yaml").contains("ndots"), "{}", run.stdout);
    assert!(run.stdout.contains("fixed 1 finding in 1 file: 1 a/r\n"), "{}", run.stdout);
}

/// What a tool renders stands in no file that could be edited; one that is named is edited as what it is.
#[test]
fn files_of_charts_and_kustomizations_are_not_edited_unasked() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    sandbox.write("web/templates/pod.yaml", POD);
    sandbox.write("overlay/kustomization.yaml", "resources: [pod.yaml]\n");
    sandbox.write("overlay/pod.yaml", POD);
    sandbox.write("plain.yaml", POD);
    let run = sandbox.fix(["."]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    for (folder, what) in [("overlay", "kustomization"), ("web", "chart")] {
        let said = format!("{folder}: nothing in this {what} was fixed: ");
        assert!(run.stderr.contains(&said), "{}", run.stderr);
    }
    for name in ["web/templates/pod.yaml", "overlay/pod.yaml"] {
        assert_eq!(sandbox.read(name), POD);
    }
    assert_eq!(sandbox.read("plain.yaml"), safely_fixed());
    sandbox.fix(["overlay/pod.yaml"]);
    assert_eq!(sandbox.read("overlay/pod.yaml"), safely_fixed());
}

/// A patch is no whole object, and values are none at all: naming them does not make them so.
#[test]
fn patches_and_values_are_not_edited_though_they_are_named() {
    let sandbox = Sandbox::for_fixes();
    sandbox.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    sandbox.write("web/ci/pod.yaml", POD);
    sandbox.write("overlay/kustomization.yaml", "patches:\n- path: pod.yaml\n");
    sandbox.write("overlay/pod.yaml", POD);
    let run = sandbox.fix(["overlay/pod.yaml", "web/ci/pod.yaml"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    for said in [
        "warning: overlay/pod.yaml: not fixed: the kustomization overlay makes something of it",
        "warning: web: nothing in this chart was fixed: ",
    ] {
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    for name in ["overlay/pod.yaml", "web/ci/pod.yaml"] {
        assert_eq!(sandbox.read(name), POD);
    }
}
