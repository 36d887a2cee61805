//! Rules that want images renamed to what other rules want renamed in turn.

use crate::finding::Renaming;

/// What is to be told of two rules, each given with its name: the first loop that they make, or else the first chain.
/// The first rule has its way.
pub(super) fn crossing(
    (winner, ours): (&str, &[Renaming]),
    (loser, theirs): (&str, &[Renaming]),
) -> Option<String> {
    let pairs = || ours.iter().flat_map(|our| theirs.iter().map(move |their| (our, their)));
    let told = |our: &Renaming, their: &Renaming| {
        format!(
            "images below {} should be rewritten to {} by {winner} and those below {} to {} by {loser}",
            our.from, our.to, their.from, their.to
        )
    };
    if let Some((our, their)) = pairs().find(|(our, their)| is_loop(our, their)) {
        return Some(format!(
            "{}: that is a loop, in which no name is right to both; where both match, {winner} has its way, and {loser} \
             finds fault with every image that {winner} is content with, so where it denies, such pods are refused until \
             one of the two is changed",
            told(our, their)
        ));
    }
    let is_chain = |our: &Renaming, their: &Renaming| meets(&our.to, &their.from);
    if let Some((our, their)) = pairs().find(|(our, their)| is_chain(our, their)) {
        return Some(format!(
            "{}: that is a chain; where both match, {loser} goes on from what {winner} makes. Let {winner} lead to where \
             images are in the end",
            told(our, their)
        ));
    }
    let (our, their) = pairs().find(|(our, their)| is_chain(their, our))?;
    Some(format!(
        "{}: that is a chain; where both match, {winner} has its way, and {loser} makes nothing that {winner} would \
         rewrite. Let {loser} lead to where images are in the end",
        told(our, their)
    ))
}

/// Whether a name that both renamed, in either order, is one to rename again.
fn is_loop(one: &Renaming, other: &Renaming) -> bool {
    let again = |first: &Renaming, second: &Renaming| {
        after(first, second).is_some_and(|name| meets(&name, &first.from))
    };
    again(one, other) || again(other, one)
}

/// What names begin with that the first renamed and then the second.
fn after(first: &Renaming, second: &Renaming) -> Option<String> {
    match below(&first.to, &second.from) {
        Some(rest) => Some(format!("{}{rest}", second.to)),
        None => below(&second.from, &first.to).map(|_| second.to.clone()),
    }
}

/// Whether a name can be below both.
fn meets(one: &str, other: &str) -> bool {
    below(one, other).is_some() || below(other, one).is_some()
}

/// What follows a prefix that ends where a part of the name ends: nothing, or a slash and the rest.
fn below<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    name.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, to: &str) -> [Renaming; 1] {
        [Renaming { from: from.to_owned(), to: to.to_owned() }]
    }

    #[test]
    fn loops_chains_and_neither_are_told_apart() {
        let hub = of("docker.io", "a.example.com/hub");
        for (other, said) in [
            (of("a.example.com", "docker.io/x"), Some("a loop")),
            (of("a.example.com/hub/library", "docker.io/x"), Some("a loop")),
            (of("a.example.com/hub", "b.example.com"), Some("b goes on from what a makes")),
            (of("quay.io", "docker.io/quay"), Some("b makes nothing that a would rewrite")),
            (of("a.example.com/hubs", "docker.io/x"), Some("b makes nothing that a would rewrite")),
            (of("quay.io", "a.example.com/quay"), None),
            (of("a.example.com/other", "b.example.com"), None),
        ] {
            let message = crossing(("a", &hub), ("b", &other));
            assert_eq!(message.is_some(), said.is_some(), "{other:?}: {message:?}");
            if let (Some(message), Some(said)) = (message, said) {
                assert!(message.contains(said), "{other:?}: {message}");
                assert!(message.contains("docker.io") && message.contains(&other[0].from));
            }
        }
    }

    #[test]
    fn what_never_comes_back_is_no_loop() {
        // team-b comes to docker.io/other, which the first leaves alone.
        let one = of("docker.io/team", "a.example.com/team");
        let message =
            crossing(("a", &one), ("b", &of("a.example.com", "docker.io/other"))).unwrap();
        assert!(message.contains("a chain"), "{message}");
    }
}
