//! Reading the file: what is wrong is told with its place, and all of it.

use std::path::Path;

use serde_json::json;

use super::*;

fn parsed(text: &str) -> Result<ConfigFile, Vec<String>> {
    ConfigFile::parse(Path::new("../plimsoll.yaml"), text.into()).map_err(|problems| {
        problems
            .iter()
            .map(|problem| {
                let error = &problem.error;
                let place = error.place.unwrap();
                let help = error.help.as_deref().unwrap_or_default();
                format!("{}:{} {}; {help}", place.line, place.column, error.message)
            })
            .collect()
    })
}

#[test]
fn every_error_is_told_in_the_order_of_the_file() {
    let text = "failOn: warm\npolices: [a]\ninclude: 7\nkubernetesVersion: 1.30\ncluster:\n  alwaysPull: true\n";
    assert_eq!(
        parsed(text).unwrap_err(),
        [
            "1:9 failOn: unknown variant `warm`; did you mean `warn`?",
            "2:1 polices: unknown field `polices`; did you mean `policies`?",
            "3:10 include: invalid type: integer `7`, expected a sequence; ",
            "4:20 kubernetesVersion: invalid type: floating point `1.3`, expected a version in quotes, such as \"1.34\"; ",
            "6:3 cluster.alwaysPull: unknown field `alwaysPull`; known here: `snapshot`, `namespaces`, `limitRanges`, `alwaysPullImages`",
        ]
    );
    assert!(parsed("a: [").unwrap_err()[0].starts_with("1:"));
    for text in ["- a\n", "strict\n", "[a]"] {
        let said = "1:1 a configuration is a mapping of keys, such as `profile: strict`; ";
        assert_eq!(parsed(text).unwrap_err(), [said], "{text}");
    }
    assert!(parsed("profile: strict\n---\nfailOn: deny\n").unwrap_err()[0].starts_with("3:1 "));
}

#[test]
fn nothing_is_a_configuration_too() {
    for text in ["", "# nothing yet\n", "{}\n", "policies:\nkubernetesVersion:\ncluster:\n"] {
        assert!(parsed(text).unwrap().settings().is_empty(), "{text:?}");
    }
}

#[test]
fn versions_are_text() {
    for version in ["1.34", "v1.30", "1.34.2"] {
        assert!(parsed(&format!("kubernetesVersion: '{version}'")).is_ok(), "{version}");
    }
    for version in ["2.0", "1", "1.x", "1.34.1.2", "1.", "v", "1.99999"] {
        assert!(parsed(&format!("kubernetesVersion: '{version}'")).is_err(), "{version}");
    }
}

#[test]
fn paths_count_from_the_file_and_globs_do_not_change() {
    let text = "policies: [ci/policies, /etc/p.yaml, '-']\nexclude: ['a/{b,c}']\n\
                formats: [text, sarif=out/x.sarif]\nbaseline: ./b.json\ncluster: snap.yaml\nfailOn: warn\n\
                helm:\n  program: bin/helm\n  values: [v.yaml]\nkustomize: {program: kubectl}\n";
    let file = parsed(text).unwrap();
    let found: Vec<_> = file
        .settings()
        .into_iter()
        .map(|setting| {
            let values: Vec<_> = setting.values.into_iter().map(|(value, _)| value).collect();
            (setting.key.name, setting.place.line, values.join(" "))
        })
        .collect();
    let expected = [
        ("policies", 1, "../ci/policies /etc/p.yaml -"),
        ("exclude", 2, "a/{b,c}"),
        ("formats", 3, "text sarif=../out/x.sarif"),
        ("failOn", 6, "warn"),
        ("baseline", 4, ".././b.json"),
        ("helm.program", 8, "../bin/helm"),
        ("helm.values", 9, "../v.yaml"),
        ("kustomize.program", 10, "kubectl"),
        ("cluster", 5, "../snap.yaml"),
    ];
    assert_eq!(found, expected.map(|(key, line, value)| (key, line, value.to_owned())));
}

#[test]
fn what_the_file_says_of_namespaces_is_known() {
    let text = "cluster:\n  snapshot: s.yaml\n  alwaysPullImages: true\n  namespaces:\n  - {name: etl, labels: {team: data}}\n\
                \x20 limitRanges:\n  - {namespace: etl, limits: [{type: Container, max: {cpu: 2}}]}\n";
    let file = parsed(text).unwrap();
    let known = file.namespaces().unwrap();
    assert_eq!(known.facts("etl").labels, Some(&json!({"team": "data"})));
    assert_eq!(known.facts("etl").limit_ranges.len(), 1);
    assert_eq!(file.settings()[0].values[0].0, "../s.yaml");
    let wrong = parsed(&text.replace("{cpu: 2}", "{cpu: two}")).unwrap().namespaces().unwrap_err();
    let error = &wrong[0].error;
    assert_eq!((error.place.unwrap().line, error.place.unwrap().column), (7, 60), "{error}");
    assert!(error.message.starts_with("cluster.limitRanges[0].limits[0].max.cpu: "), "{error}");
}

#[test]
fn every_field_is_a_key_and_every_key_a_field() {
    let schema = schema(&["text"]);
    let mut fields = Vec::new();
    for (name, field) in schema["properties"].as_object().unwrap() {
        match field["properties"].as_object() {
            Some(parts) => fields.extend(parts.keys().map(|part| format!("{name}.{part}"))),
            None => fields.push(name.clone()),
        }
    }
    let mut keys: Vec<_> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    keys.sort();
    fields.sort();
    assert_eq!(fields, keys);
    for key in KEYS.iter() {
        let way = key.pointer().as_str().replace('/', "/properties/");
        let is_list = schema.pointer(&way).unwrap()["type"] == "array";
        assert_eq!(key.is_list(), is_list, "{}", key.name);
    }
}

#[test]
fn what_cannot_be_meant_is_refused_at_its_value() {
    for (text, said) in [
        (
            "helm: [nope, [v.yaml]]",
            "1:7 helm: expected a map, as in `helm: {values: [values.yaml]}`; ",
        ),
        ("kustomize: [foo]", "1:12 kustomize: expected a map"),
        ("cluster: {namespaces: [[etl, {a: b}]]}", "1:24 cluster.namespaces[0]: expected a map"),
        ("cluster:\n  limitRanges:\n  - [a]\n", "3:5 cluster.limitRanges[0]: expected a map"),
        ("namespace: 'Bad Name'", "1:12 namespace: no namespace can be called `Bad Name`; "),
        ("cluster: {namespaces: [{name: UPPER_x}]}", "1:31 cluster.namespaces[0].name: "),
        (
            "cluster: {limitRanges: [{namespace: a, limits: [{type: container}]}]}",
            "1:56 cluster.limitRanges[0].limits[0].type: the API server knows no limits of the type `container`; did you \
             mean `Container`?",
        ),
        ("failOn: [deny]", "1:9 failOn: expected one of `deny`, `warn`, `patch` or `audit`; "),
        ("failOn:\n- deny\n", "2:1 failOn: expected one of"),
        ("formats: []", "1:10 formats: expected an item, and the list is empty; leave the key out"),
        ("policies: []", "1:11 policies: expected an item"),
        ("exclude: [a, '']", "1:14 exclude[1]: the glob is empty; "),
    ] {
        let errors = parsed(text).unwrap_err();
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert!(errors[0].starts_with(said), "{text}: {errors:?}");
    }
}
