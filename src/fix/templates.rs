//! Templates of Helm that happen to be YAML: what stands in them is not what the cluster gets.

/// Where the first action of a Go template stands in `text`, from `start` on.
///
/// The braces alone prove nothing: Argo Workflows and Tekton have placeholders of their own, `{{inputs.parameters.x}}`,
/// in objects that are applied as they are.
pub(super) fn find_action(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    memchr::memmem::find_iter(rest.as_bytes(), "{{")
        .find(|at| rest.get(at + 2..).is_some_and(is_action))
        .map(|at| start + at)
}

/// Whether what follows two braces is an action: a field, a variable, a literal, a comment, a trimmed space, a keyword,
/// or a function with an argument.
fn is_action(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t']);
    let word: &str =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    match text.chars().next() {
        Some('.' | '$' | '-' | '(' | '/' | '`') => true,
        Some(c) if c.is_alphabetic() => {
            let after = text.get(word.len()..).unwrap_or_default();
            let argument = after.trim_start_matches([' ', '\t']);
            let has_argument = after.len() != argument.len()
                && argument.starts_with(|c: char| c.is_alphanumeric() || ".$\"`(".contains(c));
            matches!(word, "end" | "else") || has_argument
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_helm_are_told_from_the_placeholders_of_others() {
        for action in [
            "{{ .Values.image }}",
            "{{- if .Values.x }}",
            "{{$x := 1}}",
            "{{ include \"a.b\" . | nindent 4 }}",
            "{{ end }}",
            "{{/* said */}}",
            "{{ toYaml .Values.resources }}",
            "{{ (index .Values.a 0) }}",
            "{{`{{inputs.x}}`}}",
        ] {
            assert_eq!(find_action(&format!("a: {action}"), 0), Some(3), "{action}");
        }
        for other in [
            "{{inputs.parameters.message}}",
            "{{ workflow.name }}",
            "{{item}}",
            "{{=sprig.trim(inputs.parameters.x)}}",
            "{{}}",
            "{ {.a} }",
            "{{ 1 }}",
        ] {
            assert_eq!(find_action(other, 0), None, "{other}");
        }
        assert_eq!(find_action("{{ .a }} {{ .b }}", 1), Some(9));
    }
}
