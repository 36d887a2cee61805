use serde_json::{Value, json};

use super::*;
use crate::cel::scene::Setting;
use crate::pod::kinds::{Object, POD, PodKind};
use crate::pod::workload::Workload;
use crate::request::Attributes;
use crate::rules::RuleKind;

fn compile(settings: &Value) -> Result<Box<dyn crate::rules::Compiled>, SettingsError> {
    let origin = Origin { policy: "p", rule: "r" };
    RuleKind::find("imageRegistry").unwrap().compile(settings, &origin)
}

fn judged(settings: &Value, spec: Value) -> Vec<Violation> {
    let rule = compile(settings).unwrap();
    let object = json!({"spec": spec});
    let pod = PodKind::find("", "Pod").unwrap().read(Object::Value(&object)).unwrap();
    let request = Attributes::default();
    let subject = Subject {
        pod: &pod,
        spec: pod.spec.as_ref().unwrap(),
        workload: Workload::UNKNOWN,
        request: &request,
        always_pull_images: None,
        setting: &Setting::new(&request, &POD),
    };
    let mut violations = Vec::new();
    rule.evaluate(&subject, &mut violations);
    violations
}

fn of(settings: &Value, image: &str) -> Vec<Violation> {
    judged(settings, json!({"containers": [{"name": "base", "image": image}]}))
}

/// What the fix makes of an image.
fn fixed(settings: &Value, image: &str) -> Option<String> {
    let found = of(settings, image);
    let fix = found.first()?.fix.as_ref()?;
    fix.edits.first()?.change.value()?.as_str().map(str::to_owned)
}

fn hub() -> Value {
    json!({"rewrite": [{"from": "docker.io/", "to": "mirror.example.com/dockerhub/"}]})
}

#[test]
fn every_spelling_of_docker_hub_is_rewritten() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (image, wanted) in [
        ("nginx", "library/nginx".to_owned()),
        ("nginx:1.27", "library/nginx:1.27".to_owned()),
        ("team/app:1", "team/app:1".to_owned()),
        ("docker.io/nginx", "library/nginx".to_owned()),
        ("index.docker.io/nginx:1", "library/nginx:1".to_owned()),
        ("registry-1.docker.io/library/nginx", "library/nginx".to_owned()),
        ("Docker.IO:0443/team/app", "team/app".to_owned()),
        (&format!("nginx@{digest}"), format!("library/nginx@{digest}")),
        (&format!("nginx:1.27@{digest}"), format!("library/nginx:1.27@{digest}")),
    ] {
        let wanted = format!("mirror.example.com/dockerhub/{wanted}");
        assert_eq!(fixed(&hub(), image).as_deref(), Some(&*wanted), "{image}");
        assert!(of(&hub(), &wanted).is_empty(), "{wanted} is not silent");
    }
    for image in [
        "mirror.example.com/dockerhub/library/nginx:1",
        "ghcr.io/nginx",
        "host:5000/docker.io/x",
        "",
    ] {
        assert!(of(&hub(), image).is_empty(), "{image}");
    }
}

#[test]
fn a_finding_says_what_the_image_was() {
    let found = of(&hub(), "nginx:1.27");
    let [violation] = &*found else { panic!("{found:?}") };
    assert_eq!(
        violation.message,
        "the repository `docker.io/library/nginx` is to be pulled through `mirror.example.com/dockerhub`"
    );
    assert_eq!(
        violation.fix.as_ref().unwrap().summary,
        "container base: image docker.io/library/nginx:1.27 -> mirror.example.com/dockerhub/library/nginx:1.27"
    );
}

#[test]
fn prefixes_end_where_parts_end_and_the_longest_counts() {
    let settings = json!({"rewrite": [
        {"from": "ghcr.io", "to": "m.example.com/ghcr"},
        {"from": "ghcr.io/team/", "to": "m.example.com:5000/team"},
        {"from": "ghcr.io/team/app", "to": "m.example.com/apps/app-hardened"},
        {"from": "localhost:5000/a", "to": "[::1]:5000/a"},
    ]});
    for (image, wanted) in [
        ("ghcr.io/teams/app:1", "m.example.com/ghcr/teams/app:1"),
        ("ghcr.io/team/lib:1", "m.example.com:5000/team/lib:1"),
        ("ghcr.io/team/app:1", "m.example.com/apps/app-hardened:1"),
        ("ghcr.io/team/app/sub:1", "m.example.com/apps/app-hardened/sub:1"),
        ("ghcr.io/team/apps:1", "m.example.com:5000/team/apps:1"),
        ("localhost:5000/a/b", "[::1]:5000/a/b"),
    ] {
        assert_eq!(fixed(&settings, image).as_deref(), Some(wanted), "{image}");
    }
    for image in ["ghcr.io:5000/team/app", "localhost:5001/a/b", "localhost:5000/ab", "xghcr.io/a"]
    {
        assert!(of(&settings, image).is_empty(), "{image}");
    }
}

#[test]
fn globs_stay_within_parts() {
    let settings = json!({"allow": ["docker.io/library/*", "*.example.com/**", "quay.io"], "deny": ["quay.io/evil/**"]});
    for image in [
        "nginx",
        "nginx:1",
        "a.example.com/x",
        "a.example.com/x/y:1",
        "quay.io/a/b",
        "QUAY.io:443/a",
    ] {
        assert!(of(&settings, image).is_empty(), "{image}");
    }
    for image in [
        "team/app",
        "evil.test/a.example.com/x",
        "example.com/x",
        "a.example.com:5000/x",
        "quay.io/evil/x",
        "Quay.io:443/evil/x",
        "ghcr.io/library/nginx",
    ] {
        let found = of(&settings, image);
        assert_eq!(found.len(), 1, "{image}");
        assert!(found.iter().all(|one| one.fix.is_none()), "{image}");
    }
}

#[test]
fn a_result_that_cannot_be_is_no_fix() {
    let denied = json!({"deny": ["mirror.example.com/dockerhub/evil/**"],
        "rewrite": [{"from": "docker.io/", "to": "mirror.example.com/dockerhub/"}]});
    let said = |settings: &Value, image: &str| {
        let found = of(settings, image);
        assert!(found.iter().all(|one| one.fix.is_none()), "{found:?}");
        found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("\n")
    };
    assert!(
        said(&denied, "evil/x:1").ends_with("but `mirror.example.com/dockerhub/evil/x` is denied")
    );
    assert!(fixed(&denied, "good/x:1").is_some());
    // `mirror.example.com/dockerhub` has 28 characters.
    let long = |count: usize| format!("a/{}", "b".repeat(count));
    assert!(fixed(&hub(), &long(255 - 28 - 3)).is_some());
    assert!(said(&hub(), &long(255 - 28 - 2)).contains("256 characters, and 255 are allowed"));
}

#[test]
fn ephemeral_containers_are_not_patched_and_volumes_are() {
    let found = judged(
        &json!({"rewrite": [{"from": "docker.io", "to": "m.example.com"}], "imagePullSecrets": ["m"]}),
        json!({"ephemeralContainers": [{"name": "debug", "image": "busybox"}],
            "volumes": [{"name": "models", "image": {"reference": "team/models:1"}}]}),
    );
    let [debug, models, secret] = &*found else { panic!("{found:?}") };
    assert!(debug.fix.is_none());
    assert_eq!(debug.help, "add the debug container with image: m.example.com/library/busybox");
    let edit = &models.fix.as_ref().unwrap().edits[0];
    assert_eq!(edit.pointer.as_str(), "/spec/volumes/0/image/reference");
    assert_eq!(edit.change.value(), Some(&json!("m.example.com/team/models:1")));
    assert_eq!(secret.pointer.as_str(), "/spec/imagePullSecrets");
}

#[test]
fn secrets_come_with_images_from_the_mirror() {
    let settings = json!({"rewrite": [{"from": "docker.io", "to": "m.example.com"}], "imagePullSecrets": ["a", "b"]});
    let with = |image: &str, secrets: Value| {
        judged(
            &settings,
            json!({"imagePullSecrets": secrets, "containers": [{"name": "base", "image": image}]}),
        )
    };
    let digest = format!("@sha256:{}", "a".repeat(64));
    assert!(with("ghcr.io/a", json!([])).is_empty());
    assert!(with("m.example.com/a", json!([{"name": "b"}, {"name": "a"}])).is_empty());
    let safety = |found: &[Violation]| found.last().unwrap().fix.as_ref().unwrap().safety;
    let found = with("m.example.com/a", json!([{"name": "a"}]));
    let edits = &found[0].fix.as_ref().unwrap().edits;
    assert_eq!(
        edits,
        &[Edit::append(Pointer::new("/spec/imagePullSecrets"), json!({"name": "b"}))]
    );
    assert_eq!(safety(&found), Safety::Safe);
    assert_eq!(safety(&with("m.example.com/a", json!(null))), Safety::Unsafe);
    assert_eq!(safety(&with("nginx", json!([{"name": "a"}]))), Safety::Unsafe);
    assert_eq!(safety(&with(&format!("nginx{digest}"), json!([{"name": "a"}]))), Safety::Safe);
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    let hub = json!([{"from": "docker.io/", "to": "m.example.com/hub/"}]);
    let pair = |from: &str, to: &str| json!({"from": from, "to": to});
    for (settings, pointer, message) in [
        (json!({}), "", "the rule asks for nothing"),
        (json!({"allow": []}), "/allow", "an empty list for `allow` says nothing"),
        (json!({"deny": []}), "/deny", "an empty list for `deny` says nothing"),
        (json!({"rewrite": []}), "/rewrite", "an empty list rewrites nothing"),
        (json!({"deny": ["ok.io", "nginx"]}), "/deny/1", "`nginx` names no registry"),
        (json!({"deny": ["docker.io/*"]}), "/deny/0", "`docker.io/*` matches nothing, since"),
        (json!({"deny": ["Ghcr.io/**"]}), "/deny/0", "has capitals"),
        (json!({"deny": ["ghcr.io:443/**"]}), "/deny/0", "`ghcr.io:443` is compared as `ghcr.io`"),
        (json!({"deny": ["index.docker.io/**"]}), "/deny/0", "is compared as `docker.io`"),
        (json!({"deny": ["ghcr.io/a:1"]}), "/deny/0", "is no name of a repository"),
        (json!({"deny": ["ghcr.io/["]}), "/deny/0", "the glob `ghcr.io/[` is malformed"),
        (json!({"rewrite": [pair("nginx", "m.io/x")]}), "/rewrite/0/from", "it names no registry"),
        (
            json!({"rewrite": [pair("docker.io", "m.io/x:1")]}),
            "/rewrite/0/to",
            "no beginning of image names",
        ),
        (
            json!({"rewrite": [pair("ghcr.io", "docker.io/")]}),
            "/rewrite/0/to",
            "at docker.io a name of one part",
        ),
        (
            json!({"rewrite": [pair("docker.io", "a.io"), pair("index.docker.io/", "b.io")]}),
            "/rewrite/1/from",
            "`docker.io` stands here twice",
        ),
        (
            json!({"rewrite": [pair("docker.io", "docker.io/mirror")]}),
            "/rewrite/0/to",
            "that is a loop",
        ),
        (
            json!({"rewrite": [pair("docker.io", "a.io"), pair("a.io:443", "b.io")]}),
            "/rewrite/0/to",
            "that is a chain",
        ),
        (
            json!({"rewrite": [pair("docker.io", "a.io"), pair("a.io/library/", "b.io")]}),
            "/rewrite/0/to",
            "that is a chain",
        ),
        (
            json!({"rewrite": hub, "deny": ["m.example.com"]}),
            "/rewrite/0/to",
            "`m.example.com/hub` is denied",
        ),
        (json!({"rewrite": hub, "deny": ["m.example.com/hub/**"]}), "/rewrite/0/to", "is denied"),
        (json!({"rewrite": hub, "allow": ["ghcr.io"]}), "/rewrite/0/to", "is not among those"),
        (
            json!({"rewrite": hub, "deny": ["docker.io/evil/**"]}),
            "/deny/0",
            "`docker.io/evil/**` matches nothing",
        ),
        (
            json!({"rewrite": hub, "allow": ["m.example.com/**", "docker.io"]}),
            "/allow/1",
            "matches nothing",
        ),
        (
            json!({"deny": ["a.io"], "imagePullSecrets": ["a"]}),
            "/imagePullSecrets",
            "only beside `rewrite`",
        ),
        (
            json!({"rewrite": hub, "imagePullSecrets": ["A"]}),
            "/imagePullSecrets/0",
            "is no name of a Secret",
        ),
        (
            json!({"rewrite": hub, "imagePullSecrets": ["a", "a"]}),
            "/imagePullSecrets/1",
            "stands here twice",
        ),
    ] {
        let error = compile(&settings).unwrap_err();
        assert_eq!(error.pointer.as_str(), pointer, "{settings}: {error:?}");
        assert!(error.message.contains(message), "{settings}: {error:?}");
        assert!(error.help.is_some(), "{settings}");
    }
    for settings in [
        json!({"rewrite": hub, "allow": ["m.example.com/hub/bitnami/*"]}),
        json!({"rewrite": hub, "allow": ["*.example.com/**"], "deny": ["m.example.com/hub/evil/**"]}),
        json!({"rewrite": [pair("registry.example.com/old", "registry.example.com/new")]}),
        json!({"rewrite": [pair("docker.io/library/nginx", "m.io/nginx")], "deny": ["m.io/nginx/**"]}),
        json!({"deny": ["*", "[a-z]*.evil.test/**"]}),
        json!({"deny": ["{docker.io/library,quay.io:5000}/x*", "**/nginx", "*.io/**", "index.*/**", "*:*/**"]}),
        json!({"deny": [r"\[::1\]:5000/**", "ghcr.io:5000", "docker.i[o]/[!a]*/**", "*.example.com:5000/a"]}),
        json!({"rewrite": [pair("docker.io/library", "m.io"), pair("ghcr.io/a", "docker.io/team/a")]}),
        json!({"rewrite": hub, "allow": ["m.example.com/hub/*/*"]}),
        json!({"rewrite": hub, "allow": ["*/{hub,other}/*/*"]}),
        json!({"rewrite": [pair("ghcr.io", "m.io/ghcr")], "allow": ["m.io/ghcr/*"]}),
        json!({"rewrite": [pair("ghcr.io/a", "m.io/a")], "allow": ["m.io/*"]}),
    ] {
        compile(&settings).unwrap_or_else(|error| panic!("{settings}: {error:?}"));
    }
}

#[test]
fn rules_that_would_rewrite_each_others_names_are_at_odds() {
    let claims = |from: &str, to: &str| {
        compile(&json!({"rewrite": [{"from": from, "to": to}]})).unwrap().claims()
    };
    let at_odds = |one: &[Claim], other: &[Claim]| {
        one.iter().any(|a| other.iter().any(|b| a.field == b.field && a.value != b.value))
    };
    let one = claims("docker.io", "m.example.com/hub");
    assert!(at_odds(&one, &claims("docker.io/", "other.example.com")));
    assert!(!at_odds(&one, &claims("index.docker.io", "m.example.com/hub/")));
    assert!(!at_odds(&one, &claims("ghcr.io", "m.example.com/ghcr")));
}

#[test]
fn globs_that_can_match_nothing_are_refused() {
    for (glob, problem) in [
        ("docker.io/library/*:1", "no tag and no digest"),
        ("**/nginx:1", "no tag and no digest"),
        ("docker.io/library/nginx@sha256:*", "no tag and no digest"),
        ("{docker.io/library/nginx,quay.io/a/b:1}", "`quay.io/a/b:1` is no name of a repository"),
        ("*.docker.io/**", "`index.docker.io` is compared as `docker.io`"),
        ("index.docker.io/*", "is compared as `docker.io`"),
        ("index.docker.*", "is compared as `docker.io`"),
        ("registry-?.docker.io/**", "`registry-1.docker.io` is compared as `docker.io`"),
        ("{index.docker.io,quay.io}/**", "is compared as `docker.io`"),
        ("!docker.io/**", "no name has a `!`"),
        ("docker.io/!library/*", "no name has a `!`"),
        ("docker.io/ library/*", "no name has a ` `"),
        ("docker.io/[a-z]*", "names at docker.io have two parts or more"),
        ("{docker.io,quay.io}/*", "`docker.io/*` matches nothing"),
        ("docker.io/library/", "a part of it is missing"),
        ("*.example.com//x", "a part of it is missing"),
        ("{docker.io,quay.io/a}", "a part of it is missing"),
        ("*/-x/**", "is no name of a repository"),
        ("*.example.com:443/**", "443 is left out"),
        ("*.example.com:05000/**", "without zeros"),
        ("*.example.com:99999/**", "99999 is no port"),
        ("ghcr.io:0/**", "0 is no port"),
        ("ghcr.io:/**", "matches nothing"),
        ("c.example.com:99999/a", "99999 is no port"),
        ("[::1]:5000/**", "a set of characters where an address"),
    ] {
        for field in ["deny", "allow"] {
            let error = compile(&json!({field: ["ghcr.io", glob]})).unwrap_err();
            assert_eq!(error.pointer.as_str(), format!("/{field}/1"), "{glob}: {error:?}");
            assert!(error.message.contains(problem), "{glob}: {error:?}");
            assert!(error.help.is_some(), "{glob}");
        }
    }
    let many = "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}.io/**";
    assert!(compile(&json!({"deny": [many]})).unwrap_err().message.contains("alternatives"));
}

#[test]
fn a_mirror_that_cannot_be_is_refused() {
    let pair = |from: &str, to: &str| json!([{"from": from, "to": to}]);
    for (settings, place, message) in [
        (
            json!({"rewrite": pair("docker.io/library/nginx", "c.example.com")}),
            "/rewrite/0/to",
            "`c.example.com` alone is not the name of one there",
        ),
        (
            json!({"rewrite": pair("ghcr.io/team/app", "docker.io/app")}),
            "/rewrite/0/to",
            "`docker.io/app` alone is not the name of one there",
        ),
        (
            json!({"rewrite": pair("docker.io/", "mirror.example.com/dockerhub/"),
                "allow": ["mirror.example.com/dockerhub/*"]}),
            "/rewrite/0/to",
            "is not among those that are allowed",
        ),
        (
            json!({"rewrite": pair("docker.io/", "m.io/hub"), "deny": ["m.io/hub/*/*"]}),
            "/rewrite/0/to",
            "is denied",
        ),
        (
            json!({"rewrite": pair("docker.io/", "c.example.com:99999/a")}),
            "/rewrite/0/to",
            "99999 is no port",
        ),
        (json!({"rewrite": pair("c.io:0/", "m.io/a")}), "/rewrite/0/from", "0 is no port"),
    ] {
        let error = compile(&settings).unwrap_err();
        assert_eq!(error.pointer.as_str(), place, "{settings}: {error:?}");
        assert!(error.message.contains(message), "{settings}: {error:?}");
        assert!(error.help.is_some(), "{settings}");
    }
    let allow = json!({"rewrite": pair("docker.io/", "m.io/hub/"), "allow": ["m.io/hub/*"]});
    let help = compile(&allow).unwrap_err().help.unwrap();
    assert!(help.contains("`m.io/hub/**`") && help.contains("two parts"), "{help}");
}

#[test]
fn a_host_never_becomes_a_repository() {
    let settings = json!({"rewrite": [{"from": "ghcr.io/team/", "to": "c.example.com"}]});
    assert_eq!(fixed(&settings, "ghcr.io/team/app:1").as_deref(), Some("c.example.com/app:1"));
    let found = of(&settings, "ghcr.io/team:1");
    let [violation] = &*found else { panic!("{found:?}") };
    assert!(violation.fix.is_none(), "{violation:?}");
    let said = "`c.example.com:1` would be read as `docker.io/library/c.example.com`";
    assert!(violation.message.ends_with(said), "{violation:?}");
}

#[test]
fn loops_and_chains_of_policies_are_told_when_they_load() {
    let rule = |name: &str, action: &str, from: &str, to: &str| json!({"name": name, "action": action, "imageRegistry": {"rewrite": [{"from": from, "to": to}]}});
    let policy = |name: &str, rules: Value| json!({"apiVersion": "plimsoll.dev/v1alpha1", "kind": "PodPolicy", "metadata": {"name": name}, "spec": {"rules": rules}});
    let told = |policies: &[Value]| {
        let set = crate::policy::PolicySet::compile(&policies.iter().collect::<Vec<_>>()).unwrap();
        set.conflicts().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (one, other) in [("Patch", "Patch"), ("Patch", "Deny"), ("Deny", "Patch"), ("Deny", "Deny")]
    {
        let there = rule("r", one, "docker.io/", "a.example.com/");
        let back = rule("s", other, "a.example.com/", "docker.io/x/");
        let apart =
            told(&[policy("m1", json!([there.clone()])), policy("m2", json!([back.clone()]))]);
        for (found, way) in [(apart, "m2/s"), (told(&[policy("m2", json!([there, back]))]), "m2/r")]
        {
            let [message] = &*found else { panic!("{found:?}") };
            for part in ["that is a loop", "below docker.io ", "below a.example.com ", way] {
                assert!(message.contains(part), "{one} {other}: {message}");
            }
        }
    }
    let first = policy("m1", json!([rule("r", "Patch", "docker.io", "a.example.com")]));
    let second =
        policy("m2", json!([rule("r", "Patch", "a.example.com/library/", "b.example.com")]));
    let found = told(&[first.clone(), second]);
    assert!(found.len() == 1 && found[0].contains("that is a chain"), "{found:?}");
    let apart = policy("m2", json!([rule("r", "Patch", "ghcr.io", "a.example.com/ghcr")]));
    assert!(told(&[first, apart]).is_empty());
}
