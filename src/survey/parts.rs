//! Which parts of the work a survey is of, so that nobody takes some of them for all, or one of them for two.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Problem;

/// Parts that work is cut into at most.
pub const MAX_SHARDS: u64 = 10_000;
/// Missing parts that are named one by one.
const MAX_NAMED: usize = 10;

/// One part of work that is cut into parts of about the same size: `3/7` is the third of seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    /// How many parts there are.
    of: u64,
    /// Which it is, from 1.
    number: u64,
}

impl Shard {
    /// The part of this number, from 1.
    ///
    /// # Errors
    /// When there is no such part, or are more than [`MAX_SHARDS`].
    pub fn new(number: u64, of: u64) -> Result<Self, String> {
        if of == 0 || of > MAX_SHARDS {
            return Err(format!("work is cut into 1 to {MAX_SHARDS} shards, and not into {of}"));
        }
        if number == 0 || number > of {
            return Err(format!("shards are numbered from 1 to {of}, and there is no {number}"));
        }
        Ok(Self { of, number })
    }

    /// Whether the piece of work at this position, from 0, is in this part.
    pub const fn takes(self, position: u64) -> bool {
        position % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let (number, of) = numbers.ok_or("write I/N, such as 3/7 for the third of seven")?;
        Self::new(number, of)
    }
}

impl Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

/// How often each part of each source was added; empty where nothing was cut into parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(BTreeMap<Arc<str>, BTreeMap<Shard, u64>>);

impl Parts {
    /// One part of what was read.
    pub fn one(source: &str, shard: Shard) -> Self {
        Self(BTreeMap::from([(source.into(), BTreeMap::from([(shard, 1)]))]))
    }

    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        for (source, shards) in other.0 {
            let there = self.0.entry(source).or_default();
            for (shard, count) in shards {
                let times = there.entry(shard).or_default();
                *times = times.saturating_add(count);
            }
        }
    }

    /// What keeps the parts from being the whole: those that are missing, and those that are there twice.
    pub fn faults(&self) -> Vec<Problem> {
        let faults = self.0.iter().flat_map(|(source, shards)| {
            faults(shards).into_iter().map(move |(message, help)| Problem {
                source: Arc::clone(source),
                line: None,
                message,
                help: Some(help.to_owned()),
            })
        });
        faults.collect()
    }
}

fn faults(shards: &BTreeMap<Shard, u64>) -> Vec<(String, &'static str)> {
    let mut faults = Vec::new();
    for (shard, _) in shards.iter().filter(|(_, times)| **times > 1) {
        let message = format!("shard {shard} is here more than once, and was counted each time");
        faults.push((message, "name each partial result once"));
    }
    let (Some((first, _)), Some((last, _))) = (shards.first_key_value(), shards.last_key_value())
    else {
        return faults;
    };
    if first.of != last.of {
        let message = format!("it was cut into {} shards, and also into {}", first.of, last.of);
        faults.push((message, "add up only the shards of one run"));
        return faults;
    }
    let missing = (1..=first.of).map(|number| Shard { of: first.of, number });
    let missing: Vec<Shard> = missing.filter(|shard| !shards.contains_key(shard)).collect();
    if !missing.is_empty() {
        let named: Vec<_> = missing.iter().take(MAX_NAMED).map(Shard::to_string).collect();
        let more = match missing.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let are = if missing.len() == 1 { "shard" } else { "shards" };
        let message = format!("the result lacks {are} {}{more}", named.join(", "));
        faults.push((message, "wait for every shard, run those that failed again, and add up all"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(text: &str) -> Shard {
        text.parse().unwrap()
    }

    fn parts(shards: &[&str]) -> Parts {
        let mut parts = Parts::default();
        shards.iter().for_each(|text| parts.merge(Parts::one("a.log", shard(text))));
        parts
    }

    fn told(shards: &[&str]) -> Vec<String> {
        parts(shards).faults().into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn shards_share_everything_and_nothing_twice() {
        for of in [1, 2, 7] {
            for position in 0..50 {
                let takers =
                    (1..=of).filter(|number| Shard::new(*number, of).unwrap().takes(position));
                assert_eq!(takers.count(), 1, "{position} of {of}");
            }
        }
        for wrong in ["", "3", "0/7", "8/7", "1/0", "1/10001", "-1/7", "1/7/2", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_missing_and_what_is_there_twice_is_told() {
        assert!(told(&["1/2", "2/2"]).is_empty());
        assert!(told(&[]).is_empty());
        assert_eq!(told(&["1/3"]), ["the result lacks shards 2/3, 3/3"]);
        assert_eq!(told(&["1/12"])[0].matches("and 1 more").count(), 1);
        let twice = told(&["1/2", "2/2", "2/2"]);
        assert_eq!(twice, ["shard 2/2 is here more than once, and was counted each time"]);
        assert_eq!(told(&["1/2", "2/2", "1/3"]), ["it was cut into 2 shards, and also into 3"]);
    }

    #[test]
    fn parts_are_kept_in_files() {
        let text = serde_json::to_string(&parts(&["1/2", "2/2"])).unwrap();
        assert_eq!(text, r#"{"a.log":{"1/2":1,"2/2":1}}"#);
        assert_eq!(serde_json::from_str::<Parts>(&text).unwrap(), parts(&["2/2", "1/2"]));
        assert!(serde_json::from_str::<Parts>(r#"{"a.log":{"3/2":1}}"#).is_err());
    }
}
