//! A rule's page: Markdown as it is in a pipe, and with the marks made visible on a terminal.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};

const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();
const STRONG: Style = Style::new().bold();
/// Where the descriptions of a table are broken.
const WIDTH: usize = 100;

/// Writes a page.
pub(super) fn write(page: &str, color: bool, out: &mut dyn Write) -> io::Result<()> {
    // The first line is a note to those who edit the file.
    let page = page
        .strip_prefix("<!--")
        .and_then(|rest| rest.split_once("-->\n"))
        .map_or(page, |(_, rest)| rest)
        .trim();
    if !color {
        return writeln!(out, "{page}");
    }
    let mut is_block = false;
    // Code in a line may go on in the next one.
    let mut is_code = false;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        is_code &= !line.is_empty();
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            writeln!(out, "    {CODE}{line}{CODE:#}")?;
        } else if let Some(title) = line.strip_prefix('#') {
            writeln!(out, "{HEADING}{}{HEADING:#}", title.trim_start_matches('#').trim())?;
        } else if line.starts_with('|') {
            let is_ruler = |line: &str| line.starts_with("| ---");
            // The names of the columns say little where there are two.
            if !is_ruler(line) && !lines.peek().is_some_and(|next| is_ruler(next)) {
                row(line, out)?;
            }
        } else {
            writeln!(out, "{}", inline(line, &mut is_code))?;
        }
    }
    Ok(())
}

/// A heading of what is no Markdown.
pub(super) fn heading(text: &str, color: bool) -> String {
    if color { format!("{HEADING}{text}{HEADING:#}") } else { text.to_owned() }
}

/// A row of a table: its first cell, and below it the others.
fn row(line: &str, out: &mut dyn Write) -> io::Result<()> {
    let line = line.trim_matches('|').replace("\\|", "\u{1}");
    let mut cells = line.split('|').map(|cell| cell.trim().replace('\u{1}', "|"));
    writeln!(out, "  {}", inline(&cells.next().unwrap_or_default(), &mut false))?;
    for cell in cells {
        for line in wrap(&cell, WIDTH - 6) {
            writeln!(out, "      {}", inline(&line, &mut false))?;
        }
    }
    Ok(())
}

/// A text in lines; words are kept whole, and so is code.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_code = false;
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if is_code || line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
        is_code ^= word.matches('`').count() % 2 == 1;
    }
    lines
}

/// A line with its code and its strong words made visible, and links by their words. `is_code`: whether it starts in
/// the middle of code, and then whether it ends there.
fn inline(line: &str, is_code: &mut bool) -> String {
    let mut text = String::new();
    for (at, part) in line.split('`').enumerate() {
        *is_code ^= at > 0;
        if *is_code {
            text += &format!("{CODE}{part}{CODE:#}");
            continue;
        }
        for (at, part) in part.split("**").enumerate() {
            let part = without_targets(part);
            if at % 2 == 1 {
                text += &format!("{STRONG}{part}{STRONG:#}");
            } else {
                text += &part;
            }
        }
    }
    text
}

/// `[words](target)` -> `words`
fn without_targets(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("](") {
        let Some((_, behind)) = after.split_once(')') else { break };
        let (head, words) = before.rsplit_once('[').unwrap_or(("", before));
        plain += head;
        plain += words;
        rest = behind;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(page: &str, color: bool) -> String {
        let mut out = Vec::new();
        write(page, color, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_pipe_gets_the_page_as_it_is() {
        let page =
            "<!-- made -->\n\n# dns\n\nText `code`.\n\n| a | b |\n| --- | --- |\n| c | d |\n";
        let expected = "# dns\n\nText `code`.\n\n| a | b |\n| --- | --- |\n| c | d |\n";
        assert_eq!(shown(page, false), expected);
    }

    #[test]
    fn a_terminal_gets_no_marks() {
        let page = "## Why\n\n**Fix**: [see](a.md) `x |\ny` z\n\n```yaml\na: 1\n```\n\n| f | w |\n| --- | --- |\n| `x` | a \\| b |\n";
        let text = shown(page, true);
        let mut parts = text.split('\u{1b}');
        let mut plain = parts.next().unwrap().to_owned();
        plain.extend(parts.map(|part| part.split_once('m').unwrap().1));
        assert_eq!(plain, "Why\n\nFix: see x |\ny z\n\n    a: 1\n\n  x\n      a | b\n");
        assert!(text.contains("\u{1b}[1mWhy"), "{text:?}");
    }

    #[test]
    fn long_cells_are_broken_between_words() {
        let lines = wrap("one two three `four five six` seven", 12);
        assert_eq!(lines, ["one two", "three `four five six`", "seven"]);
    }
}
