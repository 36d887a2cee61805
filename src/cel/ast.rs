//! A checked expression, as it is evaluated.

use std::sync::Arc;

use super::Position;
use super::library::Overload;
use super::types::Type;

/// A part of an expression.
#[derive(Debug)]
pub struct Node {
    /// Where it starts in the text.
    pub position: Position,
    /// What it is.
    pub expr: Expr,
}

/// What a part of an expression is.
#[derive(Debug)]
pub enum Expr {
    /// A constant.
    Literal(Literal),
    /// A variable of the environment (`object`, `variables.replicas`), by its number there.
    Variable(usize),
    /// A variable of a comprehension, by its number among those of the program.
    Local(usize),
    /// The name of a type.
    Type(Arc<Type>),
    /// `operand.field`.
    Select {
        /// What it is selected from.
        operand: Box<Node>,
        /// Name.
        field: Box<str>,
        /// `operand.?field`.
        is_optional: bool,
    },
    /// `has(operand.field)`.
    Has {
        /// What it may be in.
        operand: Box<Node>,
        /// Name.
        field: Box<str>,
    },
    /// A function or operator, `_[_]` and `_[?_]` among them, but for those below.
    Call {
        /// Name, for messages.
        function: &'static str,
        /// The overloads that types leave; where they are several, values decide.
        candidates: Vec<&'static Overload>,
        /// Arguments, that before the dot first.
        arguments: Vec<Node>,
    },
    /// `left && right`: false where one is, whatever error the other is.
    And(Box<Node>, Box<Node>),
    /// `left || right`: true where one is, whatever error the other is.
    Or(Box<Node>, Box<Node>),
    /// `condition ? yes : no`.
    Conditional(Box<[Node; 3]>),
    /// `[a, ?b]`.
    List(Vec<Element>),
    /// `{key: value, ?key: value}`; `Object{…}` and `JSONPatch{…}` with their fields as text.
    Map {
        /// Keys and values.
        entries: Vec<(Node, Element)>,
        /// The name before the brace, where there is one.
        type_name: Option<Box<str>>,
    },
    /// What macros become.
    Comprehension(Box<Comprehension>),
}

/// An element of a list or a value of a map.
#[derive(Debug)]
pub struct Element {
    /// The element.
    pub node: Node,
    /// Whether it is left out where it is an absent optional value: `?`.
    pub is_optional: bool,
}

/// A loop over a list or the keys of a map.
#[derive(Debug)]
pub struct Comprehension {
    /// What is gone through.
    pub range: Node,
    /// The local that holds an element, a key, or with two variables an index or a key.
    pub variable: usize,
    /// The local that holds the value beside it.
    pub second: Option<usize>,
    /// The local that holds what was gathered.
    pub accumulator: usize,
    /// What is gathered at first.
    pub initial: Node,
    /// Whether to go on.
    pub condition: Node,
    /// What is gathered after each element.
    pub step: Node,
    /// What comes of it.
    pub result: Node,
}

/// A constant of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// `-1`.
    Int(i64),
    /// `1u`.
    Uint(u64),
    /// `1.5`.
    Double(f64),
    /// `'text'`.
    String(Box<str>),
    /// `b'bytes'`.
    Bytes(Arc<[u8]>),
}
