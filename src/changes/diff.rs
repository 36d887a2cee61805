//! The lines that a unified diff without context says are new.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::Lines;

/// Reads the output of `git diff --unified=0`: the files there are afterwards, with their changed lines.
pub(super) fn read(diff: &[u8]) -> HashMap<String, Lines> {
    let mut files = HashMap::new();
    let mut file: Option<(String, Vec<RangeInclusive<usize>>)> = None;
    let mut is_new = false;
    // Lines of the files themselves, which could look like anything.
    let mut left = 0;
    for line in diff.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        if left > 0 && line.starts_with(['+', '-']) {
            left -= 1;
        } else if line.starts_with("diff --git ") {
            keep(&mut files, file.take(), is_new);
            is_new = false;
            left = 0;
        } else if line.starts_with("new file mode ") {
            is_new = true;
        } else if let Some(name) = line.strip_prefix("+++ ") {
            file = new_name(name).map(|name| (name, Vec::new()));
        } else if let Some((_, lines)) = &mut file
            && let Some(hunk) = Hunk::read(&line)
        {
            left = hunk.removed + hunk.added;
            lines.push(hunk.lines());
        }
    }
    keep(&mut files, file, is_new);
    files
}

fn keep(
    files: &mut HashMap<String, Lines>,
    file: Option<(String, Vec<RangeInclusive<usize>>)>,
    is_new: bool,
) {
    if let Some((name, lines)) = file {
        files.insert(name, if is_new { Lines::All } else { Lines::Some(lines) });
    }
}

/// The name behind `+++ `: `b/jobs/nightly.yaml`, with a tab at its end where it holds spaces, or in quotes with C's
/// escapes where it holds quotes, backslashes or control characters.
fn new_name(written: &str) -> Option<String> {
    let written = written.strip_suffix('\t').unwrap_or(written);
    let name = match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => unescape(quoted),
        None => written.to_owned(),
    };
    name.strip_prefix("b/").map(str::to_owned)
}

fn unescape(quoted: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = quoted.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'a') => bytes.push(7),
            Some(b'b') => bytes.push(8),
            Some(b'v') => bytes.push(11),
            Some(b'f') => bytes.push(12),
            Some(first @ b'0'..=b'3') => {
                let digits = [Some(first), rest.next(), rest.next()];
                let value = digits.iter().flatten().fold(0_u32, |value, digit| {
                    value * 8 + u32::from(digit.wrapping_sub(b'0') & 7)
                });
                bytes.push(value as u8);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `@@ -removed +added @@`
struct Hunk {
    removed: usize,
    start: usize,
    added: usize,
}

impl Hunk {
    fn read(line: &str) -> Option<Self> {
        let (removed, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
        let (added, _) = rest.split_once(" @@")?;
        let (_, removed) = span(removed)?;
        let (start, added) = span(added)?;
        Some(Self { removed, start, added })
    }

    fn lines(&self) -> RangeInclusive<usize> {
        match self.added {
            // What was removed stood behind this line.
            0 => self.start.max(1)..=self.start + 1,
            added => self.start..=self.start + added - 1,
        }
    }
}

/// `start,count`, where a count of one is left out.
fn span(text: &str) -> Option<(usize, usize)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}
