//! Parts that nobody in his right mind wrote.

use serde_json::{Value, json};

use super::{cluster, forecast_of, is_sound, policies, surroundings, survey};
use crate::forecast::Assumptions;
use crate::survey::Survey;

/// Every number the largest that there is, but for those in names.
fn enlarge(value: &mut Value, is_entry: bool) {
    match value {
        Value::Number(number) => *number = u64::MAX.into(),
        Value::Array(all) => {
            let skip = usize::from(is_entry);
            all.iter_mut().skip(skip).for_each(|one| enlarge(one, false));
        }
        Value::Object(all) => {
            for (key, one) in all.iter_mut() {
                match one {
                    Value::Array(entries) if key == "told" => {
                        entries.iter_mut().for_each(|entry| enlarge(entry, true));
                    }
                    one => enlarge(one, false),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_largest_numbers_are_added_up() {
    let part = survey(&policies(), &cluster());
    let mut text = serde_json::to_value(&part).unwrap();
    let observations = &mut text["observations"];
    enlarge(observations, false);
    let hours = observations["pulls"]["hours"]["told"].as_array_mut().unwrap();
    let hour = hours[0][1].clone();
    hours.extend([json!([i64::MIN, hour]), json!([i64::MAX, hour])]);
    let hostile: Survey = serde_json::from_value(text).unwrap();
    let mut whole = Survey::default();
    // u64::MAX + u64::MAX is u64::MAX, and the sum with what is real too.
    whole.merge(hostile.clone());
    whole.merge(hostile);
    whole.merge(part.clone());
    assert_eq!(whole.observations.as_ref().unwrap().pods, u64::MAX);
    let churned =
        Assumptions { churn: Some(u64::MAX), nodes: Some(u64::MAX), ..Default::default() };
    for assumptions in [Assumptions::default(), churned] {
        is_sound(&forecast_of(&whole, &surroundings(), &assumptions));
    }
}

#[test]
fn what_is_read_is_bounded_and_nothing_of_it_is_lost() {
    let part = survey(&policies(), &cluster());
    let mut text = serde_json::to_value(&part).unwrap();
    let observations = &mut text["observations"];
    let demand = observations["requests"]["namespaces"]["told"][0][1].clone();
    let namespaces: Vec<Value> = (0..6_000).map(|at| json!([format!("n-{at}"), demand])).collect();
    observations["requests"]["namespaces"]["told"] = json!(namespaces);
    let nodes: Vec<Value> = (0..100).map(|at| json!([format!("x-{at}"), 1])).collect();
    observations["placement"]["crowds"]["told"][0][1]["nodes"] =
        json!({"told": nodes, "others": 0});
    let hostile: Survey = serde_json::from_value(text).unwrap();
    // The first part is bounded as those that are added to it.
    let mut whole = Survey::default();
    whole.merge(hostile);
    let found = serde_json::to_value(&whole).unwrap();
    let namespaces = &found["observations"]["requests"]["namespaces"];
    assert_eq!(namespaces["told"].as_array().unwrap().len(), 5_000);
    let (pods, others) = (demand["pods"].as_u64().unwrap(), namespaces["others"]["pods"].as_u64());
    assert_eq!(others, Some(1_000 * pods));
    let crowds = found["observations"]["placement"]["crowds"]["told"].as_array().unwrap();
    let is_hostile = |crowd: &&Value| crowd[1]["nodes"]["told"].to_string().contains("x-");
    let nodes = &crowds.iter().find(is_hostile).unwrap()[1]["nodes"];
    // 24 nodes of an owner are told apart; 76 of 100 are not.
    assert_eq!(nodes["told"].as_array().unwrap().len(), 24);
    assert_eq!(nodes["others"], 76);
}
