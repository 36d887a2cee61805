//! Queries for each name and resolver, counted by hand.

use serde_json::{Value, json};

use super::super::Surroundings;
use super::super::tests::{figure, forecast_of, pod, policy, survey, value};
use super::*;
use crate::pod::kinds::{Object, PodKind};

mod glibc;

fn resolver(spec: Value) -> Resolver {
    let object = json!({"spec": spec});
    Resolver::of(&PodKind::find("", "Pod").unwrap().read(Object::Value(&object)).unwrap())
}

fn options(options: Value) -> Value {
    json!({"dnsConfig": {"options": options}})
}

#[test]
fn resolvers_are_what_the_kubelet_writes() {
    let of = |spec| {
        let found = resolver(spec);
        (found.kind, found.ndots, found.searches, found.questions)
    };
    assert_eq!(of(json!({})), (Kind::Cluster, 5, 0, 2));
    assert_eq!(of(json!({"dnsPolicy": "Default"})), (Kind::Node, 1, 0, 2));
    assert_eq!(of(json!({"hostNetwork": true})), (Kind::Node, 1, 0, 2));
    assert_eq!(
        of(json!({"hostNetwork": true, "dnsPolicy": "ClusterFirstWithHostNet"})),
        (Kind::Cluster, 5, 0, 2)
    );
    let own = json!({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.1"], "searches": ["a", "b"]}});
    assert_eq!(of(own), (Kind::Own, 1, 2, 2));
    let ndots = |value: &str| of(options(json!([{"name": "ndots", "value": value}]))).1;
    assert_eq!((ndots("2"), ndots("99"), ndots("x"), ndots("3x")), (2, 15, 0, 3));
    let twice = json!([{"name": "ndots", "value": "1"}, {"name": "ndots", "value": "3"}, {"name": "no-aaaa"}]);
    assert_eq!(of(options(twice)), (Kind::Cluster, 3, 0, 1));
    assert_eq!(of(options(json!([{"name": "ndots"}]))).1, 1);
}

#[test]
fn names_cost_what_glibc_asks_for_them() {
    let node = Range::exactly(1.0);
    let each = |spec: Value| {
        let resolver = resolver(spec);
        Name::ALL.map(|name| resolver.queries(name, node).map(|cost| cost.high / 2.0))
    };
    // 3 search domains of the cluster and 1 of the node, then the name itself: 5. A Service answers at the domain of its
    // place; in full it has 4 dots, fewer than 5, and so is tried with each domain first.
    let five = [5.0, 5.0, 5.0, 5.0, 1.0, 2.0, 3.0, 5.0].map(Some);
    assert_eq!(each(json!({})), five);
    // From 2 dots on as it is first, which is in vain for db.etl.svc.
    let two = [5.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 1.0].map(Some);
    assert_eq!(each(options(json!([{"name": "ndots", "value": "2"}]))), two);
    // With 1, for db.etl too.
    let one = [1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 4.0, 1.0].map(Some);
    assert_eq!(each(options(json!([{"name": "ndots", "value": "1"}]))), one);
    // The node's resolver knows no Services.
    let node = [Some(1.0), Some(1.0), Some(1.0), Some(1.0), None, None, None, None];
    assert_eq!(each(json!({"dnsPolicy": "Default"})), node);
}

#[test]
fn pods_are_weighed_by_their_number() {
    // 3 pods with ndots 5 that get 2, and one with a resolver of its own.
    let mut pods: Vec<(Value, Option<i64>)> =
        (0..3).map(|at| (pod("etl", "load", &format!("p-{at}"), "a"), None)).collect();
    let mut own = pod("web", "x", "own", "a");
    own["spec"]["dnsPolicy"] = json!("None");
    own["spec"]["dnsConfig"] = json!({"nameservers": ["10.0.0.1"]});
    pods.push((own, None));
    let ndots = json!({"options": [{"name": "ndots", "value": "2"}]});
    let survey = survey(&[policy("dns", "Patch", "dns", ndots)], &pods);
    let of = |node_searches| {
        let assumptions = Assumptions { node_searches, ..Assumptions::default() };
        forecast_of(&survey, &Surroundings::default(), &assumptions)
    };
    let found = of(Some(1));
    // Now: 3 × 2 × 5 and 2 × 1 (ndots 1) = 32 over 4 pods.
    assert_eq!(value(&found, "dns.external.now"), (8.0, 8.0));
    // After: 1 query-name (2 dots or more) to 5 (one dot); the rule leaves dnsPolicy None alone.
    // 3 × 2 × 1 + 2 = 8, 3 × 2 × 5 + 2 = 32.
    assert_eq!(value(&found, "dns.external.after"), (2.0, 8.0));
    // db now 1 to db.etl.svc.cluster.local 5 names, twice; after: 1 to 4.
    assert_eq!(value(&found, "dns.internal.now"), (2.0, 10.0));
    assert_eq!(value(&found, "dns.internal.after"), (2.0, 8.0));
    let etl = figure(&found, "dns.namespace", Some("etl"));
    assert_eq!(etl.value, Some(Range::between(6.0, 30.0)));
    assert_eq!(etl.how, "over 3 pods: 10 queries for each now, 2 to 10 afterwards");
    // Where the node's search domains are not known, 4 to 7 names.
    assert_eq!(
        value(&of(None), "dns.external.now"),
        ((3.0 * 8.0 + 2.0) / 4.0, (3.0 * 14.0 + 2.0) / 4.0)
    );
}

#[test]
fn pods_that_are_moved_off_the_cluster_s_dns_are_counted() {
    let pods = [(pod("etl", "load", "p", "a"), None)];
    let survey = survey(&[policy("dns", "Patch", "dns", json!({"policy": "Default"}))], &pods);
    let assumptions = Assumptions { node_searches: Some(0), ..Assumptions::default() };
    let found = forecast_of(&survey, &Surroundings::default(), &assumptions);
    assert_eq!(value(&found, "dns.moved"), (1.0, 1.0));
    // 2 × 4 names that the cluster's DNS is no longer asked.
    assert_eq!(value(&found, "dns.cluster.change"), (-8.0, -8.0));
    assert_eq!(value(&found, "dns.external.after"), (2.0, 2.0));
}
