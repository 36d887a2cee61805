//! Kustomizations: through which files a finding is led back.

use crate::world::{check, fixture, found, kustomize, world};

/// Of the whole stack, except what is no part of a kustomization.
const STACK: [&str; 13] = [
    "stack/base/jobs.yaml:14:20-31 latest load",
    "stack/base/jobs.yaml:30:20-26 latest report",
    "stack/base/web.yaml:29:9-18 cpu cache",
    "stack/base/web.yaml:32:16-33 latest log",
    "stack/components/proxy/kustomization.yaml:13:13-24 cpu proxy",
    "stack/components/proxy/kustomization.yaml:14:20-25 latest proxy",
    "stack/overlays/dev/kustomization.yaml:6:11-17 latest web",
    "stack/overlays/prod/extra.yaml:6:5-16 cpu extra",
    "stack/overlays/prod/kustomization.yaml:13:11-17 latest report",
    "stack/overlays/prod/kustomization.yaml:22:14-28 latest cache",
    "stack/overlays/prod/operations.yaml:5:3-8 cpu send",
    "stack/overlays/prod/operations.yaml:7:12-23 latest send",
    "stack/single/pod.yaml:6:5-38 cpu single",
];

#[test]
fn findings_point_at_bases_and_patches_and_images() {
    let world = fixture("stack");
    std::fs::remove_file(world.path().join("stack/single/stray.yaml")).unwrap();
    assert_eq!(found(&world, &["stack"]), STACK);
}

#[test]
fn kubectl_renders_them_too() {
    let world = fixture("stack");
    std::fs::remove_file(world.path().join("stack/single/stray.yaml")).unwrap();
    // A program of that name is told `kustomize` instead of `build`.
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = kustomize ] || exit 9\nshift\nexec {} build \"$@\"\n",
        kustomize().display()
    );
    let kubectl = world.write("bin/kubectl", script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&kubectl, mode).unwrap();
    assert_eq!(found(&world, &["stack", "--kustomize", "bin/kubectl"]), STACK);
}

#[test]
fn what_several_overlays_bring_is_told_once() {
    let world = fixture("stack");
    let run = check(&world, &["stack", "--format", "json"]);
    let report = run.json();
    let findings = report["findings"].as_array().unwrap();
    let of = |line: u64| {
        let found =
            findings.iter().find(|one| one["file"] == "stack/base/web.yaml" && one["line"] == line);
        found.unwrap()["rendered"].as_str().unwrap().to_owned()
    };
    assert_eq!(of(32), "rendered through stack/overlays/dev, stack/overlays/prod");
    assert_eq!(of(29), "rendered through stack/overlays/dev, stack/overlays/prod");
    assert_eq!(report["summary"]["findings"], findings.len());
    // A file that lies beside a kustomization and is no part of it is read as it is.
    let stray = findings.iter().find(|one| one["file"] == "stack/single/stray.yaml").unwrap();
    assert!(stray["rendered"].is_null(), "{stray}");
}

#[test]
fn a_base_is_judged_by_itself_only_where_it_is_named() {
    let world = fixture("stack");
    let base = found(&world, &["stack/base"]);
    assert!(base.contains(&"stack/base/web.yaml:24:16-21 latest web".to_owned()), "{base:?}");
    let both = found(&world, &["stack/base", "stack/overlays/prod"]);
    assert!(both.contains(&"stack/base/web.yaml:24:16-21 latest web".to_owned()), "{both:?}");
    let file = found(&world, &["stack/base/kustomization.yaml"]);
    // Its file stands for what is applied, as in a run over the whole tree.
    assert_eq!(file, found(&world, &["stack/overlays"]));
}

#[test]
fn paths_are_those_that_the_user_would_write() {
    let world = fixture("stack");
    let absolute = world.path().canonicalize().unwrap().join("stack/overlays/dev");
    let found = found(&world, &[absolute.to_str().unwrap()]);
    let base = world.path().canonicalize().unwrap().join("stack/base/web.yaml");
    assert!(found.contains(&format!("{}:32:16-33 latest log", base.display())), "{found:?}");
}

#[test]
fn kustomizations_that_build_on_each_other_are_an_error_and_not_nothing() {
    let world = world();
    world.write("a/kustomization.yaml", "resources: [../b]\n");
    world.write("b/kustomization.yaml", "resources: [../a]\n");
    let run = check(&world, &["."]);
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("error: kustomize build: ") && run.stdout.contains("cycle"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("--> a/kustomization.yaml"), "{}", run.stdout);
}

#[test]
fn what_cannot_be_led_back_says_so() {
    let world = world();
    world.write(
        "kustomization.yaml",
        "resources: [pod.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: c, fieldPath: data.image}\n  targets:\n  - select: {kind: Pod}\n    fieldPaths: [spec.containers.0.image]\n",
    );
    world.write(
        "pod.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {image: nginx}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: x:1\n    resources: {requests: {cpu: 1}}\n",
    );
    let run = check(&world, &["."]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.contains("--> kustomization.yaml:14:12"), "{}", run.stdout);
    let note = "note: rendered through .; the line is that of the output of `kustomize build`; the object is that of pod.yaml";
    assert!(run.stdout.contains(note), "{}", run.stdout);
}

#[test]
fn a_finding_in_a_generated_object_is_told_of_as_it_is_rendered() {
    let world = world();
    world.write("kustomization.yaml", "generators: [generator.yaml]\n");
    world.write(
        "generator.yaml",
        "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: c}\nliterals: [a=b]\n",
    );
    let run = check(&world, &["."]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
}
