//! Files that are named, as a hook names those of a commit: judged through what they are part of.

use std::fs;

use crate::sandbox::{Run, Sandbox};
use crate::world::{check, command, create, fixture, found, world};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec:\n  containers:\n  - name: d\n    image: redis:latest\n    resources: {requests: {cpu: 1}}\n";
const PATCH: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: d}\nspec:\n  containers:\n  - name: d\n    imagePullPolicy: Always\n";

#[test]
fn any_file_of_a_chart_stands_for_it() {
    let world = fixture("shop");
    world.write("shop/ci/some-values.yaml", "a: b\n");
    world.write("shop/files/pod.yaml", POD);
    let all = found(&world, &["shop"]);
    assert!(!all.is_empty());
    for file in [
        "shop/values.yaml",
        "./shop/values.yaml",
        "shop/ci/some-values.yaml",
        "shop/files/pod.yaml",
        "shop/charts/cache/Chart.yaml",
        "shop/charts/cache/values.yaml",
    ] {
        assert_eq!(found(&world, &[file]).len(), all.len(), "{file}");
    }
    let both =
        found(&world, &["shop/values.yaml", "shop/templates/workers.yaml", "shop/Chart.yaml"]);
    assert_eq!(both, all);
    // Without rendering it is the file that it is.
    let run = check(&world, &["--render", "never", "shop/values.yaml"]);
    assert!(run.stderr.contains("holds no Kubernetes object"), "{}", run.stderr);
}

#[test]
fn a_value_alone_is_enough_to_be_denied() {
    let world = world();
    create(&world, "web");
    fs::remove_dir_all(world.path().join("web/templates/tests")).unwrap();
    let run = check(&world, &["web/values.yaml", "--helm-set", "resources.requests.cpu=1"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let values = world.path().join("web/values.yaml");
    let text = fs::read_to_string(&values).unwrap();
    assert!(text.contains("  tag: \"\""));
    fs::write(&values, text.replace("  tag: \"\"", "  tag: latest")).unwrap();
    let run = check(&world, &["web/values.yaml", "--helm-set", "resources.requests.cpu=1"]);
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("the tag `latest` is denied"), "{}", run.stdout);
}

/// A base with an overlay that mends it and breaks something else, and a component.
fn layered() -> Sandbox {
    let world = world();
    world.write("base/kustomization.yaml", "resources: [d.yaml]\n");
    world.write("base/d.yaml", POD);
    world.write("base/beside.yaml", POD);
    world.write(
        "prod/kustomization.yaml",
        "resources: [../base, own.yaml]\ncomponents: [../comp]\npatches:\n- path: patch.yaml\nimages:\n- {name: redis, newTag: \"7\"}\n- {name: own, newTag: latest}\n",
    );
    world.write("prod/patch.yaml", PATCH);
    world.write(
        "prod/own.yaml",
        POD.replace("name: d", "name: own").replace("redis:latest", "own:1"),
    );
    world.write(
        "comp/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: more.yaml\n",
    );
    world.write("comp/more.yaml", PATCH);
    world
}

#[test]
fn files_of_kustomizations_are_judged_as_they_are_applied() {
    let world = layered();
    let all = found(&world, &["prod"]);
    assert_eq!(all, ["prod/kustomization.yaml:7:23-29 latest own"]);
    for file in [
        "prod/patch.yaml",
        "prod/own.yaml",
        "prod/kustomization.yaml",
        "base/d.yaml",
        "base/kustomization.yaml",
        "comp/kustomization.yaml",
        "comp/more.yaml",
    ] {
        assert_eq!(found(&world, &[file]), all, "{file}");
    }
    assert_eq!(found(&world, &["prod/patch.yaml", "base/d.yaml", "prod"]), all);
    // What nothing names is what it says.
    assert_eq!(found(&world, &["base/beside.yaml"]), ["base/beside.yaml:7:12-24 latest d"]);
    let read = found(&world, &["--render", "never", "base/d.yaml"]);
    assert_eq!(read, ["base/d.yaml:7:12-24 latest d"]);
}

#[test]
fn a_component_that_nothing_uses_is_passed_over_with_a_note() {
    let world = layered();
    fs::remove_dir_all(world.path().join("prod")).unwrap();
    for path in ["comp/kustomization.yaml", "comp/more.yaml", "comp"] {
        let run = check(&world, &[path]);
        assert_eq!(run.code, 0, "{path}: {}{}", run.stdout, run.stderr);
        let note = format!("note: {path}: passed over: a component");
        assert!(run.stderr.contains(&note), "{}", run.stderr);
    }
}

#[test]
fn a_repository_is_known_from_within() {
    let world = layered();
    fs::create_dir(world.path().join(".git")).unwrap();
    world.write("base/policy.yaml", crate::world::POLICY);
    let mut command = command(&world, &["d.yaml"]);
    let output = command.current_dir(world.path().join("base")).output().unwrap();
    let run = Run::of(&output);
    assert!(run.stdout.contains("--> ../prod/kustomization.yaml:7:23"), "{}", run.stdout);
}

#[test]
fn what_is_excluded_is_left_out_of_what_is_rendered() {
    let world = fixture("shop");
    let without = |glob: &str| found(&world, &["shop", "--exclude", glob]);
    let all = found(&world, &["shop"]);
    let kept: Vec<_> = all.iter().filter(|one| !one.contains("workers.yaml")).cloned().collect();
    assert!(kept.len() < all.len());
    assert_eq!(without("workers.yaml"), kept);
    assert_eq!(
        without("shop/templates/"),
        all.iter().filter(|one| one.contains("/charts/")).cloned().collect::<Vec<_>>()
    );
    let run = check(&world, &[".", "--exclude", "shop", "--exclude", "policy.yaml"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    // One that is named is told of all the same.
    let named = found(&world, &["shop/templates/workers.yaml", "--exclude", "workers.yaml"]);
    assert_eq!(named, all);
}
