//! Charts: at which lines of which templates findings point.

use crate::sandbox::bad_pod;
use crate::world::{check, copy, create, fixture, found, world};

const SHOP: [&str; 18] = [
    "shop/charts/cache/templates/statefulset.yaml:18:16-46 latest cache",
    "shop/charts/common/templates/_deployment.tpl:17:9-26 cpu api",
    "shop/charts/common/templates/_deployment.tpl:18:16-28 latest api",
    "shop/templates/_helpers.tpl:26:3-14 cpu proxy",
    "shop/templates/_helpers.tpl:27:10-22 latest proxy",
    "shop/templates/deployment.yaml:30:11-34 cpu shop",
    "shop/templates/deployment.yaml:31:18-131 latest shop",
    "shop/templates/deployment.yaml:44:9-36 latest shipper",
    "shop/templates/deployment.yaml:44:9-36 cpu shipper",
    "shop/templates/deployment.yaml:46:11-22 cpu clock",
    "shop/templates/deployment.yaml:47:18-25 latest clock",
    "shop/templates/migrate.yaml:14:16-49 latest migrate",
    "shop/templates/migrate.yaml:15:9-18 cpu migrate",
    "shop/templates/tests/smoke.yaml:10:7-18 cpu smoke",
    "shop/templates/tests/smoke.yaml:11:14-21 latest smoke",
    "shop/templates/workers.yaml:21:15-39 cpu mail",
    "shop/templates/workers.yaml:21:15-39 cpu report",
    "shop/templates/workers.yaml:22:22-49 latest mail",
];

fn sorted(mut found: Vec<String>) -> Vec<String> {
    found.sort();
    found
}

#[test]
fn findings_point_at_the_lines_of_templates() {
    let world = fixture("shop");
    let mut expected = SHOP.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(sorted(found(&world, &["shop"])), expected);
    // The folder around it, its file, and one of its templates stand for the chart.
    for path in
        [".", "shop/Chart.yaml", "shop/templates/workers.yaml", "shop/charts/cache/templates"]
    {
        assert_eq!(sorted(found(&world, &[path])), expected, "{path}");
    }
}

#[test]
fn templates_with_windows_line_ends_have_the_same_places() {
    let world = fixture("shop");
    for name in ["_helpers.tpl", "deployment.yaml", "workers.yaml", "tests/smoke.yaml"] {
        let path = world.path().join("shop/templates").join(name);
        let text = std::fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
        std::fs::write(&path, text).unwrap();
    }
    let mut expected = SHOP.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(sorted(found(&world, &["shop"])), expected);
}

#[test]
fn the_text_shows_the_line_of_the_template_and_names_its_values() {
    let world = fixture("shop");
    let run = check(&world, &["shop", "--release-name", "till"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    for expected in [
        " --> shop/templates/migrate.yaml:14:16\n",
        "14 |         image: {{ tpl .Values.migrate.image . }}\n   |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Job shop-migrate, container migrate\n",
        "= note: rendered from the chart shop, here with .Values.migrate.image\n",
        "here with .Values.image.registry, .Values.image.repository and .Values.image.tag\n",
        "StatefulSet till-cache, container cache",
    ] {
        assert!(run.stdout.contains(expected), "{expected}\n{}", run.stdout);
    }
}

#[test]
fn values_come_from_files_and_flags_and_the_environment() {
    let world = world();
    create(&world, "web");
    world.write("values.yaml", "image: {tag: latest}\nresources: {requests: {cpu: 1}}\n");
    let latest = "web/templates/deployment.yaml:41:18-102 latest web".to_owned();
    let plain = found(&world, &["web"]);
    assert!(!plain.contains(&latest), "{plain:?}");
    for args in [
        &["--helm-values", "values.yaml"][..],
        &["--helm-set", "image.tag=latest"],
        &["--helm-set", "image.tag=1", "--helm-set", "image.tag=latest"],
        &["--helm-arg=--set-string", "--helm-arg=image.tag=latest"],
    ] {
        let found = found(&world, &[&["web"], args].concat());
        assert!(found.contains(&latest), "{args:?}: {found:?}");
    }
    let mut command = crate::world::command(&world, &["web", "--format", "json"]);
    command.env("PLIMSOLL_HELM_SET", "image.tag=latest").env("PLIMSOLL_HELM_VALUES", "values.yaml");
    let run = crate::sandbox::Run::of(&command.output().unwrap());
    assert!(run.stdout.contains("deployment.yaml"), "{}", run.stdout);
}

#[test]
fn no_shell_sees_what_the_user_passes_on() {
    let world = world();
    create(&world, "web");
    check(&world, &["web", "--helm-set", "image.tag=$(touch broken)`touch broken`;touch broken"]);
    assert!(!world.path().join("broken").exists());
}

#[test]
fn charts_are_rendered_for_a_version_of_kubernetes() {
    let world = world();
    world.write("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    world.write(
        "c/templates/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: {{ .Release.Namespace }}}\nspec:\n  containers:\n  - name: a\n    image: a:{{ if semverCompare \"<1.30-0\" .Capabilities.KubeVersion.Version }}latest{{ else }}1{{ end }}\n    resources: {requests: {cpu: 1}}\n",
    );
    assert_eq!(found(&world, &["c"]), Vec::<String>::new());
    assert_eq!(found(&world, &["c", "--kube-version", "1.29.0"]).len(), 1);
    let run =
        check(&world, &["c", "--kube-version", "1.29.0", "--namespace", "etl", "--format", "json"]);
    assert_eq!(run.json()["findings"][0]["object"]["namespace"], "etl");
}

#[test]
fn a_library_is_passed_over_and_said_to_be() {
    let world = fixture("shop");
    copy(&world.path().join("shop/charts/common"), &world.path().join("lib"));
    let run = check(&world, &["lib"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(
        run.stderr.contains("note: lib: a library chart renders nothing by itself"),
        "{}",
        run.stderr
    );
    assert!(!check(&world, &["lib", "--quiet"]).stderr.contains("library"));
}

#[test]
fn files_around_a_chart_are_read_as_they_are() {
    let world = fixture("shop");
    world.write("pods/bad.yaml", bad_pod("bad"));
    world.write("shop/ci/bad-values.yaml", bad_pod("values"));
    let report = check(&world, &[".", "--format", "json"]).json();
    let plain: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["rendered"].is_null())
        .collect();
    assert!(!plain.is_empty());
    assert!(plain.iter().all(|one| one["file"] == "pods/bad.yaml"), "{plain:?}");
}

#[test]
fn never_reads_templates_as_they_are() {
    let world = fixture("shop");
    let run = check(&world, &["shop/templates", "--render", "never"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("shop/templates/api.yaml:1"), "{}", run.stdout);
}

#[test]
fn fingerprints_do_not_know_where_a_chart_was_rendered() {
    let world = fixture("shop");
    let once = check(&world, &["shop", "--format", "json"]).stdout;
    let twice = check(&world, &["shop", "--format", "json"]).stdout;
    assert_eq!(once, twice);
    assert!(!once.contains("/tmp") && !once.contains("plimsoll-"), "{once}");
}

#[test]
fn marks_that_change_what_a_template_says_are_left_out() {
    let world = world();
    world.write("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
    // JSON has no comments: with marks, this fails.
    world.write(
        "c/templates/_json.tpl",
        "{{- define \"c.json\" -}}\n{\n  \"tag\": \"latest\"\n}\n{{- end -}}\n",
    );
    world.write(
        "c/templates/pod.yaml",
        "{{- $json := include \"c.json\" . | fromJson }}\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: a:{{ required \"a tag\" $json.tag }}\n",
    );
    assert_eq!(
        found(&world, &["c"]),
        ["c/templates/pod.yaml:7:5-12 cpu a", "c/templates/pod.yaml:8:12-46 latest a"]
    );
}
