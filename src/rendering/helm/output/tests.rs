use std::time::{Duration, Instant};

use super::*;

const TEMPLATE: &str = "kind: Pod\nname: {{ . }}\nsum: {{ randAlpha 3 }}\n";

/// What a chart prints that makes many objects of one template, and the same with marks.
fn printed(count: usize, sum: impl Fn(usize, bool) -> String) -> (Output, Output) {
    let print = |marked: bool| {
        let mark = |at| if marked { format!(" #plimsoll-line:{at};") } else { String::new() };
        let one = |at: usize| {
            let sum = sum(at, marked);
            format!(
                "---\n# Source: web/templates/p.yaml\nkind: Pod{}\nname: n{at}{}\nsum: {sum}{}\n",
                mark(0),
                mark(1),
                mark(2)
            )
        };
        Output::new(&(0..count).map(one).collect::<String>())
    };
    (print(false), print(true))
}

fn marks() -> (Marks, Vec<Template>) {
    let template = Template::new(TEMPLATE.to_owned());
    let mut marks = Marks::default();
    marks.put(0, &template);
    (marks, vec![template])
}

fn assert_known(origins: &[Option<Mark>], count: usize) {
    let of_one = [None, None, Some((0, 0)), Some((0, 1)), Some((0, 2))];
    assert_eq!(origins.len(), 5 * count);
    assert!(origins.chunks(5).all(|chunk| chunk == of_one), "{origins:?}");
}

#[test]
fn documents_that_differ_in_a_value_are_close() {
    let (marks, templates) = marks();
    // Of the second, one is what the first of the others is: it goes to that one.
    let sums = ["a", "b", "c"];
    let (plain, marked) = printed(3, |at, marked| sums[at].repeat(1 + usize::from(marked)));
    assert_known(&plain.origins(&marked, &marks, &templates), 3);
    let (plain, _) = printed(1, |_, _| "a".to_owned());
    let other = Output::new(
        "---\n# Source: web/templates/p.yaml\nkind: Pod #plimsoll-line:0;\nelse: 1\nsum: a\n",
    );
    assert_eq!(plain.origins(&other, &marks, &templates), vec![None; 5]);
}

#[test]
fn many_documents_of_one_template_take_no_more_time_each() {
    let (marks, templates) = marks();
    let time = |count: usize| {
        let (plain, marked) = printed(count, |at, marked| format!("{at}{marked}"));
        let runs = (0..3).map(|_| {
            let started = Instant::now();
            assert_known(&plain.origins(&marked, &marks, &templates), count);
            started.elapsed()
        });
        runs.min().unwrap_or_default()
    };
    // What is quadratic takes 64 times as long, what is linear 8 times; a busy machine has three tries.
    let grows = (0..3).all(|_| time(3200) >= 24 * time(400).max(Duration::from_millis(1)));
    assert!(!grows, "the time grows faster than the output");
}
