//! Conditions of a status, as `metav1.Condition` has them.

use jiff::Timestamp;
use serde_json::{Value, json};

/// What the API server takes for a message.
const MOST_OF_A_MESSAGE: usize = 8 << 10;

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody here can tell.
    Unknown,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Holds {
    fn text(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// What is to be said, whenever that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) kind: &'static str,
    pub(super) holds: Holds,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Condition {
    pub(super) fn new(
        kind: &'static str,
        holds: impl Into<Holds>,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut message = message.into();
        if message.len() > MOST_OF_A_MESSAGE {
            let end = (0..=MOST_OF_A_MESSAGE).rev().find(|at| message.is_char_boundary(*at));
            message.truncate(end.unwrap_or_default());
            message.push('…');
        }
        Self { kind, holds: holds.into(), reason, message }
    }

    /// Whether the same is said already.
    pub(super) fn stands_in(&self, present: &[Value], generation: i64) -> bool {
        self.found_in(present).is_some_and(|found| {
            found["status"] == self.holds.text()
                && found["reason"] == self.reason
                && found["message"] == self.message.as_str()
                && found["observedGeneration"] == generation
        })
    }

    /// As it is written. The time of the last transition is that of the present one where nothing turned.
    pub(super) fn render(&self, present: &[Value], generation: i64, now: Timestamp) -> Value {
        let before = self.found_in(present);
        let since = before
            .filter(|before| before["status"] == self.holds.text())
            .and_then(|before| before["lastTransitionTime"].as_str().map(str::to_owned));
        json!({
            "type": self.kind,
            "status": self.holds.text(),
            "reason": self.reason,
            "message": self.message,
            "observedGeneration": generation,
            "lastTransitionTime": since.unwrap_or_else(|| format!("{now:.0}")),
        })
    }

    fn found_in<'p>(&self, present: &'p [Value]) -> Option<&'p Value> {
        present.iter().find(|other| other["type"] == self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: &str = "2026-11-21T12:00:00Z";

    fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    #[test]
    fn what_stands_needs_no_writing() {
        let ready = Condition::new("Ready", true, "Compiled", "in force");
        assert!(!ready.stands_in(&[], 1));
        let written = [ready.render(&[], 1, noon())];
        assert_eq!(written[0]["lastTransitionTime"], NOON);
        assert!(ready.stands_in(&written, 1));
        assert!(!ready.stands_in(&written, 2), "the generation is told as well");
        let other = Condition { message: "else".to_owned(), ..ready };
        assert!(!other.stands_in(&written, 1));
    }

    #[test]
    fn the_time_of_a_transition_is_kept_until_there_is_another() {
        let ready = Condition::new("Ready", true, "Compiled", "in force");
        let written = [ready.render(&[], 1, noon())];
        let later = "2026-11-21T13:00:00Z".parse().unwrap();
        assert_eq!(ready.render(&written, 2, later)["lastTransitionTime"], NOON);
        let bad = Condition::new("Ready", false, "Invalid", "wrong");
        assert_eq!(bad.render(&written, 2, later)["lastTransitionTime"], "2026-11-21T13:00:00Z");
    }

    #[test]
    fn messages_are_cut_between_characters() {
        let long = Condition::new("Ready", false, "Invalid", "ä".repeat(10_000));
        assert!(long.message.len() <= MOST_OF_A_MESSAGE + 3 && long.message.ends_with("ä…"));
    }
}
