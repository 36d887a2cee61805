//! Policies that are wrong, and who says so.

/// Who refuses a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The schema or its CEL rules, with these words.
    Schema(&'static str),
    /// The webhook, with the words of `plimsoll check`.
    Webhook,
}

use By::{Schema, Webhook};

/// The specs of exemptions, as JSON.
pub(super) const BAD_EXEMPTIONS: &[(&str, By)] = &[
    (r#"{"reason": "r", "owner": "o"}"#, Schema("spec.policies: Required value")),
    (
        r#"{"policies": [], "reason": "r", "owner": "o"}"#,
        Schema("spec.policies in body should have at least 1 items"),
    ),
    (
        r#"{"policies": [""], "reason": "r", "owner": "o"}"#,
        Schema("spec.policies[0] in body should be at least 1 chars"),
    ),
    (r#"{"policies": ["a["], "reason": "r", "owner": "o"}"#, Webhook),
    (
        r#"{"policies": ["a"], "rules": [], "reason": "r", "owner": "o"}"#,
        Schema("spec.rules in body should have at least 1 items"),
    ),
    (r#"{"policies": ["a"], "owner": "o"}"#, Schema("spec.reason: Required value")),
    (
        r#"{"policies": ["a"], "reason": " ", "owner": "o"}"#,
        Schema(r"spec.reason in body should match '\S'"),
    ),
    (
        r#"{"policies": ["a"], "reason": "r", "owner": ""}"#,
        Schema(r"spec.owner in body should match '\S'"),
    ),
    (
        r#"{"policies": ["a"], "reason": "r", "owner": "o", "expires": "soon"}"#,
        Schema(
            r#"spec.expires: Invalid value: "soon": this is no day and no moment; write a day, as in 2026-12-31"#,
        ),
    ),
    (r#"{"policies": ["a"], "reason": "r", "owner": "o", "expires": "2026-02-30"}"#, Webhook),
    (r#"{"policies": ["a"], "reason": "r", "owner": "o", "expire": "2026-02-01"}"#, Webhook),
    (
        r#"{"policies": ["a"], "reason": "r", "owner": "o", "match": {"podSelector": {"matchLabels": {"a b": ""}}}}"#,
        Webhook,
    ),
];

/// The `match` and `rules` of policies, as JSON.
pub(super) const BAD: &[(&str, By)] = &[
    // Unknown fields reach the webhook, because the schema keeps them.
    (r#"{"descripton": "x", "rules": [{"name": "a", "imageTag": {}}]}"#, Webhook),
    (r#"{"match": {"namespace": {}}, "rules": [{"name": "a", "imageTag": {}}]}"#, Webhook),
    (
        r#"{"match": {"namespaces": {"includ": []}}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Webhook,
    ),
    (
        r#"{"match": {"podSelector": {"matchLabel": {}}}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Webhook,
    ),
    (
        r#"{"match": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "vals": []}]}},
        "rules": [{"name": "a", "imageTag": {}}]}"#,
        Webhook,
    ),
    (r#"{"rules": [{"name": "a", "acton": "Deny", "imageTag": {}}]}"#, Webhook),
    (r#"{"rules": [{"name": "a", "imageTag": {"deni": ["x"]}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "dns": {"options": [{"name": "ndots", "valu": "2"}]}}]}"#,
        Webhook,
    ),
    (r#"{"rules": [{"name": "a", "resources": {"requests": {"gpu": {"default": 1}}}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"constraints": [{"topologyKey": "a", "maxSkew": 1, "x": 1}]}}]}"#,
        Webhook,
    ),
    // Entries and their kinds.
    (r#"{}"#, Schema("spec.rules: Required value")),
    (r#"{"rules": []}"#, Schema("spec.rules in body should have at least 1 items")),
    (
        r#"{"rules": [{"name": "a"}]}"#,
        Schema("spec.rules[0]: Invalid value: the entry names no rule; add one of: imageTag,"),
    ),
    (r#"{"rules": [{"name": "a", "imageTagg": {}}]}"#, Schema("the entry names no rule")),
    (
        r#"{"rules": [{"name": "a", "imageTag": {}, "dns": {"policy": "Default"}}]}"#,
        Schema("an entry holds one rule, and this one holds several"),
    ),
    (r#"{"rules": [{"imageTag": {}}]}"#, Schema("spec.rules[0].name: Required value")),
    (
        r#"{"rules": [{"name": "", "imageTag": {}}]}"#,
        Schema("spec.rules[0].name in body should be at least 1 chars"),
    ),
    (
        r#"{"rules": [{"name": 3, "imageTag": {}}]}"#,
        Schema("spec.rules[0].name in body must be of type string"),
    ),
    (
        r#"{"rules": [{"name": "a", "imageTag": {}}, {"name": "a", "imageTag": {}}]}"#,
        Schema(r#"spec.rules[1]: Duplicate value: {"name":"a"}"#),
    ),
    (r#"{"rules": [7]}"#, Schema("spec.rules[0] in body must be of type object")),
    (
        r#"{"rules": [{"name": "a", "imageTag": true}]}"#,
        Schema("spec.rules[0].imageTag in body must be of type object"),
    ),
    (
        r#"{"match": [], "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema("spec.match in body must be of type object"),
    ),
    // Actions.
    (
        r#"{"rules": [{"name": "a", "action": "Deni", "imageTag": {}}]}"#,
        Schema(
            r#"spec.rules[0].action: Unsupported value: "Deni": supported values: "Audit", "Warn", "Patch", "Deny""#,
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "action": "Patch", "imageTag": {}}]}"#,
        Schema(
            "spec.rules[0].action: Invalid value: `imageTag` has no fix, so it cannot patch; use Deny, Warn or Audit",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "action": "Deny", "otherwise": "Warn", "imageTag": {}}]}"#,
        Schema(
            "spec.rules[0].otherwise: Invalid value: `otherwise` has a meaning only beside `action: Patch`",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "otherwise": "Deny", "imageTag": {}}]}"#,
        Schema(
            "spec.rules[0].otherwise: Invalid value: `otherwise` has a meaning only beside `action: Patch`",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "action": "Patch", "otherwise": "Patch", "dns": {"policy": "Default"}}]}"#,
        Schema(r#"spec.rules[0].otherwise: Unsupported value: "Patch""#),
    ),
    // match.
    (
        r#"{"match": {"operations": ["DELETE"]}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema(r#"spec.match.operations[0]: Unsupported value: "DELETE""#),
    ),
    (
        r#"{"match": {"workloads": ["Bach"]}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema(r#"spec.match.workloads[0]: Unsupported value: "Bach": supported values: "Batch""#),
    ),
    (
        r#"{"match": {"namespaces": {"include": ["a["]}}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Webhook,
    ),
    (
        r#"{"match": {"users": {"exclude": [""]}}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema("spec.match.users.exclude[0] in body should be at least 1 chars long"),
    ),
    (
        r#"{"match": {"podSelector": {"matchLabels": {"bad key": "x"}}}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Webhook,
    ),
    (
        r#"{"match": {"namespaceSelector": {"matchLabels": {"a": "b c"}}}, "rules": [{"name": "a", "imageTag": {}}]}"#,
        Webhook,
    ),
    (
        r#"{"match": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Inn"}]}},
        "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema(r#"spec.match.podSelector.matchExpressions[0].operator: Unsupported value: "Inn""#),
    ),
    (
        r#"{"match": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
        "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema(
            "matchExpressions[0].values: Invalid value: the operators In and NotIn need at least one value",
        ),
    ),
    (
        r#"{"match": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
        "rules": [{"name": "a", "imageTag": {}}]}"#,
        Schema("the operators Exists and DoesNotExist take no values"),
    ),
    // Settings.
    (
        r#"{"rules": [{"name": "a", "imageTag": {"deny": 3}}]}"#,
        Schema("spec.rules[0].imageTag.deny in body must be of type array"),
    ),
    (r#"{"rules": [{"name": "a", "imageTag": {"deny": ["["]}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "imageTag": {"allow": []}}]}"#,
        Schema("spec.rules[0].imageTag.allow in body should have at least 1 items"),
    ),
    (r#"{"rules": [{"name": "a", "imageTag": {"allow": ["x"], "deny": ["x"]}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "imagePullPolicy": {"deny": []}}]}"#,
        Schema("spec.rules[0].imagePullPolicy.deny in body should have at least 1 items"),
    ),
    (
        r#"{"rules": [{"name": "a", "imagePullPolicy": {"replaceWith": "Always"}}]}"#,
        Schema(
            "spec.rules[0].imagePullPolicy.replaceWith: Invalid value: it is denied, so it cannot be the fix",
        ),
    ),
    (r#"{"rules": [{"name": "a", "dns": {}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "dns": {"policy": "None"}}]}"#,
        Schema(
            "spec.rules[0].dns.policy: Invalid value: `None` leaves a pod without any name server",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "dns": {"policy": "Default", "nameservers": ["10.0.0.1"]}}]}"#,
        Schema(
            "spec.rules[0].dns.nameservers: Invalid value: `nameservers` has a meaning only beside `policy: None`",
        ),
    ),
    (r#"{"rules": [{"name": "a", "dns": {"policy": "None", "nameservers": ["x"]}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "dns": {"options": [{"name": "ndots", "value": "x"}]}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "dns": {"options": [{"name": "ndots", "value": "1"}, {"name": "ndots", "value": "2"}]}}]}"#,
        Schema(r#"spec.rules[0].dns.options[1]: Duplicate value: {"name":"ndots"}"#),
    ),
    (r#"{"rules": [{"name": "a", "resources": {}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "resources": {"requests": {"cpu": {"default": "1x"}}}}]}"#,
        Schema("spec.rules[0].resources.requests.cpu.default in body should match"),
    ),
    (
        r#"{"rules": [{"name": "a", "resources": {"requests": {"cpu": {"min": 2, "max": 1}}}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "resources": {"limits": {"cpu": {"forbidden": true, "max": 1}}}}]}"#,
        Schema(
            "spec.rules[0].resources.limits.cpu.max: Invalid value: a forbidden limit has no `max`; remove `max` or `forbidden`",
        ),
    ),
    // Placement.
    (r#"{"rules": [{"name": "a", "placement": {}}]}"#, Webhook),
    (r#"{"rules": [{"name": "a", "placement": {"nodeSelektor": {"a": "b"}}}]}"#, Webhook),
    (r#"{"rules": [{"name": "a", "placement": {"nodeSelector": {"a b": "c"}}}]}"#, Webhook),
    (
        r#"{"rules": [{"name": "a", "placement": {"nodeSelector": {"a": "b"}, "forbid": {"nodeSelector": {"a": ["b"]}}}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"tolerations": [{"effect": "NoSchedule"}]}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"tolerations": [{"key": "a", "tolerationSeconds": 5}]}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"nodeAffinity": {"required": [{"key": "a", "operator": "In"}]}}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"nodeAffinity": {"required": [{"key": "a", "operator": "Gt", "values": ["1", "2"]}]}}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"nodeAffinity": {"preferred": [
            {"weight": 0, "matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}}]}"#,
        Schema("preferred[0].weight in body should be greater than or equal to 1"),
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"forbid": {"nodeSelector": {"a": []}}}}]}"#,
        Schema(
            "spec.rules[0].placement.forbid.nodeSelector.a in body should have at least 1 items",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "placement": {"disruption": "Never"}}]}"#,
        Schema(r#"spec.rules[0].placement.disruption: Unsupported value: "Never""#),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"constraints": []}}]}"#,
        Schema("spec.rules[0].topologySpread.constraints in body should have at least 1 items"),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"constraints": [{"topologyKey": "a", "maxSkew": 0}]}}]}"#,
        Schema(
            "spec.rules[0].topologySpread.constraints[0].maxSkew in body should be greater than or equal to 1",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"constraints": [{"topologyKey": "a b", "maxSkew": 1}]}}]}"#,
        Webhook,
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"constraints": [{"topologyKey": "a", "maxSkew": 1, "minDomains": 2}]}}]}"#,
        Schema(
            "constraints[0].minDomains: Invalid value: `minDomains` has a meaning only beside `whenUnsatisfiable: DoNotSchedule`",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"labels": ["a"]}}]}"#,
        Schema(
            "spec.rules[0].topologySpread.labels: Invalid value: `labels` has a meaning only beside `over: Labels`",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"over": "Labels"}}]}"#,
        Schema(
            "spec.rules[0].topologySpread.over: Invalid value: `Labels` needs at least one label key",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"over": "Labels", "labels": ["a"], "crowd": {}}}]}"#,
        Schema(
            "spec.rules[0].topologySpread.crowd: Invalid value: `crowd` has a meaning only beside `over: Crowd`",
        ),
    ),
    (
        r#"{"rules": [{"name": "a", "topologySpread": {"builtIn": "Replace", "constraints": [{"topologyKey": "a", "maxSkew": 1}]}}]}"#,
        Webhook,
    ),
];
