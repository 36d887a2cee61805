use granit_parser::{Event, Parser};
use proptest::prelude::*;

use super::*;
use crate::manifest::parse;

fn read(text: &str) -> Manifest {
    parse(None, text.as_bytes().to_vec())
}

/// What follows the word in each comment, with the line it is about.
fn found(text: &str) -> Vec<(&str, Option<usize>)> {
    let comments = read(text).comments("plimsoll:");
    comments.into_iter().map(|found| (text[found.body].trim(), found.about)).collect()
}

#[test]
fn a_comment_is_about_its_line_or_the_next_one_with_content() {
    let text = "# plimsoll: top\n\n# other\na: 1 # plimsoll: one\n# plimsoll: two\n  # plimsoll: three\n\nb: # plimsoll: b\n  c: 2\n# plimsoll: end\n\n";
    let about = [Some(4), Some(4), Some(8), Some(8), Some(8), None];
    let bodies = ["top", "one", "two", "three", "b", "end"];
    let expected: Vec<_> = bodies.into_iter().zip(about).collect();
    assert_eq!(found(text), expected);
    for ends in ["\r\n", "\r"] {
        assert_eq!(found(&text.replace('\n', ends)), expected, "{ends:?}");
    }
    let tops: Vec<_> = read(text).comments("plimsoll:").iter().map(|found| found.at_top).collect();
    assert_eq!(tops, [true, false, false, false, false, false]);
    assert_eq!(found("a: 1\t#\tplimsoll:x\t\n"), [("x", Some(1))]);
    assert_eq!(
        found("a: 1 # seen # plimsoll: x\n# seen # plimsoll: y\nb: 2"),
        [("x", Some(1)), ("y", Some(3))]
    );
}

#[test]
fn what_stands_in_a_value_is_no_comment() {
    for text in [
        "a: \"# plimsoll: x\"\n",
        "a: '\n  # plimsoll: x\n  '\n",
        "a: |\n  # plimsoll: x\n  text # plimsoll: y\n",
        "a: >-\n\n  # plimsoll: x\n",
        "- |\n# plimsoll: x".replace("- |\n#", "a:\n- |\n  #").as_str(),
        "a: b#plimsoll: x\n".replace(": x", ":x").as_str(),
        "a: b # see plimsoll: x\n",
        "? \" # plimsoll: x\"\n: 1\n",
        "{\"a\": \" # plimsoll: x\"}\n",
        "# nothing is here # plimsoll: x",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn comments_stand_beside_every_kind_of_value() {
    let text = "a: | # plimsoll: block\n  text\n# plimsoll: below\nb: {c: [1, # plimsoll: flow\n  2], # plimsoll: bracket\n  d: 'x\n  y' # plimsoll: quoted\n  } # plimsoll: brace\ne: # plimsoll: null\nf: *x # plimsoll: alias\n".replace("a: |", "k: &x 1\na: |");
    assert_eq!(
        found(&text),
        [
            ("block", Some(2)),
            ("below", Some(5)),
            ("flow", Some(5)),
            ("bracket", Some(6)),
            ("quoted", Some(8)),
            ("brace", Some(9)),
            ("null", Some(10)),
            ("alias", Some(11)),
        ]
    );
    assert_eq!(
        found("# plimsoll: x\n---\na: 1\n--- # plimsoll: y\nb: 1\n... # plimsoll: z\n"),
        [("x", Some(2)), ("y", Some(4)), ("z", Some(6))]
    );
}

/// Where `granit_parser` sees comments; none where it sees an error.
fn seen_by_the_parser(text: &str) -> Option<Vec<Range<usize>>> {
    let options = granit_parser::options! { emit_comments: true };
    let mut seen = Vec::new();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.ok()?;
        if matches!(event, Event::Comment(..)) {
            seen.push(span.byte_range()?);
        }
    }
    Some(seen)
}

const LINES: [&str; 30] = [
    "a: 1",
    "b: \"x # plimsoll: q\"",
    "c: |",
    "  text # plimsoll: t",
    "  # plimsoll: b",
    "d:",
    "  - 1",
    "  - {e: 2, # plimsoll: f",
    "    g: 3}",
    "# plimsoll: own",
    "  # plimsoll: own",
    "h: # plimsoll: h",
    "  i: j",
    "  'k # plimsoll: k': l",
    "m: 'x",
    "  # plimsoll: m'",
    "",
    "---",
    "n: >- # plimsoll: n",
    "    # plimsoll: deep",
    "o: &x y # plimsoll: o",
    "p: *x # plimsoll: p",
    "q: z#plimsoll:q",
    "r: [a,",
    "  b] # plimsoll: r",
    "  more text",
    "'s' : t\t# plimsoll: s",
    "u: ! v # plimsoll: u",
    "w: ~ # plimsoll: w",
    "-  # plimsoll: x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn comments_are_those_that_the_parser_sees(
        lines in prop::collection::vec(prop::sample::select(&LINES[..]), 1..12),
        end in prop::sample::select(&["\n", "\r\n"][..]),
    ) {
        let mut seen = Vec::new();
        let text: String = lines
            .into_iter()
            // A key twice would be an error of ours.
            .filter(|line| line.starts_with([' ', '#', '-']) || line.is_empty() || (!seen.contains(line) && { seen.push(*line); true }))
            .flat_map(|line| [line, end])
            .collect();
        let manifest = read(&text);
        let parsed = seen_by_the_parser(&text).filter(|_| manifest.errors.is_empty() && !manifest.documents.is_empty());
        if let Some(parsed) = parsed {
            let expected: Vec<usize> = parsed
                .into_iter()
                .filter(|range| text[range.clone()].trim_start_matches(['#', ' ']).starts_with("plimsoll:"))
                .map(|range| range.start)
                .collect();
            let ours: Vec<usize> = manifest.comments("plimsoll:").into_iter().map(|found| found.range.start).collect();
            prop_assert_eq!(ours, expected, "{}", text);
        }
    }

    #[test]
    fn any_text_has_comments_on_its_own_lines(text in "[a-c:#\"'|>\\[{\\]}\n\r \t&*-]{0,30}(# ?plimsoll:x[\n #]){0,3}[ a:\n]{0,5}") {
        let manifest = read(&text);
        let lines = text.replace("\r\n", "\n").replace('\r', "\n").split('\n').count();
        for found in manifest.comments("plimsoll:") {
            prop_assert!(text[found.range.clone()].starts_with('#'));
            prop_assert!(found.about.is_none_or(|line| (1..=lines).contains(&line)));
        }
    }
}
