//! What goes wrong while rendering: told with its place, and never passed over.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::sandbox::{Run, Sandbox};
use crate::world::{check, create, fixture, helm, world};

#[test]
fn a_missing_tool_is_an_error_that_names_it() {
    let world = fixture("shop");
    world.write("k/kustomization.yaml", "resources: []\n");
    let run = Run::of(
        &world
            .command(["check", "--policies", "policy.yaml", "."])
            .env("PATH", "")
            .output()
            .unwrap(),
    );
    assert_eq!(run.code, 2);
    for expected in [
        "error: helm is needed to render this folder, and is not found\n--> shop\n = help: install it, name it with --helm PATH, or pass --render never",
        "error: kustomize or kubectl is needed to render this folder, and is not found\n--> k\n = help: install it, name it with --kustomize PATH, or pass",
    ] {
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
    let run = check(&world, &["shop", "--helm", "no/such/helm"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("helm is needed"), "{}", run.stdout);
}

#[test]
fn a_missing_dependency_is_told_at_its_line() {
    let world = world();
    create(&world, "web");
    let chart = world.path().join("web/Chart.yaml");
    let text = "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: redis\n  version: 1.0.0\n  repository: https://charts.example.com\n";
    std::fs::write(chart, text).unwrap();
    let run = check(&world, &["web"]);
    assert_eq!(run.code, 2);
    for expected in [
        "missing in charts/ directory: redis\n",
        " --> web/Chart.yaml:5:9\n",
        "= help: run `helm dependency build web`",
    ] {
        assert!(run.stdout.contains(expected), "{expected}\n{}", run.stdout);
    }
}

#[test]
fn what_helm_complains_about_has_its_place() {
    for (line, place, words) in [
        ("kind: {{ .Values.a.b.c }}", "web/templates/service.yaml:2:17", "nil pointer"),
        ("kind: {{ .Values.a", "web/templates/service.yaml:", "parse error"),
        ("kind: [", "web/templates/service.yaml\n", "did not find expected"),
        ("kind: {{ fail \"no way\" }}", "web/templates/service.yaml:2:10", "no way"),
    ] {
        let world = world();
        create(&world, "web");
        let file = world.path().join("web/templates/service.yaml");
        let text = std::fs::read_to_string(&file).unwrap().replace("kind: Service", line);
        std::fs::write(&file, text).unwrap();
        let run = check(&world, &["web"]);
        assert_eq!(run.code, 2, "{line}");
        let expected = format!("--> {place}");
        let told = run.stdout.contains(&expected) && run.stdout.contains(words);
        assert!(told && run.stdout.starts_with("error: helm template: "), "{line}\n{}", run.stdout);
    }
}

#[test]
fn one_that_fails_leaves_the_others() {
    let world = fixture("shop");
    world.write("broken/Chart.yaml", "apiVersion: v2\nname: [\n");
    let run = check(&world, &[".", "--format", "json"]);
    assert_eq!(run.code, 2);
    let report = run.json();
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    assert_eq!(report["errors"][0]["file"], "broken/Chart.yaml");
    assert!(report["findings"].as_array().unwrap().len() > 10);
}

#[test]
fn a_tool_that_does_not_end_is_stopped() {
    let world = fixture("shop");
    let script = world.write("slow", "#!/bin/sh\nexec sleep 600\n");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let started = Instant::now();
    let mut command =
        crate::world::command(&world, &["shop", "--helm", "./slow", "--render-timeout", "1"]);
    // The script needs `sleep`.
    command.env("PATH", "/usr/bin:/bin");
    let run = Run::of(&command.output().unwrap());
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("helm was stopped: it took longer than 1 s"), "{}", run.stdout);
    assert!(run.stdout.contains("--render-timeout"), "{}", run.stdout);
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn values_that_are_missing_are_told_in_the_words_of_helm() {
    let world = fixture("shop");
    let run = check(&world, &["shop", "--helm-values", "none.yaml"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("helm template: ") && run.stdout.contains("none.yaml"),
        "{}",
        run.stdout
    );
}

#[test]
fn nothing_is_left_behind() {
    let world = fixture("shop");
    world.write("tmp/.keep", "");
    let mut command = crate::world::command(&world, &["shop"]);
    command.env("TMPDIR", world.path().join("tmp"));
    assert_eq!(Run::of(&command.output().unwrap()).code, 1);
    let left: Vec<_> = std::fs::read_dir(world.path().join("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, [".keep"], "{}", helm().display());
}

/// A script in a world, as a tool.
fn script(world: &Sandbox, name: &str, text: &str) {
    let path = world.write(name, text);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed().as_secs() < 60, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn whoever_ends_plimsoll_ends_the_tool_and_removes_its_copy() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let world = fixture("shop");
        world.write("tmp/.keep", "");
        // The second rendering, that of the copy, takes long.
        let text = format!(
            "#!/bin/sh\ncase \"$*\" in *--debug*) sleep 9999 & echo $! > left; mv left pid; sleep 9999;; esac\nexec {} \"$@\"\n",
            helm().display()
        );
        script(&world, "slow", &text);
        // Whoever runs the tests in the background may have had them ignore SIGINT, which is passed on.
        let mut child = std::process::Command::new("env")
            .args(["--default-signal=INT", env!("CARGO_BIN_EXE_plimsoll")])
            .args(["check", "--policies", "policy.yaml", "shop", "--helm", "./slow"])
            .current_dir(world.path())
            .env("TMPDIR", world.path().join("tmp"))
            .env("PATH", "/usr/bin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pid = world.path().join("pid");
        eventually("the tool starts", || pid.exists());
        let left = || std::fs::read_dir(world.path().join("tmp")).unwrap().count();
        assert_eq!(left(), 2);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(signal.as_raw()));
        let id = std::fs::read_to_string(pid).unwrap();
        let id = Pid::from_raw(id.trim().parse().unwrap()).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero()));
        let is_zombie = || state().is_ok_and(|state| state.contains(") Z "));
        eventually("the tool ends", || test_kill_process(id).is_err() || is_zombie());
        eventually("the copy goes", || left() == 1);
    }
}

#[test]
fn a_tool_that_is_killed_is_told_with_what_killed_it() {
    let world = fixture("shop");
    script(&world, "killed", "#!/bin/sh\nkill -KILL $$\n");
    let run = check(&world, &["shop", "--helm", "./killed"]);
    assert_eq!(run.code, 2);
    let expected = "error: helm template: it ended with signal 9 (SIGKILL)\n";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
    script(&world, "killed", "#!/bin/sh\necho reading >&2; kill -SEGV $$\n");
    let run = check(&world, &["shop", "--helm", "./killed"]);
    assert!(run.stdout.contains("it ended with signal 11 (SIGSEGV)"), "{}", run.stdout);
    assert!(run.stdout.contains(": reading\n"), "{}", run.stdout);
    script(&world, "killed", "#!/bin/sh\nexit 3\n");
    world.write("k/kustomization.yaml", "resources: []\n");
    let run = check(&world, &["k", "--kustomize", "./killed"]);
    let expected = "error: kustomize build: it ended with exit status 3\n";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
}

#[test]
fn a_second_rendering_that_gives_nothing_says_why() {
    let world = fixture("shop");
    let helm = helm().display();
    let text = |second: &str| {
        format!("#!/bin/sh\ncase \"$*\" in *--debug*) {second};; esac\nexec {helm} \"$@\"\n")
    };
    let notes = |tool: &[&str]| {
        let run = check(&world, tool);
        assert_eq!(run.code, 1, "{}", run.stdout);
        run.stdout
    };
    script(&world, "tool", &text("echo 'Error: no more' >&2; exit 1"));
    let told = notes(&["shop", "--helm", "./tool"]);
    let expected = "output of `helm template`, as rendering it with marked lines fails: no more\n";
    assert!(told.contains(expected), "{told}");
    script(&world, "tool", &text("exec /bin/sleep 600"));
    let told = notes(&["shop", "--helm", "./tool", "--render-timeout", "1"]);
    let expected = "with marked lines took longer than 1 s, which --render-timeout can make more";
    assert!(told.contains(expected), "{told}");
    // The second is built from a folder of its own.
    let text = format!(
        "#!/bin/sh\ncase \"$2\" in k) exec {} \"$@\";; esac\nkill -KILL $$\n",
        crate::world::kustomize().display()
    );
    script(&world, "tool", &text);
    world.write("k/kustomization.yaml", "resources: [p.yaml]\n");
    world.write("k/p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'nginx:latest'}]}\n");
    let told = notes(&["k", "--kustomize", "./tool"]);
    let expected = "output of `kustomize build`, as building it with notes on origins fails: it ended with signal 9 (SIGKILL)\n";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn the_file_says_how_long_a_tool_may_take() {
    let world = fixture("shop");
    script(&world, "slow", "#!/bin/sh\nexec /bin/sleep 600\n");
    world.write("plimsoll.yaml", "renderTimeout: 1\nhelm: {program: ./slow}\n");
    let run = check(&world, &["shop"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("helm was stopped: it took longer than 1 s"), "{}", run.stdout);
    world.write("plimsoll.yaml", "renderTimeout: 0\n");
    let run = check(&world, &["shop"]);
    assert_eq!(run.code, 2);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(told.contains("`0` is no number of seconds from 1 to 86400"), "{told}");
}
