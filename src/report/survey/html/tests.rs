//! The frame of the page; what it shows is tested in a browser.

use super::*;

#[test]
fn the_style_and_the_script_end_where_their_elements_do() {
    for text in [STYLE, SCRIPT] {
        assert!(!text.contains("</") && !text.contains("<!--"), "the element would end there");
        assert!(text.is_ascii() || std::ptr::eq(text, STYLE), "{text}");
        for address in ["http:", "https:", "url(", "@import", "fetch(", "innerHTML", "eval("] {
            assert!(!text.contains(address), "{address}");
        }
    }
}

#[test]
fn browsers_may_run_this_script_and_no_other() {
    let policy = content_security_policy();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains('*') && !policy.contains('"'),
        "{policy}"
    );
}
