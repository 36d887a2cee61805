//! Pictures of what forecasts hold.

use super::drawing::WIDTH;
use super::*;
use crate::forecast::Series;

fn plot(points: &[String], values: &[&[f64]], limit: Option<f64>) -> Plot {
    let series = |values: &&[f64]| Series { label: "now".to_owned(), values: values.to_vec() };
    Plot {
        id: "plot",
        title: "Plot".to_owned(),
        unit: "pods",
        points: points.to_vec(),
        series: values.iter().map(series).collect(),
        limit: limit.map(|limit| ("limit".to_owned(), limit)),
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("node-with-a-name-that-is-far-too-long-{at}")).collect()
}

fn texts(drawing: &Drawing) -> Vec<&str> {
    drawing
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(&**text),
            _ => None,
        })
        .collect()
}

fn paths(drawing: &Drawing) -> Vec<&str> {
    drawing
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Path { data, class } if class.starts_with("line") => Some(&**data),
            _ => None,
        })
        .collect()
}

#[test]
fn few_points_are_bars_with_names_and_values() {
    let plot = plot(&names(2), &[&[3.0, 9.0], &[1.0]], Some(12.0));
    let drawing = Chart::from(&plot).drawing();
    let bars = drawing.marks.iter().filter(|mark| matches!(mark, Mark::Bar { .. })).count();
    assert_eq!(bars, 3);
    let texts = texts(&drawing);
    assert!(
        texts.contains(&"limit: 12 pods") && texts.contains(&"9") && texts.contains(&"not known"),
        "{texts:?}"
    );
    assert!(
        texts.iter().any(|text| text.starts_with("node-with")
            && text.ends_with("-1")
            && text.contains('…')),
        "{texts:?}"
    );
}

#[test]
fn many_points_are_steps_and_times_are_lines() {
    let values = [1.0; 60];
    let many = plot(&names(60), &[&values], None);
    let steps = Chart::from(&many).drawing();
    assert_eq!(paths(&steps).len(), 1);
    assert_eq!(paths(&steps)[0].matches('H').count(), 60);
    let hours: Vec<String> = (10..20).map(|hour| format!("2026-11-21T{hour}:00:00Z")).collect();
    let times = plot(&hours, &[&values[..10]], None);
    let line = Chart::from(&times).drawing();
    assert_eq!(
        (paths(&line)[0].matches('L').count(), paths(&line)[0].matches('H').count()),
        (9, 0)
    );
}

#[test]
fn pictures_stay_small_and_inside_of_their_frames() {
    let values: Vec<f64> = (0..50_000).map(|at| f64::from(at % 977)).collect();
    let hostile = [f64::NAN, f64::INFINITY, -3.0, 1e300, 0.0];
    for plot in [
        plot(&names(50_000), &[&values], Some(110.0)),
        plot(&names(5), &[&hostile, &[]], Some(f64::NAN)),
        plot(&names(40), &[&hostile], Some(-1.0)),
        plot(&names(1), &[&[0.0]], None),
    ] {
        let drawing = Chart::from(&plot).drawing();
        assert!(drawing.marks.len() < 200, "{} marks", drawing.marks.len());
        for mark in &drawing.marks {
            match mark {
                Mark::Bar { x, y, width, height, .. } => {
                    assert!(
                        *x >= 0.0
                            && x + width <= WIDTH
                            && *y >= 0.0
                            && y + height <= drawing.height,
                        "{mark:?}"
                    );
                }
                Mark::Path { data, .. } => {
                    assert!(
                        data.len() < 10_000 && !data.contains("NaN") && !data.contains("inf"),
                        "{data}"
                    );
                }
                Mark::Text { x, y, .. } => {
                    assert!(
                        (0.0..=WIDTH).contains(x) && (0.0..=drawing.height).contains(y),
                        "{mark:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_table_and_the_words_have_every_value() {
    let plot = plot(&names(2), &[&[1_234.0, f64::NAN]], Some(2_000.0));
    let chart = Chart::from(&plot);
    let rows: Vec<_> = chart.rows().map(|(_, cells)| cells).collect();
    assert_eq!(rows, [vec!["1,234".to_owned()], vec!["–".to_owned()]]);
    let description = chart.description();
    assert!(description.contains("now: at most 1,234 pods, at node-with"), "{description}");
    assert!(description.contains("limit: 2,000 pods"), "{description}");
}
