//! Expressions that are right, their types, and what they come to.

use super::*;

#[test]
fn types_are_found() {
    for (source, expected) in [
        // Constants and what is made of them.
        ("1", "int"),
        ("1u", "uint"),
        ("1.0", "double"),
        ("'a'", "string"),
        ("b'a'", "bytes"),
        ("null", "null"),
        ("true", "bool"),
        ("[1, 2]", "list(int)"),
        ("[]", "list(dyn)"),
        ("[[], [1]]", "list(list(int))"),
        ("{'a': 1}", "map(string, int)"),
        ("{}", "map(dyn, dyn)"),
        ("[?optional.of(1), 2]", "list(int)"),
        ("{?'a': optional.of(1)}", "map(string, int)"),
        ("int", "type"),
        ("type(1) == int", "bool"),
        ("type(object) == map", "bool"),
        ("google.protobuf.Timestamp", "type"),
        // Operators.
        ("1 + 2 * 3", "int"),
        ("1.0 / 2.0", "double"),
        ("'a' + 'b'", "string"),
        ("[1] + []", "list(int)"),
        ("[] + [1]", "list(int)"),
        ("-1", "int"),
        ("!true", "bool"),
        ("1 < 2.0", "bool"),
        ("1 < 2u", "bool"),
        ("1 == 1", "bool"),
        ("[1] == []", "bool"),
        ("dyn(1) == 'a'", "bool"),
        ("1 in [1]", "bool"),
        ("'a' in {'a': 1}", "bool"),
        ("[1][0]", "int"),
        ("{'a': 1}['a']", "int"),
        ("[1][?0]", "optional_type(int)"),
        ("{'a': 1}.?a", "optional_type(int)"),
        ("true ? 1 : 2", "int"),
        ("true ? [] : [1]", "list(int)"),
        ("true ? 1 : dyn('a')", "dyn"),
        ("dyn(1) + 1", "int"),
        ("dyn(1) + dyn(2)", "dyn"),
        ("timestamp('2024-01-01T00:00:00Z') - duration('1h')", "timestamp"),
        ("timestamp('2024-01-01T00:00:00Z') - timestamp('2024-01-01T00:00:00Z')", "duration"),
        // Functions.
        ("size('a') + 'a'.size() + size([]) + {}.size()", "int"),
        ("string(1)", "string"),
        ("int('1')", "int"),
        ("double(1)", "double"),
        ("'a'.startsWith('b') || 'a'.contains('b')", "bool"),
        ("'a'.matches('^[a-z]+$')", "bool"),
        ("matches('a', 'b')", "bool"),
        ("duration('1h').getHours()", "int"),
        ("optional.of(1).orValue(2)", "int"),
        ("optional.none().orValue(2)", "int"),
        ("optional.none()", "optional_type(dyn)"),
        ("optional.of(1).hasValue()", "bool"),
        // Comprehensions.
        ("[1].all(x, x > 0)", "bool"),
        ("[1].exists(x, x == 1)", "bool"),
        ("[1].exists_one(x, x == 1)", "bool"),
        ("[1].map(x, string(x))", "list(string)"),
        ("[1].map(x, x > 0, [x])", "list(list(int))"),
        ("[1].filter(x, x > 0)", "list(int)"),
        ("{'a': 1}.map(k, k)", "list(string)"),
        ("{'a': 1}.all(k, v, k == 'a' && v == 1)", "bool"),
        ("['a'].all(i, v, i == 0 && v == 'a')", "bool"),
        ("[1].transformList(i, v, i + v)", "list(int)"),
        ("{'a': 1}.transformMap(k, v, string(v))", "map(string, string)"),
        ("{'a': 1}.transformMap(k, v, v > 1, v)", "map(string, int)"),
        ("{'a': 1}.transformMapEntry(k, v, {v: k})", "map(int, string)"),
        ("optional.of(1).optMap(x, string(x))", "optional_type(string)"),
        ("[[1]][?0].optFlatMap(x, x[?0])", "optional_type(int)"),
        ("[[1, 2]].map(x, x.map(x, x))", "list(list(int))"),
        ("dyn([1]).map(x, x)", "list(dyn)"),
        ("[].map(x, x)", "list(dyn)"),
        ("[1].map(object, object)", "list(int)"),
        // Objects.
        ("object.metadata.name", "string"),
        ("object.metadata.namespace", "string"),
        ("object.metadata.creationTimestamp", "string"),
        ("timestamp(object.metadata.creationTimestamp)", "timestamp"),
        ("object.spec.containers.all(c, c.image.contains('@'))", "bool"),
        ("object.spec.containers.map(c, c.name)", "list(string)"),
        ("object.spec.containers[0].resources.requests['cpu']", "string"),
        ("object.spec.containers[0].livenessProbe.httpGet.port == 80", "bool"),
        ("object.spec.containers[0].livenessProbe.httpGet.port == 'http'", "bool"),
        ("has(object.spec.priority) && object.spec.priority > 10", "bool"),
        ("has(object.metadata.labels.app)", "bool"),
        ("object.metadata.labels.app", "string"),
        ("object.metadata.?labels.app", "optional_type(string)"),
        ("object.?spec.?priority.orValue(0)", "int"),
        ("object.metadata.?labels[?'a/b'].orValue('')", "string"),
        ("object.spec == oldObject.spec", "bool"),
        ("oldObject == null", "bool"),
        ("object.spec.securityContext != null", "bool"),
        ("'app' in object.metadata.labels", "bool"),
        ("'spec' in object", "bool"),
        ("object['spec']", "dyn"),
        ("object.metadata.exists(k, k == 'labels')", "bool"),
        ("size(object.spec.tolerations)", "int"),
        (
            "object.spec.containers.exists(c, has(c.securityContext) && c.securityContext.privileged)",
            "bool",
        ),
        ("(object.spec.containers + object.spec.initContainers).map(c, c.image)", "list(string)"),
        ("request.userInfo.username.startsWith('system:')", "bool"),
        ("'system:masters' in request.userInfo.groups", "bool"),
        ("request.operation == 'CREATE'", "bool"),
        ("request.options.dryRun", "dyn"),
        ("request.userInfo.extra['a'][0]", "string"),
        ("namespaceObject.metadata.labels['team'] == 'a'", "bool"),
        ("params.max", "int"),
        ("object.spec.containers.size() <= params.max", "bool"),
        ("params.hosts.exists(h, object.spec.containers[0].image.startsWith(h + '/'))", "bool"),
        ("variables.images.all(i, i != '')", "bool"),
        ("variables.replicas + 1", "int"),
        (".object.metadata.name", "string"),
    ] {
        assert_eq!(compile(source), expected, "{source}");
    }
}

#[test]
fn patches_have_types_of_their_own() {
    let environment = environment().with_patches();
    let expected = Type::List(schema::json_patch().into());
    for source in [
        "[JSONPatch{op: 'add', path: '/metadata/labels/a', value: 'b'}]",
        "has(object.spec.priority) ? [] : [JSONPatch{op: 'replace', path: '/spec', value: {'a': 1}}]",
        "object.spec.containers.map(c, JSONPatch{op: 'test', path: '/', value: c})",
        "[JSONPatch{op: 'add', path: '/spec', value: Object.spec{priority: 1}}]",
    ] {
        let program = Program::compile(source, &environment, std::slice::from_ref(&expected));
        assert_eq!(program.map(|program| program.result), Ok(expected.clone()), "{source}");
    }
}

struct Variables<'v>(Value<'v>);

impl<'v> Bindings<'v> for Variables<'v> {
    fn get(&self, _: usize, _: &mut Budget) -> Result<Value<'v>, EvalError> {
        Ok(self.0.clone())
    }
}

#[test]
fn what_is_compiled_is_evaluated() {
    let pod = r#"{"metadata": {"name": "a", "namespace": "b", "labels": {"app": "x"}},
        "spec": {"containers": [{"name": "c", "image": "r.example/i@sha256:0"}, {"name": "d", "image": "i"}]}}"#;
    let tree = Tree::parse(pod).unwrap();
    let variables = Variables(Value::from_tree(&tree).unwrap());
    for source in [
        "object.metadata.name == 'a' && object.metadata.namespace == 'b'",
        "object.spec.containers.exists(c, c.image.contains('@'))",
        "!object.spec.containers.all(c, c.image.contains('@'))",
        "object.spec.containers.map(c, c.name) == ['c', 'd']",
        "object.spec.containers.filter(c, c.image.matches('^[a-z.]+/')).size() == 1",
        "object.metadata.?labels[?'app'].orValue('') == 'x'",
        "object.?spec.?priority.orValue(7) == 7",
        "object.metadata.?labels.optMap(l, l.app + 'y').value() == 'xy'",
        "!object.?status.optMap(s, s.phase).hasValue()",
        "!has(object.spec.priority)",
        "'spec' in object && !('status' in object)",
        "object.metadata.labels.transformMap(k, v, v + k) == {'app': 'xapp'}",
        "object.spec.containers.transformList(i, c, string(i) + c.name) == ['0c', '1d']",
        "object.metadata.labels.transformMapEntry(k, v, {v: k}) == {'x': 'app'}",
        "object.spec.containers.exists_one(c, c.name == 'd')",
        "object.metadata.map(k, k).size() == 3",
        "[1, 2, 3].map(x, x % 2 == 1, x * 2) == [2, 6]",
        "[[1, 2], [3]].map(x, x.map(x, x + 1)) == [[2, 3], [4]]",
        "true || 1 / 0 == 1",
        "[0, 1].exists(x, 1 / x == 1)",
        "'aé1'.matches('^\\\\w') && !'é'.matches('\\\\w') && !'٣'.matches('\\\\d')",
        "type(object.metadata.name) == string && type(object) == map",
        "timestamp('2024-02-29T00:00:00Z').getFullYear() == 2024",
        "duration('90s') == duration('1m30s')",
        "(true ? [] : ['a']) == []",
    ] {
        let program = match Program::compile(source, &environment(), &[Type::Bool]) {
            Ok(program) => program,
            Err(error) => panic!("{source}: {error}"),
        };
        let result = program.evaluate(&variables, &mut Budget::new(100_000));
        assert!(matches!(result, Ok(Value::Bool(true))), "{source}: {result:?}");
    }
}
