//! Writes values in random styles of YAML and JSON.

use serde_json::Value;

use crate::values::Dice;

/// One file with these objects.
pub fn render(objects: &[Value], dice: &mut Dice) -> String {
    if dice.once_in(6) {
        return json(objects, dice);
    }
    let mut writer = Writer {
        step: 1 + dice.below(4),
        list_step: dice.below(2) * (1 + dice.below(3)),
        comments: dice.once_in(2),
        lists_vary: dice.once_in(4),
        flow: *dice.pick(&[0, 0, 3, 8]),
        out: String::new(),
        count: 0,
        tight: false,
        dice,
    };
    if objects.len() > 1 && writer.dice.once_in(3) {
        writer.list(objects);
    } else {
        writer.stream(objects);
    }
    let (mut out, tight) = (writer.out, writer.tight);
    if !tight && dice.once_in(3) && out.ends_with('\n') {
        out.pop();
    }
    if dice.once_in(4) {
        out = out.replace('\n', "\r\n");
    }
    out
}

fn json(objects: &[Value], dice: &mut Dice) -> String {
    let write = |value: &Value, dice: &mut Dice| {
        let indent: &[u8] = match dice.below(4) {
            0 => return value.to_string(),
            1 => b"  ",
            2 => b"    ",
            _ => b"\t",
        };
        let mut out = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(indent);
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        serde::Serialize::serialize(value, &mut serializer).unwrap();
        String::from_utf8(out).unwrap()
    };
    let mut out = if dice.once_in(2) {
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
        write(&list, dice)
    } else {
        let all: Vec<String> = objects.iter().map(|object| write(object, dice)).collect();
        all.join("\n")
    };
    if dice.once_in(2) {
        out.push('\n');
    }
    if dice.once_in(4) {
        out = out.replace('\n', "\r\n");
    }
    out
}

struct Writer<'d> {
    step: usize,
    list_step: usize,
    comments: bool,
    lists_vary: bool,
    /// How many of ten collections stand in brackets.
    flow: usize,
    out: String,
    count: usize,
    /// Whether a block scalar that keeps blank lines has just ended.
    tight: bool,
    dice: &'d mut Dice,
}

impl Writer<'_> {
    fn stream(&mut self, objects: &[Value]) {
        for (number, object) in objects.iter().enumerate() {
            if number > 0 || self.dice.once_in(3) {
                self.out.push_str("---");
                self.line_end();
            }
            self.between(0);
            self.collection(object, 0);
            if self.dice.once_in(6) {
                self.out.push_str("...\n");
                self.tight = false;
            }
        }
        if self.dice.once_in(5) {
            self.between(0);
        }
    }

    fn list(&mut self, objects: &[Value]) {
        self.out.push_str("apiVersion: v1\nkind: List\n");
        self.between(0);
        self.out.push_str("items:");
        let column = self.list_step;
        self.items(objects, column, true);
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
        self.tight = false;
    }

    fn comment(&mut self) {
        self.count += 1;
        self.out.push_str(&format!("# c{}", self.count));
        if self.dice.once_in(6) {
            self.out.push_str(" it's: [a, {b}] \"x, - y");
        }
    }

    /// The end of a line, perhaps with a comment.
    fn line_end(&mut self) {
        if self.comments && self.dice.once_in(5) {
            let spaces = if self.out.ends_with(['-', '?']) { 2 } else { 3 };
            let space: &str = self.dice.pick::<&str>(&[" ", "  ", "\t"][..spaces]);
            self.out.push_str(space);
            self.comment();
        } else if self.dice.once_in(20) {
            self.out.push(' ');
        }
        self.out.push('\n');
    }

    /// Lines between entries.
    fn between(&mut self, column: usize) {
        if self.comments && self.dice.once_in(6) {
            self.indent(column);
            self.comment();
            self.out.push('\n');
        }
        if !self.tight && self.dice.once_in(8) {
            self.out.push('\n');
        }
        if self.comments && self.dice.once_in(10) {
            self.indent(column);
            self.comment();
            self.out.push('\n');
        }
    }

    /// A block collection that begins here; it ends with its last line.
    fn collection(&mut self, value: &Value, column: usize) {
        match value {
            Value::Object(map) => {
                let mut fields: Vec<_> = map.iter().collect();
                self.dice.shuffle(&mut fields);
                for (number, (key, value)) in fields.into_iter().enumerate() {
                    if number > 0 {
                        self.between(column);
                        self.indent(column);
                    }
                    self.field(key, value, column);
                }
            }
            Value::Array(list) => {
                for (number, value) in list.iter().enumerate() {
                    if number > 0 {
                        self.between(column);
                        self.indent(column);
                    }
                    self.item(value, column);
                }
            }
            _ => {}
        }
        if self.comments && self.dice.once_in(12) {
            self.indent(column);
            self.comment();
            self.out.push('\n');
        }
    }

    fn items(&mut self, list: &[Value], column: usize, _top: bool) {
        self.line_end();
        for value in list {
            self.between(column);
            self.indent(column);
            self.item(value, column);
        }
    }

    fn field(&mut self, key: &str, value: &Value, column: usize) {
        let explicit = self.dice.once_in(30);
        if explicit {
            self.out.push_str("? ");
        }
        self.key(key, false);
        if explicit {
            self.line_end();
            self.indent(column);
        } else if self.dice.once_in(30) {
            self.out.push(' ');
        }
        self.out.push(':');
        if !is_collection(value) {
            return self.leaf(value, column);
        }
        if self.in_brackets() {
            self.out.push(' ');
            self.brackets(value, column);
            return self.line_end();
        }
        let column = match value {
            Value::Array(_) if self.lists_vary => column + self.dice.below(3),
            Value::Array(_) => column + self.list_step,
            _ => column + self.step,
        };
        self.line_end();
        self.between(column);
        self.indent(column);
        self.collection(value, column);
    }

    fn item(&mut self, value: &Value, column: usize) {
        self.out.push('-');
        if !is_collection(value) {
            return self.leaf(value, column);
        }
        if self.in_brackets() {
            self.out.push(' ');
            self.brackets(value, column);
            return self.line_end();
        }
        if self.dice.once_in(12) {
            let column = column + 1 + self.dice.below(3);
            self.line_end();
            self.between(column);
            self.indent(column);
            return self.collection(value, column);
        }
        let gap = if self.dice.once_in(5) { 1 + self.dice.below(4) } else { 1 };
        self.indent(gap);
        self.collection(value, column + 1 + gap);
    }

    fn in_brackets(&mut self) -> bool {
        self.dice.below(10) < self.flow
    }

    /// A scalar or an empty collection behind a mark, to the end of its line.
    fn leaf(&mut self, value: &Value, column: usize) {
        let space = if self.dice.once_in(8) { "   " } else { " " };
        let text = match value {
            Value::Null => (*self.dice.pick(&["", " ~", " null"])).to_owned(),
            Value::Object(_) => format!("{space}{}", self.dice.pick(&["{}", "{}", "{ }"])),
            Value::Array(_) => format!("{space}[]"),
            Value::String(text) => {
                if self.dice.once_in(3) && self.block_scalar(text, column) {
                    return;
                }
                if self.dice.once_in(12) {
                    // On a line of its own.
                    self.line_end();
                    self.indent(column + 1);
                    self.string(text, Some(column + 1));
                    return self.line_end();
                }
                self.out.push_str(space);
                self.string(text, Some(column + 1));
                return self.line_end();
            }
            other => format!("{space}{other}"),
        };
        self.out.push_str(&text);
        self.line_end();
    }

    /// Text as `|` or `>`, where it can be written so.
    fn block_scalar(&mut self, text: &str, column: usize) -> bool {
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        let odd = |character: char| character.is_control() && character != '\n';
        if body.is_empty() || text.contains(odd) || text.starts_with('\n') {
            return false;
        }
        let indent = 1 + self.dice.below(4);
        let folds = !text.contains('\n') && !text.starts_with(' ') && self.dice.once_in(2);
        self.out.push_str(if folds { " >" } else { " |" });
        if text.starts_with(' ') || self.dice.once_in(5) {
            self.out.push_str(&indent.to_string());
        }
        let keeps = breaks > 1 || breaks == 1 && self.dice.once_in(4);
        self.out.push_str(match breaks {
            _ if keeps => "+",
            0 => "-",
            _ => "",
        });
        self.line_end();
        let body = if folds { body.replacen(' ', "\n", 1) } else { body.to_owned() };
        for line in body.split('\n') {
            if !line.is_empty() {
                self.indent(column + indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
        self.tight = keeps;
        true
    }

    /// Text on its line; from `fold` on where it may go on on the next one.
    fn string(&mut self, text: &str, fold: Option<usize>) {
        let printable = !text.contains(char::is_control);
        let folded = |text: &str, dice: &mut Dice| match fold {
            Some(column) if dice.once_in(4) => fold_once(text, column),
            _ => text.to_owned(),
        };
        let text = match self.dice.below(4) {
            0 | 1 if is_plain(text) => folded(text, self.dice),
            2 if printable => {
                let text = folded(&text.replace('\'', "''"), self.dice);
                format!("'{text}'")
            }
            _ => folded(&Value::from(text).to_string().replace('\u{7f}', "\\u007f"), self.dice),
        };
        self.out.push_str(&text);
    }

    fn key(&mut self, key: &str, flow: bool) {
        let plain = is_plain(key) && !(flow && key.contains([',', '{', '}', '[', ']']));
        let text = match self.dice.below(8) {
            0 => Value::from(key).to_string(),
            1 => format!("'{}'", key.replace('\'', "''")),
            _ if plain => key.to_owned(),
            _ => Value::from(key).to_string(),
        };
        self.out.push_str(&text);
    }

    /// A collection in brackets, at a place whose block is indented by `column`.
    fn brackets(&mut self, value: &Value, column: usize) {
        let lines = self.dice.once_in(3).then_some(column + self.step.max(1));
        let trailing = self.dice.once_in(4);
        let pad = self.dice.once_in(3);
        let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
        let entries: Vec<(Option<&str>, &Value)> = match value {
            Value::Object(map) => {
                map.iter().map(|(key, value)| (Some(key.as_str()), value)).collect()
            }
            Value::Array(list) => list.iter().map(|value| (None, value)).collect(),
            _ => Vec::new(),
        };
        self.out.push(open);
        let count = entries.len();
        for (number, (key, value)) in entries.into_iter().enumerate() {
            match lines {
                Some(column) if number == 0 || !self.dice.once_in(4) => {
                    self.line_end();
                    if self.comments && self.dice.once_in(8) {
                        self.indent(column);
                        self.comment();
                        self.out.push('\n');
                    }
                    self.indent(column);
                }
                _ if number > 0 || pad => self.out.push(' '),
                _ => {}
            }
            if let Some(key) = key {
                self.key(key, true);
                self.out.push(':');
                self.out.push(' ');
            }
            match value {
                Value::Object(_) | Value::Array(_) => {
                    self.brackets(value, lines.unwrap_or(column));
                }
                Value::Null if key.is_some() && self.dice.once_in(3) => {}
                Value::String(text) if is_plain(text) => {
                    let flow = text.contains([',', '{', '}', '[', ']', ':']);
                    if flow || self.dice.once_in(3) {
                        self.out.push_str(&Value::from(text.as_str()).to_string());
                    } else {
                        self.out.push_str(text);
                    }
                }
                Value::String(text) => {
                    let text = Value::from(text.as_str()).to_string();
                    self.out.push_str(&text.replace('\u{7f}', "\\u007f"));
                }
                other => self.out.push_str(&other.to_string()),
            }
            if number + 1 < count || trailing {
                self.out.push(',');
            }
        }
        match lines {
            Some(_) if count > 0 => {
                self.line_end();
                self.indent(column + 1);
            }
            _ if pad => self.out.push(' '),
            _ => {}
        }
        self.out.push(close);
    }
}

fn is_collection(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    }
}

/// Cautious: letters first, and no word that means something.
fn is_plain(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "line\n"];
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ./:-'".contains(c))
        && !text.contains(": ")
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

/// Ends the line at the first space between two letters.
fn fold_once(text: &str, column: usize) -> String {
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    let bytes = text.as_bytes();
    let space = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .find(|&at| at > 0 && letter(bytes.get(at - 1)) && letter(bytes.get(at + 1)));
    match space {
        Some(at) => format!("{}\n{:column$}{}", &text[..at], "", &text[at + 1..]),
        None => text.to_owned(),
    }
}
