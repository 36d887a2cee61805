//! Logs judged in parts, and parts added up.

use std::fs;
use std::io::Write;

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// The created pod of an owner, as an audit log tells of it. What is not asked for makes a line as long as real ones.
fn event(owner: &str, name: &str, image: &str, length: usize) -> String {
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
        "stage": "ResponseComplete", "verb": "create", "requestURI": "/api/v1/namespaces/etl/pods",
        "user": {"username": "someone"}, "responseStatus": {"code": 201},
        "objectRef": {"resource": "pods", "namespace": "etl", "name": name, "apiVersion": "v1"},
        "requestReceivedTimestamp": "2026-11-21T10:00:00.000000Z",
        "requestObject": {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "annotations": {"note": "x".repeat(length)}, "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": "u", "controller": true}]},
            "spec": {"containers": [{"name": "app", "image": image}]}},
    })
    .to_string()
}

/// Some 9 MB of events of 37 owners, with damaged lines among them; and how many pods there are.
fn log() -> (String, u64) {
    let (mut text, mut pods) = (String::new(), 0);
    for at in 0..1100 {
        match at {
            _ if at % 397 == 3 => text.push_str("{\"kind\": \"Event\", cut"),
            _ if at % 501 == 7 => text.push('\n'),
            _ => {
                let image = if at % 3 == 0 { "nginx:latest" } else { "nginx:1.29" };
                text.push_str(&event(&format!("job-{}", at % 37), &format!("p{at}"), image, 8000));
                pods += 1;
            }
        }
        text.push('\n');
    }
    (text, pods)
}

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

const INPUTS: [&str; 5] = ["audit.log.gz", "audit.log", "cut.log.gz", "small", "gone.log"];

fn replay<'a>(sandbox: &Sandbox, args: impl IntoIterator<Item = &'a str>) -> Run {
    let first = ["replay", "--quiet", "--policies", "policy.yaml", "--threads", "2"];
    sandbox.run(first.into_iter().chain(args).chain(INPUTS))
}

/// Judges in so many parts, and adds them up.
fn in_parts(sandbox: &Sandbox, of: u64) -> Run {
    let folder = format!("parts-{of}");
    fs::create_dir(sandbox.path().join(&folder)).unwrap();
    for number in 1..=of {
        let (shard, format) = (format!("{number}/{of}"), format!("partial={folder}/{number}.json"));
        let run = replay(sandbox, ["--shard", &shard, "--format", &format]);
        assert_eq!((run.code, &*run.stdout), (0, ""), "{}", run.stderr);
    }
    sandbox.run(["report", "--format", "json", "--merge", &folder])
}

/// A report without what differs between any two runs.
fn comparable(run: &Run) -> Value {
    let mut report = run.json();
    let fields = report.as_object_mut().unwrap();
    assert!(fields.remove("at").is_some());
    report
}

#[test]
fn seven_shards_come_to_the_report_of_one() {
    let sandbox = Sandbox::new();
    let (text, pods) = log();
    sandbox.write("audit.log", &text);
    // The same again from further inside, so that blocks of one file are not blocks of the other.
    let second = text.split_once('\n').unwrap().1;
    sandbox.write("audit.log.gz", gzipped(second.as_bytes()));
    let cut = gzipped(event("cut", "c", "nginx", 10).repeat(3).as_bytes());
    sandbox.write("cut.log.gz", &cut[..cut.len() / 2]);
    for at in 0..9 {
        let text = format!("{}\nno event\n", event("small", &format!("s{at}"), "nginx", 10));
        sandbox.write(&format!("small/{at}.log"), text);
    }
    let whole = replay(&sandbox, ["--format", "json"]);
    assert_eq!(whole.code, 2, "{}", whole.stderr);
    let report = comparable(&whole);
    let summary = &report["summary"];
    assert_eq!(summary["pods"], json!(2 * pods - 1 + 9), "{summary:#}");
    let (one, seven) = (in_parts(&sandbox, 1), in_parts(&sandbox, 7));
    assert_eq!((one.code, seven.code), (2, 2), "{}", seven.stderr);
    let at = |run: &Run| run.json()["at"].as_str().unwrap().to_owned();
    assert_eq!(
        one.stdout.replace(&at(&one), ""),
        seven.stdout.replace(&at(&seven), ""),
        "byte by byte"
    );
    for parts in [one, seven] {
        assert_eq!(comparable(&parts), report);
    }
    // Lines are those of the files, whichever part they are in.
    let lines = |file: &str| -> Vec<u64> {
        let errors = report["errors"].as_array().unwrap().iter();
        errors
            .filter(|error| error["file"] == file)
            .filter_map(|error| error["line"].as_u64())
            .collect()
    };
    assert_eq!(lines("audit.log").first(), Some(&4));
    let damaged: Vec<u64> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.ends_with("cut"))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(lines("audit.log"), damaged);
}

#[test]
fn parts_that_are_missing_or_there_twice_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a.log", event("a", "a1", "nginx:1", 1));
    for number in 1..=3 {
        let (shard, format) = (format!("{number}/3"), format!("partial=p{number}.json"));
        let args = [
            "replay",
            "--policies",
            "policy.yaml",
            "--shard",
            &shard,
            "--format",
            &format,
            "a.log",
        ];
        assert_eq!(sandbox.run(args).code, 0);
    }
    let whole = sandbox.run(["report", "--merge", "p1.json", "p2.json", "p3.json"]);
    assert_eq!(whole.code, 0, "{}{}", whole.stdout, whole.stderr);
    let report = |parts: &[&str]| {
        let args = ["report", "--format", "json", "--merge"].into_iter();
        let run = sandbox.run(args.chain(parts.iter().copied()));
        assert_eq!(run.code, 2, "{}", run.stderr);
        let errors = run.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(report(&["p1.json", "p3.json"]), ["the result lacks shard 2/3"]);
    let twice = report(&["p1.json", "p2.json", "p3.json", "p2.json"]);
    assert_eq!(twice, ["shard 2/3 is here more than once, and was counted each time"]);
    // Parts of parts are parts.
    let some = ["report", "--format", "partial=some.json", "--merge", "p1.json", "p2.json"];
    assert_eq!(sandbox.run(some).code, 0);
    let run = sandbox.run(["report", "--format", "json", "--merge", "some.json", "p3.json"]);
    assert_eq!((run.code, &run.json()["summary"]["pods"]), (0, &json!(1)), "{}", run.stderr);
}

#[test]
fn damaged_parts_are_positioned_and_the_rest_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("a.log", event("a", "a1", "nginx:latest", 1));
    let args = ["replay", "--policies", "policy.yaml", "--format", "partial=a.json", "a.log"];
    assert_eq!(sandbox.run(args).code, 0);
    let part = fs::read_to_string(sandbox.path().join("a.json")).unwrap();
    sandbox.write("cut.json", &part[..part.len() / 2]);
    let run =
        sandbox.run(["report", "--format", "json", "--merge", "a.json", "cut.json", "gone.json"]);
    assert_eq!((run.code, &run.json()["summary"]["denied"]), (2, &json!(1)), "{}", run.stderr);
    let place = format!("plimsoll: cut.json:1:{}: ", part.len() / 2);
    assert!(
        run.stderr.contains(&place) && run.stderr.contains("the file is cut short"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("gone.json: "), "{}", run.stderr);
    let run = sandbox.run(["report", "--merge", "cut.json"]);
    assert_eq!((run.code, &*run.stdout), (2, ""), "{}", run.stderr);
    // From standard input too; what a single run says, a report of it says.
    let mut report = sandbox.command(["report", "--format", "json", "--merge", "-"]);
    let run = Run::of(&report.write_stdin(part).output().unwrap());
    assert_eq!(
        (run.code, &run.json()["findings"][0]["object"]["name"]),
        (1, &json!("a1")),
        "{}",
        run.stderr
    );
}

#[test]
fn parts_of_other_policies_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.log", event("a", "a1", "nginx:latest", 1));
    let part = |file: &str, more: &[&str]| {
        let format = format!("partial={file}");
        let args = ["replay", "--format", &format, "a.log"].into_iter();
        let run = sandbox.run(args.chain(more.iter().copied()));
        assert_eq!(run.code, 0, "{}", run.stderr);
    };
    part("a.json", &["--policies", "policy.yaml"]);
    part("b.json", &["--profile", "strict"]);
    part("c.json", &["--policies", "policy.yaml", "--default-mode", "warn"]);
    part("d.json", &["--policies", "policy.yaml", "--forecast"]);
    for (other, why) in
        [("b.json", "other policies"), ("c.json", "settings"), ("d.json", "--forecast")]
    {
        let run = sandbox.run(["report", "--merge", "a.json", other]);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{other}");
        assert!(run.stderr.contains(why) && run.stderr.contains("a.json"), "{}", run.stderr);
    }
}

#[test]
fn a_pod_of_an_indexed_job_knows_its_shard() {
    let sandbox = Sandbox::new();
    sandbox.write("a.log", event("a", "a1", "nginx:1", 1));
    let run = |args: &[&str], index: Option<&str>| {
        let all = ["replay", "--policies", "policy.yaml", "--format", "json"].into_iter();
        let mut command = sandbox.command(all.chain(args.iter().copied()).chain(["a.log"]));
        index.map(|index| command.env("JOB_COMPLETION_INDEX", index));
        Run::of(&command.output().unwrap())
    };
    let pods = |run: &Run| run.json()["summary"]["pods"].as_u64().unwrap();
    assert_eq!(pods(&run(&["--shards", "3"], Some("0"))), 1);
    assert_eq!(pods(&run(&["--shards", "3"], Some("1"))), 0);
    assert_eq!(pods(&run(&["--shard", "2/3"], None)), 0);
    for (args, index) in [
        (["--shards", "3"], None),
        (["--shards", "3"], Some("3")),
        (["--shards", "3"], Some("x")),
        (["--shards", "0"], Some("0")),
        (["--shard", "4/3"], None),
        (["--shard", "3"], None),
    ] {
        let refused = run(&args, index);
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{args:?} {index:?}");
        assert!(
            refused.stderr.contains(args[0]) || refused.stderr.contains("JOB_COMPLETION_INDEX"),
            "{}",
            refused.stderr
        );
    }
}

/// Where a number stands in a part, one of each kind.
fn numbers(value: &Value, path: &str, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| numbers(value, &format!("{path}/{key}"), found))
        }
        Value::Array(list) => {
            if let Some(first) = list.first() {
                numbers(first, &format!("{path}/0"), found);
            }
            if let Some(second) = list.get(1) {
                numbers(second, &format!("{path}/1"), found);
            }
        }
        Value::Number(_) => {
            found.insert(path.to_owned());
        }
        _ => {}
    }
}

#[test]
fn no_number_in_a_part_ends_a_report() {
    let sandbox = Sandbox::new();
    sandbox.write("a.log", event("a", "a1", "nginx:latest", 1) + "\nbad\n");
    let args = ["replay", "--policies", "policy.yaml", "--format", "partial=a.json", "a.log"];
    assert_eq!(sandbox.run(args).code, 0);
    let part: Value =
        serde_json::from_str(&fs::read_to_string(sandbox.path().join("a.json")).unwrap()).unwrap();
    let mut places = std::collections::BTreeSet::new();
    numbers(&part, "", &mut places);
    assert!(places.len() > 20, "{places:?}");
    let formats =
        ["text", "json=o.json", "html=o.html", "csv=o.csv", "junit=o.xml", "markdown=o.md"];
    let merge = |files: &[&str]| {
        let formats = formats.iter().flat_map(|format| ["--format", format]);
        let args = ["report"].into_iter().chain(formats).chain(["--merge"]);
        sandbox.run(args.chain(files.iter().copied()))
    };
    for place in places.iter().filter(|place| *place != "/version") {
        let mut hostile = part.clone();
        *hostile.pointer_mut(place).unwrap() = json!(u64::MAX);
        sandbox.write("h.json", hostile.to_string());
        let run = merge(&["h.json"]);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{place}: {}", run.stderr);
        assert!(run.stderr.starts_with("plimsoll: h.json:1:"), "{place}: {}", run.stderr);
    }
    // The largest that is taken, in two parts.
    let mut hostile = part;
    for place in places.iter().filter(|place| *place != "/version") {
        *hostile.pointer_mut(place).unwrap() = json!(1_u64 << 53);
    }
    sandbox.write("h.json", hostile.to_string());
    let run = merge(&["h.json", "h.json"]);
    assert!([1, 2].contains(&run.code) && !run.stdout.is_empty(), "{}", run.stderr);
}
