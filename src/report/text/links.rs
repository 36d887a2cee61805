//! Places that a terminal opens: OSC 8 hyperlinks around `file:line:column`.

use std::path::Path;

use crate::report::uri;

/// What starts the line that says where a finding is.
const ARROW: &str = "--> ";
/// Ends what starts with `OSC`, as ECMA-48 has it.
const END: &str = "\u{1b}\\";

/// Where the line that says where a finding is goes on behind its arrow. Titles have a line of their own before, and
/// may hold an arrow too.
pub(super) fn arrow(rendered: &str) -> Option<usize> {
    let title = rendered.find('\n')?;
    Some(title + rendered.get(title..)?.find(ARROW)? + ARROW.len())
}

/// The finding with its place as a link to the file; without a file, as it was. Files in a pipe have no address.
pub(super) fn linked(mut rendered: String, file: Option<&Path>) -> String {
    let address = file.filter(|file| file.as_os_str() != "-").and_then(address);
    let (Some(address), Some(start)) = (address, arrow(&rendered)) else { return rendered };
    let rest = rendered.get(start..).unwrap_or_default();
    let end = start + rest.find('\n').unwrap_or(rest.len());
    rendered.insert_str(end, &format!("\u{1b}]8;;{END}"));
    rendered.insert_str(start, &format!("\u{1b}]8;;{address}{END}"));
    rendered
}

/// The address of a file. A line in it would be understood by some terminals only, and by others as part of the name.
fn address(file: &Path) -> Option<String> {
    let whole = std::path::absolute(file).ok()?;
    Some(uri::file(&whole.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_a_link_and_nothing_else() {
        let text = "error[a/b]: x --> y:1:1\n --> web.yaml:3:5\n  |\n";
        let shown = linked(text.to_owned(), Some(Path::new("/srv/a b/web.yaml")));
        let expected = "error[a/b]: x --> y:1:1\n --> \u{1b}]8;;file:///srv/a%20b/web.yaml\u{1b}\\web.yaml:3:5\
                        \u{1b}]8;;\u{1b}\\\n  |\n";
        assert_eq!(shown, expected);
        for file in [None, Some(Path::new("-"))] {
            assert_eq!(linked(text.to_owned(), file), text);
        }
        assert_eq!(linked("error: x".to_owned(), Some(Path::new("x"))), "error: x");
    }
}
