//! Charts at the doors that know more than findings: history, baselines, silences, formats for machines, and `fix`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox, bad_pod};
use crate::world::{check, command, helm, world};

const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\nspec:\n  containers:\n  - name: a\n    image: a:{{ .Values.tag }}\n    resources: {requests: {cpu: 1}}\n";
const FOUND: &str = "c/templates/pod.yaml:7:12-31 latest a";

fn chart() -> Sandbox {
    let world = world();
    world.write("c/Chart.yaml", CHART);
    world.write("c/values.yaml", "tag: latest\n");
    world.write("c/templates/pod.yaml", POD);
    world
}

fn git(folder: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
    command.args(args).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null");
    assert!(command.output().unwrap().status.success(), "{args:?}");
}

#[test]
fn since_tells_of_a_chart_whose_files_changed() {
    for (file, before, after) in [
        ("templates/pod.yaml", "image: a:", "image: b:"),
        ("values.yaml", "tag: latest\n", "tag: latest # still\n"),
    ] {
        let world = chart();
        git(world.path(), &["init", "--quiet"]);
        git(world.path(), &["add", "--all"]);
        git(world.path(), &["commit", "--quiet", "--message", "x"]);
        let since = || {
            let mut command = command(&world, &["c", "--since", "HEAD", "--format", "json"]);
            let path = [helm().parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")];
            command.env("PATH", std::env::join_paths(path).unwrap());
            Run::of(&command.output().unwrap())
        };
        let run = since();
        assert_eq!((run.code, run.json()["summary"]["unchanged"].as_u64()), (0, Some(1)));
        let path = world.path().join("c").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(before, after)).unwrap();
        let run = since();
        assert_eq!(run.code, 1, "{file}: {}{}", run.stdout, run.stderr);
        assert_eq!(crate::world::places(&run.json()), [FOUND], "{file}");
    }
}

#[test]
fn a_baseline_knows_a_chart_though_its_lines_move() {
    let world = chart();
    assert_eq!(check(&world, &["c", "--write-baseline"]).code, 0);
    let with = ["c", "--baseline", "plimsoll-baseline.json"];
    let run = check(&world, &with);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    world.write("c/templates/pod.yaml", format!("# one more line\n{{{{/* and more */}}}}\n{POD}"));
    let run = check(&world, &with);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    world.write("c/values.yaml", "tag: \"1\"\n");
    let run = check(&world, &with);
    assert!(run.stderr.contains("is no longer there"), "{}", run.stderr);
}

#[test]
fn comments_silence_where_they_are_rendered() {
    let world = chart();
    let silenced = |world: &Sandbox| {
        let report = check(world, &["c", "--format", "json"]);
        let counts = report.json()["summary"]["silenced"].clone();
        (report.code, counts["comments"].as_u64(), counts["annotations"].as_u64())
    };
    let comment = "# plimsoll: ignore[latest] known";
    world.write(
        "c/templates/pod.yaml",
        POD.replace("}}\n    res", &format!("}}}} {comment}\n    res")),
    );
    assert_eq!(silenced(&world), (0, Some(1), Some(0)));
    let annotated = POD.replace("}}}", "}}, annotations: {plimsoll.dev/ignore: latest}}");
    world.write("c/templates/pod.yaml", annotated);
    assert_eq!(silenced(&world), (0, Some(0), Some(1)));
    // Helm drops the comments of values.
    world.write("c/templates/pod.yaml", POD);
    world.write("c/values.yaml", format!("{comment}\ntag: latest {comment}\n"));
    assert_eq!(silenced(&world), (1, Some(0), Some(0)));
}

/// A subchart that is packed has no file with lines.
fn packed() -> Sandbox {
    let world = world();
    world.write("sub/Chart.yaml", CHART.replace("name: c", "name: sub"));
    world.write("sub/values.yaml", "tag: latest\n");
    world.write("sub/templates/pod.yaml", format!("# first\n{POD}"));
    world.write("c/Chart.yaml", CHART);
    let packed = Command::new(helm())
        .args(["package", "sub", "--destination", "c/charts"])
        .current_dir(world.path())
        .env("HOME", world.path())
        .output()
        .unwrap();
    assert!(packed.status.success(), "{packed:?}");
    std::fs::remove_dir_all(world.path().join("sub")).unwrap();
    world
}

#[test]
fn findings_of_packed_subcharts_say_that_their_line_is_rendered() {
    let world = packed();
    let report = check(&world, &["c", "--format", "json"]).json();
    let found = &report["findings"][0];
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(found["placeIsRendered"], true, "{found:#}");
    assert!(found["file"].as_str().unwrap().starts_with("c/charts/sub"), "{found:#}");
    let note = "the line is that of the output of `helm template`";
    assert!(found["rendered"].as_str().unwrap().ends_with(note), "{found:#}");
}

#[test]
fn formats_for_machines_point_at_no_line_that_is_not_the_files() {
    let world = packed();
    let of = |format: &str| check(&world, &["c", "--format", format]).stdout;
    let sarif: Value = serde_json::from_str(&of("sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert!(place["artifactLocation"]["uri"].is_string(), "{sarif:#}");
    assert!(place["region"].is_null() && place["contextRegion"].is_null(), "{place:#}");
    let github = of("github");
    assert!(github.contains("::error file=c/charts/sub") && !github.contains("line="), "{github}");
    // Each entry of this one has to have a line.
    let gitlab: Value = serde_json::from_str(&of("gitlab")).unwrap();
    assert_eq!(gitlab[0]["location"]["lines"]["begin"], 1, "{gitlab:#}");
    let junit = of("junit");
    assert!(junit.contains("pod.yaml: error[p/latest]"), "{junit}");
    assert!(junit.contains("the output of `helm template` (line "), "{junit}");
}

#[test]
fn errors_in_packed_subcharts_point_at_no_line_of_a_file() {
    let world = packed();
    let sets = ["c", "--helm-set", "sub.tag=latest\n    image: a:1", "--format", "json"];
    let run = check(&world, &sets);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    let error = &run.json()["errors"][0];
    assert!(error["line"].is_null(), "{error:#}");
    assert!(error["help"].as_str().unwrap().contains("(line "), "{error:#}");
}

#[test]
fn fix_changes_plain_files_and_names_the_rest() {
    let policy = "apiVersion: plimsoll.dev/v1alpha1\nkind: PodPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - {name: pull, action: Warn, imagePullPolicy: {}}\n";
    let pod = |name: &str| {
        format!("{}    imagePullPolicy: Always\n", bad_pod(name)).replace("latest", "1")
    };
    let world = Sandbox::with_policy(policy);
    world.write("c/Chart.yaml", CHART);
    world.write("c/templates/pod.yaml", pod("c"));
    world.write("k/kustomization.yaml", "resources: [pod.yaml]\n");
    world.write("k/pod.yaml", pod("k"));
    world.write("plain/pod.yaml", pod("plain"));
    let read = |name: &str| std::fs::read_to_string(world.path().join(name)).unwrap();
    let fix = |args: &[&str]| {
        let args = ["fix", "--policies", "policy.yaml"].into_iter().chain(args.iter().copied());
        world.run(args.collect::<Vec<_>>())
    };
    let run = fix(&[".", "--check"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    let run = fix(&["."]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("fixed 1 finding in 1 file"), "{}", run.stdout);
    for note in ["c: nothing in this chart was fixed", "k: nothing in this kustomization was fixed"]
    {
        assert!(run.stderr.contains(note), "{}", run.stderr);
    }
    assert_eq!((read("c/templates/pod.yaml"), read("k/pod.yaml")), (pod("c"), pod("k")));
    assert_eq!(read("plain/pod.yaml"), pod("plain").replace("Always", "IfNotPresent"));
    assert_eq!(fix(&[".", "--check"]).code, 0, "nothing is left that could change");
    let run = fix(&["c/templates/pod.yaml"]);
    assert_eq!(read("c/templates/pod.yaml"), pod("c"), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("--> c/templates/pod.yaml:1:1\n"), "{}", run.stdout);
}
