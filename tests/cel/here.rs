//! What Plimsoll makes of an expression of the corpus.

use std::collections::BTreeMap;

use plimsoll::cel::cost::PER_EXPRESSION;
use plimsoll::cel::program::Program;
use plimsoll::cel::{Bindings, Budget, Environment, EvalError, Type, Value};
use plimsoll::json::Tree;
use serde_json::json;

use crate::corpus::{self, Case, LABEL, NAMESPACE, Objects, Operation, TOPIC};

/// What comes of an expression.
#[derive(Debug)]
#[allow(dead_code, reason = "shown where answers differ")]
pub(crate) enum Outcome {
    /// It is none.
    Refused(String),
    /// It comes to no value.
    Error(String),
    /// Type and value as a text.
    Value(String),
}

/// Environments and objects.
pub(crate) struct Here {
    typed: Environment,
    untyped: Environment,
    objects: Objects,
}

/// The values of variables, by their slots.
pub(crate) struct Slots<'v>(pub(crate) Vec<Value<'v>>);

impl<'v> Bindings<'v> for Slots<'v> {
    fn get(&self, slot: usize, _: &mut Budget) -> Result<Value<'v>, EvalError> {
        self.0.get(slot).cloned().ok_or(EvalError::Unknown("the variable"))
    }
}

impl Here {
    pub(crate) fn new() -> Self {
        let typed = Environment::admission(None);
        let mut untyped = typed.clone();
        untyped.add("object", Type::Dyn);
        untyped.add("oldObject", Type::Dyn);
        Self { typed, untyped, objects: corpus::objects() }
    }

    /// Compiles an expression, with types of objects or without.
    pub(crate) fn compile(&self, case: &Case, is_typed: bool) -> Result<(), String> {
        let environment = if is_typed { &self.typed } else { &self.untyped };
        let compiled = Program::compile(&case.expression(), environment, &[]);
        compiled.map(drop).map_err(|error| error.message)
    }

    /// Evaluates an expression as the API server does: objects have no types.
    pub(crate) fn evaluate(&self, case: &Case) -> Outcome {
        let expression = case.expression();
        let program = match Program::compile(&expression, &self.untyped, &[]) {
            Ok(program) => program,
            Err(error) => return Outcome::Refused(error.message),
        };
        let [object, old, request, namespace] = self.trees(case);
        let trees = [object, old, request, namespace].map(|tree| tree.to_string());
        let trees: Vec<Tree<'_>> = trees.iter().map(|text| Tree::parse(text).unwrap()).collect();
        let values = || Slots(trees.iter().map(|tree| Value::from_tree(tree).unwrap()).collect());
        let bindings = values();
        if let Err(error) = program.evaluate(&bindings, &mut Budget::new(PER_EXPRESSION)) {
            return Outcome::Error(error.to_string());
        }
        // As the API server was asked for the value.
        let shown = corpus::shown(&expression);
        let program = match Program::compile(&shown, &self.untyped, &[]) {
            Ok(program) => program,
            Err(error) => return Outcome::Value(format!("cannot be shown: {}", error.message)),
        };
        let bindings = values();
        match program.evaluate(&bindings, &mut Budget::new(PER_EXPRESSION)) {
            Ok(Value::String(text)) => Outcome::Value(text.replace('\n', "⏎")),
            Ok(other) => Outcome::Value(format!("no text: {other:?}")),
            Err(_) => Outcome::Value("without a text".to_owned()),
        }
    }

    fn trees(&self, case: &Case) -> [serde_json::Value; 4] {
        let created = &self.objects.created[&case.pod];
        let updated = &self.objects.updated[&case.pod];
        let (mut object, old, verb) = match case.operation {
            Operation::Create => (created.clone(), serde_json::Value::Null, "Create"),
            Operation::Update => (updated.clone(), created.clone(), "Update"),
        };
        object["metadata"]["labels"][LABEL] = json!(case.id());
        object["metadata"]["labels"][TOPIC] = json!(case.topic);
        let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
        let resource = json!({"group": "", "version": "v1", "resource": "pods"});
        let user = "plimsoll-test-admin";
        let request = json!({
            "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
            "name": case.pod, "namespace": NAMESPACE, "operation": verb.to_uppercase(), "dryRun": true,
            "userInfo": {
                "username": user, "uid": user, "groups": ["system:masters", "system:authenticated"],
            },
            "options": {
                "kind": format!("{verb}Options"), "apiVersion": "meta.k8s.io/v1",
                "dryRun": ["All"],
            },
        });
        [object, old, request, self.namespace()]
    }

    /// What expressions see of a namespace (`CreateNamespaceObject` in
    /// k8s.io/apiserver/pkg/admission/plugin/cel/condition.go).
    fn namespace(&self) -> serde_json::Value {
        let namespace = &self.objects.namespace;
        let kept: BTreeMap<&str, &serde_json::Value> =
            ["metadata", "spec", "status"].map(|part| (part, &namespace[part])).into();
        json!(kept)
    }
}
