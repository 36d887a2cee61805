//! PodDisruptionBudgets that keep nobody, or everybody.

use super::*;

#[test]
fn budgets_that_keep_nobody_or_everybody_are_found() {
    use Level::{Fail, Warn};
    let budget = |spec: Value| {
        move |f: &mut Facts| {
            let budget = &mut f.disruption_budgets.as_mut().unwrap()[0];
            let selector = budget["spec"]["selector"].clone();
            budget["spec"] = spec;
            budget["spec"]["selector"] = selector;
        }
    };
    finds(
        Fail,
        "replicas",
        "(maxUnavailable: 100%) lets all of 2 replicas go",
        budget(json!({"maxUnavailable": "100%"})),
    );
    finds(Fail, "replicas", "(minAvailable: 0) lets all", budget(json!({"minAvailable": 0})));
    finds(Warn, "replicas", "blocks every drain", budget(json!({"maxUnavailable": 0})));
    finds(Warn, "replicas", "blocks every drain", budget(json!({"minAvailable": "100%"})));
    finds(Warn, "replicas", "does not say how many", budget(json!({})));
    finds(Warn, "replicas", "several PodDisruptionBudgets cover", |f| {
        let budgets = f.disruption_budgets.as_mut().unwrap();
        budgets.push(budgets[0].clone());
    });
}
