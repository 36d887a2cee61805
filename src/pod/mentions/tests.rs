use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn recognises_names_of_services() {
    for text in [
        "tcp://simple-scheduler.dask.svc.cluster.local:8786",
        "db.etl.svc",
        "DB.ETL.SVC",
        "redis.Cluster.Local",
        "*.svc",
        "https://kubernetes.default.svc:443/api",
        "--master=k8s://https://kubernetes.default.svc",
        "redis.cluster.local",
        "http://minio.$(NS).svc:9000",
        "$(HOST).$(NS).svc",
        "grpc://${SVC}.svc/",
        "http://hub:8081/hub/api",
        "HTTP://Hub",
        "postgres://user:secret@airflow-postgresql:5432/airflow",
        "postgres://$(USER):$(PASSWORD)@db/x",
        "postgresql+psycopg2://u:p@db/x",
        "jdbc:postgresql://db/x",
        "git+ssh://git@forge/x.git",
        "hdfs://namenode/x",
        "ray://head:10001",
        "$(SCHEME)://hub",
        "${SCHEME}://hub",
        "$SCHEME://hub",
        "a=1 http://x.example.com b=http://api",
        "curl http://hub\necho",
        "http://hub\tx",
        "curl http://hub\\\n  -o x",
        "$(curl http://hub)",
        "`curl http://hub`",
        "x=(http://hub)",
        "${HUB:-http://hub}",
        "${HUB-http://hub}",
        "http://hub|cat",
        "[http://hub]",
        "<http://hub>",
        "http://hub$request_uri;",
        "http://my_hub-$(N):80",
    ] {
        assert!(names_cluster(text), "{text}");
    }
}

#[test]
fn leaves_other_names_alone() {
    for text in [
        "https://example.com/a.svc-like/x",
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://localhost$request_uri",
        "(http://localhost)",
        "http://127.0.0.1:8080",
        "http://0.0.0.0:8888/",
        "http://[::1]:80",
        "file.svcs",
        "file.svc_x",
        "foo\n.svc",
        "\u{fc}.svc",
        "localhost,.svc,.cluster.local",
        "a: b",
        "2026-11-21T11:24:07.472104",
        ".svc",
        "$(HOST)://",
        "://hub",
        "http://",
        "http://$(HOST)/",
        "http://app-${ENV}.example.com",
        "http://app-$ENV.example.com",
        "http://app-$(ENV).example.com",
        "http://app-{{env}}.example.com",
        "http://app-%s.example.com",
        "http://app.example.com)",
        "http://hub.",
        "http+unix://sock/x",
        "git+file://x",
        "",
    ] {
        assert!(!names_cluster(text), "{text}");
    }
    for scheme in [
        "s3", "s3a", "s3n", "gs", "abfs", "abfss", "wasb", "wasbs", "docker", "oci", "file",
        "azure", "local", "dbfs", "az", "adl", "swift", "oss", "cos", "data", "unix", "inproc",
        "hf", "https.x",
    ] {
        let text = format!("x {scheme}://bucket/data");
        assert!(!names_cluster(&text), "{text}");
    }
}

/// The answers for `env` and `args`, once as JSON text and once as a value.
fn both_doors(field: &str) -> [(EnvMentions, Mentions); 2] {
    let value: Value = serde_json::from_str(field).unwrap();
    [
        (Reader::new(field).read().unwrap(), Reader::new(field).read().unwrap()),
        (EnvMentions::deserialize(&value).unwrap(), Mentions::deserialize(&value).unwrap()),
    ]
}

#[test]
fn only_the_value_of_an_entry_counts() {
    for (field, env, args) in [
        (r#"[{"name":"A","value":"http:\/\/hub"}]"#, true, false),
        (r#"[{"name":"A","value":"http://hub"}]"#, true, false),
        (r#"[{"name":"A","value":"x"},{"name":"B","value":"db.svc"}]"#, true, false),
        (r#"[{"name":"a.svc","value":"x"}]"#, false, false),
        (
            r#"[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"app.svc","key":"x"}}}]"#,
            false,
            false,
        ),
        (r#"[{"name":"A","valueFrom":{"value":"app.svc"}}]"#, false, false),
        (r#"[{"value":"http://hub","value":"x"}]"#, false, false),
        (r#"[{"v\u0061lue":"db.svc"}]"#, true, false),
        (r#"["sh","-c","curl http://hub\necho"]"#, false, true),
        (r#"["curl","http://hub"]"#, false, true),
        (r#"["http://hub\tx"]"#, false, true),
        (r#"["foo\n.svc"]"#, false, false),
        (r#"["\u00fc.svc"]"#, false, false),
        (r#"["db\u002esvc"]"#, false, true),
        (r#"["db",".svc"]"#, false, false),
        (r#"[null, 1, -1, 1.5, {"a.svc": "b.svc"}, ["c.svc"]]"#, false, false),
        (r#""db.svc""#, false, false),
        ("[]", false, false),
    ] {
        for (found_env, found_args) in both_doors(field) {
            assert_eq!(found_env.0.cluster_names, env, "env: {field}");
            assert_eq!(found_args.cluster_names, args, "args: {field}");
        }
    }
}

#[test]
fn broken_json_is_an_error_where_it_is_looked_at() {
    for field in [r#"["db.svc" "x"]"#, r#"["\q"]"#, "[db.svc]"] {
        assert!(Reader::new(field).read::<Mentions>().is_err(), "{field}");
        assert!(serde_json::from_str::<Mentions>(field).is_err(), "{field}");
    }
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "http://",
            "s3://",
            "$(X)",
            "${X}",
            "hub",
            ".svc",
            ".cluster.local",
            "localhost",
            "://",
            "\n",
            "\t",
            "\"",
            "\\",
            "\u{fc}",
            "\u{1}",
            "/",
            "@",
            ":",
            ".",
            ")",
            "n",
            "u",
            " ",
            "'",
            "{",
            "$",
            "%",
            "+",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// JSON in which every character of a string is escaped.
fn escaped(value: &Value) -> String {
    let mut json = String::new();
    let mut inside = false;
    let plain = value.to_string();
    let mut chars = plain.chars();
    while let Some(one) = chars.next() {
        match one {
            '"' => {
                inside = !inside;
                json.push(one);
            }
            '\\' => {
                json.push(one);
                json.extend(chars.next());
            }
            one if inside && one.is_ascii_alphanumeric() => {
                // The digits of an escape that is there already must stay as they are.
                let after_escape = json.rfind("\\u").is_some_and(|at| json.len() < at + 6);
                match after_escape {
                    true => json.push(one),
                    false => json.push_str(&format!("\\u{:04x}", u32::from(one))),
                }
            }
            one => json.push(one),
        }
    }
    json
}

proptest! {
    /// Both doors see the same strings, however they are written.
    #[test]
    fn the_way_of_writing_does_not_matter(texts in proptest::collection::vec(text(), 0..4)) {
        let named = texts.iter().any(|text| names_cluster(text));
        let env: Vec<_> = texts.iter().map(|text| json!({"name": text, "value": text})).collect();
        for (field, is_env) in [(json!(texts), false), (json!(env), true)] {
            for json in [field.to_string(), serde_json::to_string_pretty(&field).unwrap(), escaped(&field)] {
                prop_assert_eq!(&serde_json::from_str::<Value>(&json).unwrap(), &field);
                for (env, args) in both_doors(&json) {
                    prop_assert_eq!(env.0.cluster_names, is_env && named, "{}", json);
                    prop_assert_eq!(args.cluster_names, !is_env && named, "{}", json);
                }
            }
        }
    }
}
