//! Pods in custom resources, as `check` tells of them.

use serde_json::json;

use crate::sandbox::{Sandbox, places};

const LIST: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: argoproj.io/v1alpha1
  kind: Workflow
  metadata: {generateName: nightly-, namespace: etl}
  spec:
    templates:
    - name: first
      container: {image: nginx}
    - name: second
      script: {image: 'nginx:1.29', source: echo}
      sidecars:
      - {name: cache, image: 'redis:latest'}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: none}
";

#[test]
fn findings_are_about_the_custom_resource() {
    let (report, code) = Sandbox::new().judge("list.yaml", LIST);
    assert_eq!(code, 1);
    assert_eq!(places(&report), ["10:26-10:31", "14:30-14:44"]);
    let found = report["findings"].as_array().unwrap();
    assert_eq!(found[0]["path"], "/items/0/spec/templates/0/container/image");
    assert_eq!(found[1]["path"], "/items/0/spec/templates/1/sidecars/0/image");
    assert_eq!([&found[0]["container"], &found[1]["container"]], ["main", "cache"]);
    let object = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "namespace": "etl", "name": "nightly-"});
    assert_eq!(found[0]["object"], object);
    let summary = &report["summary"];
    assert_eq!([&summary["objects"], &summary["pods"], &summary["denied"]], [2, 2, 2]);
}

#[test]
fn a_template_is_silenced_by_its_own_annotation() {
    let template = |name: &str, annotations: &str| {
        format!(
            "  {name}:\n    metadata: {{annotations: {{{annotations}}}}}\n    spec:\n      containers: [{{name: a, image: nginx}}]\n"
        )
    };
    let ignore = "plimsoll.dev/ignore: no-latest; a reason";
    let manifest = format!(
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: t}}\nspec:\n{}{}",
        template("one", ignore),
        template("two", "")
    );
    let (report, code) = Sandbox::new().judge("thing.yaml", manifest);
    assert_eq!(code, 1);
    assert_eq!(report["summary"]["silenced"]["annotations"], 1);
    assert_eq!(report["findings"][0]["path"], "/spec/two/spec/containers/0/image");
}

#[test]
fn what_cannot_be_read_is_an_error_at_its_place() {
    let manifest = "\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  templates:
  - name: a
    container:
      image: 'nginx:1.29'
      imagePullPolicy: [Always]
";
    let (report, code) = Sandbox::new().judge("workflow.yaml", manifest);
    assert_eq!(code, 2);
    let error = &report["errors"][0];
    assert_eq!([&error["line"], &error["column"]], [9, 7]);
    assert_eq!(error["help"], "the API server would refuse the pods that come of it");
}
