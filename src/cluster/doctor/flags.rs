//! The flags that a Deployment's servers run with, as far as they can be seen from outside.

use serde_json::Value;

use crate::cluster::webhooks::{FailurePolicy, Settings};

/// A container's command line and environment.
pub(super) struct Flags<'d> {
    args: Vec<&'d str>,
    env: &'d [Value],
    /// Whether there are variables that only other objects tell of.
    more: bool,
}

/// What a flag is set to: `None` is the default. An error says why nobody can tell.
pub(super) type Flag<T> = Result<Option<T>, String>;

impl<'d> Flags<'d> {
    /// Those of the container that is called as Plimsoll's, else of the first.
    pub(super) fn of(deployment: &'d Value) -> Option<Self> {
        let container = container(deployment)?;
        let list = |field: &str| container[field].as_array().map_or(&[][..], Vec::as_slice);
        let words = list("command").iter().chain(list("args"));
        Some(Self {
            args: words.filter_map(Value::as_str).collect(),
            env: list("env"),
            more: !list("envFrom").is_empty(),
        })
    }

    /// Why servers leave webhook configurations alone, if they do.
    pub(super) fn left_alone(&self) -> Option<&'static str> {
        let stands = self.args.contains(&"--kubernetes");
        if !stands && matches!(self.variable("PLIMSOLL_KUBERNETES"), Ok(None)) {
            return Some("without --kubernetes, servers leave them alone");
        }
        let file = self.text("--tls-cert", "PLIMSOLL_TLS_CERT");
        let ca = self.text("--tls-ca", "PLIMSOLL_TLS_CA");
        (matches!(file, Ok(Some(_))) && matches!(ca, Ok(None)))
            .then_some("with --tls-cert and without --tls-ca, servers leave them alone")
    }

    /// A flag, else its variable.
    pub(super) fn text(&self, flag: &str, variable: &str) -> Flag<String> {
        let mut given = Vec::new();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            match arg.strip_prefix(flag) {
                Some("") => given.extend(args.next().copied()),
                Some(rest) => given.extend(rest.strip_prefix('=')),
                None => {}
            }
        }
        if !given.is_empty() {
            return literal(&given.join(","), flag).map(Some);
        }
        self.variable(variable)
    }

    /// A variable.
    fn variable(&self, variable: &str) -> Flag<String> {
        // The last one counts.
        match self.env.iter().rfind(|one| one["name"] == variable) {
            Some(one) if !one["valueFrom"].is_null() => {
                Err(format!("{variable} is taken from another object"))
            }
            Some(one) => literal(one["value"].as_str().unwrap_or_default(), variable).map(Some),
            None if self.more => Err(format!("{variable} may come from envFrom")),
            None => Ok(None),
        }
    }

    /// `--failure-policy`
    pub(super) fn failure_policy(&self) -> Result<FailurePolicy, String> {
        let (flag, variable) = ("--failure-policy", "PLIMSOLL_FAILURE_POLICY");
        let text = self.text(flag, variable)?;
        text.map_or(Ok(FailurePolicy::default()), |text| {
            text.parse().map_err(|error| format!("{flag} is {text}: {error}"))
        })
    }

    /// `--webhook-timeout`
    pub(super) fn timeout_seconds(&self) -> Result<u8, String> {
        let (flag, variable) = ("--webhook-timeout", "PLIMSOLL_WEBHOOK_TIMEOUT");
        let text = self.text(flag, variable)?;
        text.map_or(Ok(Settings::DEFAULT_TIMEOUT_SECONDS), |text| {
            text.parse().map_err(|error| format!("{flag} is {text}: {error}"))
        })
    }

    /// `--exclude-namespaces`
    pub(super) fn excluded_namespaces(&self) -> Result<Vec<String>, String> {
        let text = self.text("--exclude-namespaces", "PLIMSOLL_EXCLUDE_NAMESPACES")?;
        let text = text.unwrap_or_default();
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(names.map(str::to_owned).collect())
    }
}

/// The container that is called as Plimsoll's, else the first.
pub(super) fn container(deployment: &Value) -> Option<&Value> {
    let containers = deployment.pointer("/spec/template/spec/containers")?.as_array()?;
    containers.iter().find(|one| one["name"] == "plimsoll").or(containers.first())
}

/// Kubernetes puts variables in place of `$(NAME)`.
fn literal(text: &str, what: &str) -> Result<String, String> {
    if text.contains("$(") {
        return Err(format!("{what} is made of variables: {text}"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(container: Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": [{"name": "sidecar"}, container]}}}})
    }

    #[test]
    fn flags_are_read_as_the_command_reads_them() {
        let one = deployment(json!({"name": "plimsoll",
            "args": ["serve", "--failure-policy=Fail", "--exclude-namespaces", "a,b", "--exclude-namespaces=c"],
            "env": [{"name": "PLIMSOLL_FAILURE_POLICY", "value": "Ignore"},
                {"name": "PLIMSOLL_WEBHOOK_TIMEOUT", "value": "3"}, {"name": "PLIMSOLL_WEBHOOK_TIMEOUT", "value": "7"}]}));
        let flags = Flags::of(&one).unwrap();
        assert_eq!(flags.failure_policy(), Ok(FailurePolicy::Fail), "the flag wins");
        assert_eq!(flags.timeout_seconds(), Ok(7));
        assert_eq!(flags.excluded_namespaces().unwrap(), ["a", "b", "c"]);
        assert_eq!(flags.text("--failure", "NONE"), Ok(None), "it is a flag of its own");
        let none = deployment(json!({"name": "plimsoll", "command": ["/plimsoll"]}));
        let flags = Flags::of(&none).unwrap();
        assert_eq!(flags.failure_policy(), Ok(FailurePolicy::Ignore));
        assert_eq!(flags.timeout_seconds(), Ok(3));
        assert_eq!(flags.excluded_namespaces(), Ok(Vec::new()));
    }

    #[test]
    fn configurations_are_kept_with_kubernetes_and_a_ca() {
        let alone = |args: &[&str], env: Value| {
            let one = deployment(json!({"name": "plimsoll", "args": args, "env": env}));
            Flags::of(&one).unwrap().left_alone()
        };
        let files = ["--kubernetes", "--tls-cert=/tls/tls.crt", "--tls-ca=/tls/ca.crt"];
        assert_eq!(alone(&files, json!([])), None);
        assert!(alone(&files[..2], json!([])).is_some_and(|why| why.contains("without --tls-ca")));
        assert_eq!(alone(&files[..1], json!([])), None);
        assert!(alone(&["serve"], json!([])).is_some_and(|why| why.contains("--kubernetes")));
        let by_variable = json!([{"name": "PLIMSOLL_KUBERNETES", "value": "true"}]);
        assert_eq!(alone(&["serve"], by_variable), None);
    }

    #[test]
    fn what_only_the_cluster_knows_is_told() {
        let one = deployment(json!({"name": "plimsoll", "args": ["--failure-policy=$(POLICY)"],
            "env": [{"name": "PLIMSOLL_WEBHOOK_TIMEOUT", "valueFrom": {"configMapKeyRef": {}}}],
            "envFrom": [{"configMapRef": {"name": "more"}}]}));
        let flags = Flags::of(&one).unwrap();
        assert!(flags.failure_policy().unwrap_err().contains("made of variables: $(POLICY)"));
        assert!(flags.timeout_seconds().unwrap_err().contains("from another object"));
        assert!(flags.excluded_namespaces().unwrap_err().contains("may come from envFrom"));
        let odd = deployment(json!({"name": "plimsoll", "args": ["--failure-policy=Maybe"]}));
        assert!(Flags::of(&odd).unwrap().failure_policy().unwrap_err().contains("is Maybe"));
    }
}
