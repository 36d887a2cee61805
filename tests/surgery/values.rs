//! Objects with the shapes and the texts of Kubernetes.

use serde_json::{Map, Value, json};

/// Numbers that look random and are the same for one seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// Once in so many throws.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

const KEYS: [&str; 22] = [
    "name",
    "image",
    "labels",
    "app.kubernetes.io/name",
    "resources",
    "limits",
    "cpu",
    "memory",
    "env",
    "args",
    "y",
    "on",
    "123",
    "a b",
    "null",
    "dnsPolicy",
    "a~b",
    "it's",
    "\"q\"",
    "-x",
    "#h",
    "ü",
];

const TEXTS: [&str; 40] = [
    "Always",
    "nginx:1.27",
    "100m",
    "1Gi",
    "on",
    "yes",
    "0777",
    "1e3",
    "null",
    "~",
    "2",
    "true",
    "",
    "a: b",
    "a #b",
    "# k",
    "x, y",
    "{a}",
    "[b]",
    "--flag=1",
    "-",
    "- x",
    "10:30",
    "2026-11-21",
    "it's",
    "say \"hi\"",
    "back\\slash",
    "one two three four",
    "line\n",
    "two\nlines",
    "two\nlines\n\n\n",
    "  indented\nless\n",
    "tab\there",
    "ünï ☃ 🦀",
    "*x",
    "&y",
    "!z",
    "%d",
    "@at",
    "\u{1}\u{7f}",
];

pub fn key(dice: &mut Dice) -> String {
    (*dice.pick(&KEYS)).to_owned()
}

pub fn scalar(dice: &mut Dice) -> Value {
    match dice.below(10) {
        0 => Value::Null,
        1 => json!(dice.once_in(2)),
        2 => json!(dice.below(1000) as i64 - 500),
        3 => json!(0.5),
        _ => json!(dice.pick(&TEXTS)),
    }
}

pub fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(10) {
        0..=2 if depth > 0 => Value::Object(map(dice, depth)),
        3..=4 if depth > 0 => {
            let count = dice.below(4);
            (0..count).map(|_| value(dice, depth - 1)).collect()
        }
        _ => scalar(dice),
    }
}

fn map(dice: &mut Dice, depth: usize) -> Map<String, Value> {
    let count = dice.below(5);
    (0..count).map(|_| (key(dice), value(dice, depth - 1))).collect()
}

pub fn object(dice: &mut Dice) -> Value {
    let mut object = map(dice, 4);
    object.insert("kind".to_owned(), json!("Pod"));
    if dice.once_in(2) {
        let containers: Vec<Value> = (0..1 + dice.below(3))
            .map(|_| {
                let mut container = map(dice, 3);
                container.insert("name".to_owned(), scalar(dice));
                Value::Object(container)
            })
            .collect();
        object.insert("spec".to_owned(), json!({"containers": containers}));
    }
    Value::Object(object)
}
