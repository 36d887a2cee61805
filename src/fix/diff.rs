//! What changes in a file, as `git apply` and `patch -p1` read it.

use std::io::{self, Write};
use std::path::Path;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::report::Repository;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// What a line break is missing after is said so.
const NO_NEWLINE: &[u8] = b"\\ No newline at end of file\n";

/// Writes a unified diff; nothing where the texts are equal.
///
/// Lines end at line feeds only, as they do for those who apply it, so that carriage returns stay what they are.
///
/// # Errors
/// When `out` cannot be written.
pub(super) fn write(path: &Path, before: &str, after: &str, out: &mut dyn Write) -> io::Result<()> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let groups = group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT);
    for (at, ops) in groups.iter().enumerate() {
        if at == 0 {
            let name = name(path);
            writeln!(out, "--- {}\n+++ {}", header("a/", &name), header("b/", &name))?;
        }
        let (Some(first), Some(last)) = (ops.first(), ops.last()) else { continue };
        let old_range = span(first.old_range().start, last.old_range().end);
        let new_range = span(first.new_range().start, last.new_range().end);
        writeln!(out, "@@ -{old_range} +{new_range} @@")?;
        for op in ops {
            let mut lines = |sign: &str, lines: Option<&[&str]>| {
                lines.unwrap_or_default().iter().try_for_each(|text| line(sign, text, out))
            };
            if let DiffOp::Equal { .. } = op {
                lines(" ", old.get(op.old_range()))?;
            } else {
                lines("-", old.get(op.old_range()))?;
                lines("+", new.get(op.new_range()))?;
            }
        }
    }
    Ok(())
}

fn line(sign: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(sign.as_bytes())?;
    out.write_all(text.as_bytes())?;
    if text.ends_with('\n') {
        return Ok(());
    }
    out.write_all(b"\n")?;
    out.write_all(NO_NEWLINE)
}

/// A range of lines as hunks name it: an empty one by the line before it.
fn span(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    }
}

/// The path from the root of the repository, where diffs of a repository are applied; elsewhere from the working
/// directory, or of a file that is not below it from the root of all files.
fn name(path: &Path) -> String {
    if super::is_stdin(path) {
        return "stdin".to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    Repository::around(&here).relative(path).trim_start_matches('/').to_owned()
}

/// A name in a header. One that holds more than plain characters is quoted as git does it, and one with a space is
/// followed by a tab, so that nobody takes the rest for a date.
fn header(side: &str, name: &str) -> String {
    let is_plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if !name.chars().all(is_plain) {
        let quoted: String = name
            .bytes()
            .map(|byte| match byte {
                b'"' | b'\\' => format!("\\{}", byte as char),
                0x20..0x7f => (byte as char).to_string(),
                _ => format!("\\{byte:03o}"),
            })
            .collect();
        return format!("\"{side}{quoted}\"");
    }
    let tab = if name.contains(' ') { "\t" } else { "" };
    format!("{side}{name}{tab}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(path: &str, before: &str, after: &str) -> String {
        let mut out = Vec::new();
        write(Path::new(path), before, after, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hunks_are_as_patch_reads_them() {
        assert_eq!(diff("x", "a\n", "a\n"), "");
        assert_eq!(
            diff("./x", "a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\ng\nf\n"),
            "--- a/x\n+++ b/x\n@@ -2,5 +2,6 @@\n b\n c\n d\n-e\n+E\n+g\n f\n"
        );
        assert_eq!(
            diff("x", "a\rb\r\nc", "a\rb\r\nc\r\nd"),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\rb\r\n-c\n\\ No newline at end of file\n+c\r\n+d\n\\ No newline at end of file\n"
        );
        assert_eq!(diff("x", "", "a\n"), "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
    }

    #[test]
    fn odd_names_are_quoted() {
        let head = |name: &str| diff(name, "", "a\n").lines().next().unwrap().to_owned();
        assert_eq!(head("a b"), "--- a/a b\t");
        assert_eq!(head("a\"b\u{7}é"), "--- \"a/a\\\"b\\007\\303\\251\"");
        assert_eq!(head("é"), "--- a/é");
        assert_eq!(head("/x/y"), "--- a/x/y");
        assert_eq!(head("-"), "--- a/stdin");
    }
}
