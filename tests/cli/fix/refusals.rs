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

#[test]
fn a_field_of_the_wrong_type_costs_one_object() {
    let sandbox = Sandbox::for_fixes();
    let typed = POD.replace("'app'", "7");
    sandbox.write("pod.yaml", format!("{typed}---\n{POD}"));
    let run = sandbox.fix(["pod.yaml"]);
    assert_eq!(run.code, 2);
    assert_eq!(sandbox.read("pod.yaml"), format!("{typed}---\n{}", safely_fixed()));
}

#[test]
fn templates_are_refused_where_their_action_stands() {
    let inside = POD.replace("\"nginx:1.27\"", "\"nginx:1.27\"\n    args: [\"{{ .Values.x }}\"]");
    let said = refused(&inside, 0);
    let place = "warning: Pod p is not fixed: this is a template, which only its engine turns into YAML\n  --> pod.yaml:10:13\n";
    assert!(said.contains(place), "{said}");
    let around = format!("# {{{{- if .Values.x }}}}\n{POD}# {{{{- end }}}}\n");
    assert!(refused(&around, 0).contains("--> pod.yaml:1:3\n"));
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
