//! `# plimsoll: ignore[rule] reason`, on the line of a finding or above it.

use std::sync::Arc;

use super::clause::{Clause, split};
use super::{Said, Warned};
use crate::decode::nearest;
use crate::manifest::{Comment, Manifest, Place, Stray};

/// What our comments begin with.
const WORD: &str = "plimsoll:";
const IGNORE: &str = "ignore";
const IGNORE_FILE: &str = "ignore-file";
const EXAMPLE: &str = "name the rules and say why, as in `# plimsoll: ignore[no-latest] the vendor ships no other tag`";

/// The comments of a file.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Of the whole file.
    file: Vec<Clause>,
    /// Of lines, in the order of these.
    lines: Vec<(usize, Clause)>,
}

impl Comments {
    pub(super) fn of(manifest: &Manifest, warnings: &mut Vec<Warned>) -> Self {
        let mut comments = Self::default();
        let ours = manifest.comments(WORD);
        let strays = manifest.stray(WORD, &ours);
        warnings.extend(strays.iter().filter_map(|stray| astray(stray, manifest)));
        for comment in ours {
            let place = |range| manifest.text.place(range);
            let text = manifest.text.as_str();
            match read(&comment, text, &place) {
                Ok(read) => {
                    if read.clause.reason.is_empty() {
                        warnings.push(unexplained("this comment", place(comment.range.clone())));
                    }
                    match (read.whole_file, comment.about) {
                        (true, _) => comments.file.push(read.clause),
                        (false, about) => {
                            comments.lines.push((about.unwrap_or(usize::MAX), read.clause))
                        }
                    }
                }
                Err((message, help)) => warnings.push(Warned {
                    place: place(comment.range),
                    message: format!("{message}; this comment silences nothing"),
                    help: Some(help),
                    minor: false,
                }),
            }
        }
        comments
    }

    /// The reason of the first comment that silences a finding.
    pub(super) fn covers(&self, said: &Said<'_>) -> Option<Arc<str>> {
        let first = self.lines.partition_point(|(line, _)| *line < said.place.line);
        let near = self.lines.iter().skip(first);
        let near = near.take_while(|(line, _)| *line <= said.place.end_line.max(said.place.line));
        let mut reason = None;
        for clause in near.map(|(_, clause)| clause).chain(&self.file) {
            if clause.names(said) {
                reason = reason.or_else(|| Some(Arc::clone(&clause.reason)));
            }
        }
        reason
    }

    pub(super) fn clauses(&self) -> impl Iterator<Item = &Clause> {
        self.file.iter().chain(self.lines.iter().map(|(_, clause)| clause))
    }
}

/// A comment that was perhaps meant to silence something. What is quoted is only spoken of.
fn astray(stray: &Stray, manifest: &Manifest) -> Option<Warned> {
    let text = manifest.text.as_str();
    let body = text.get(stray.body.clone())?;
    let rest = body.trim_start();
    let (word, rest) = rest.split_at_checked(IGNORE.len())?;
    let rest = rest.strip_prefix("-file").unwrap_or(rest).trim_start();
    let before = text.get(stray.range.start..stray.body.start.checked_sub(WORD.len())?)?;
    let is_quoted = before.trim_end_matches([' ', '\t', '#']).ends_with(['`', '"', '\'']);
    if !word.eq_ignore_ascii_case(IGNORE) || !rest.starts_with('[') || is_quoted {
        return None;
    }
    let message = if stray.leads {
        format!("`{WORD}` is written in small letters; this comment silences nothing")
    } else {
        format!("`{WORD}` stands behind other words; this comment silences nothing")
    };
    let help = Some(
        "begin the comment with it, as in `# plimsoll: ignore[no-latest] the vendor ships no other tag`",
    );
    Some(Warned {
        place: manifest.text.place(stray.range.clone()),
        message,
        help: help.map(str::to_owned),
        minor: false,
    })
}

/// A silence that gives no reason. It counts all the same.
pub(super) fn unexplained(what: &str, place: Place) -> Warned {
    Warned {
        place,
        message: format!("{what} gives no reason"),
        help: Some("say why, for those who come across it".to_owned()),
        minor: true,
    }
}

struct Read {
    clause: Clause,
    whole_file: bool,
}

fn read(
    comment: &Comment,
    text: &str,
    place: &dyn Fn(std::ops::Range<usize>) -> Place,
) -> Result<Read, (String, String)> {
    let body = text.get(comment.body.clone()).unwrap_or_default();
    let trimmed = body.trim_start();
    let start = comment.body.start + body.len() - trimmed.len();
    let word = trimmed.find(|c: char| c != '-' && !c.is_alphanumeric()).unwrap_or(trimmed.len());
    let (word, rest) = trimmed.split_at(word);
    let refuse = |message: String, help: &str| Err((message, help.to_owned()));
    if word != IGNORE && word != IGNORE_FILE {
        let near = nearest(word, [IGNORE, IGNORE_FILE].into_iter());
        let help = near.unwrap_or_else(|| EXAMPLE.to_owned());
        return refuse(format!("`{word}` is nothing that a comment can ask for"), &help);
    }
    let Some(list) = rest.trim_start().strip_prefix('[') else {
        return refuse(format!("`{word}` names no rule"), EXAMPLE);
    };
    let Some((list, reason)) = list.split_once(']') else {
        return refuse(format!("the bracket after `{word}` is not closed"), EXAMPLE);
    };
    if list.split(',').all(|name| name.trim().is_empty()) {
        return refuse(format!("`{word}[]` names no rule"), EXAMPLE);
    }
    if list.split(',').any(|name| name.trim() == "*") {
        return refuse(format!("`{word}[*]` names no rule"), EXAMPLE);
    }
    if word == IGNORE_FILE && !comment.at_top {
        return refuse(
            "`ignore-file` stands below the first field of the file".to_owned(),
            "move it to the top, or use `ignore` on the line of the finding",
        );
    }
    let list_start = start + (trimmed.len() - rest.trim_start().len()) + 1;
    let names = split(list).filter(|(_, name)| !name.is_empty()).map(|(at, name)| {
        let from = list_start + at;
        (name, place(from..from + name.len()))
    });
    let reason = reason.trim_start_matches(|c: char| c.is_whitespace() || ":-–—".contains(c));
    Ok(Read { clause: Clause::new(names, reason.trim_end()), whole_file: word == IGNORE_FILE })
}
