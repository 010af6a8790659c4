//! A parsed template. Chains of operators are flat vectors and every nesting is bounded by the
//! parser, so walking (and dropping) a tree needs little stack whatever the text was.

/// Text, references and directives in the order they are written.
pub(crate) type Block = Vec<Node>;

#[derive(Debug)]
pub(crate) enum Node {
    Text(String),
    /// `$x.y`; `backslashes` were written before it.
    Reference {
        reference: Reference,
        backslashes: usize,
    },
    Set {
        target: Reference,
        value: Expr,
    },
    If {
        arms: Vec<(Expr, Block)>,
        otherwise: Block,
    },
    Foreach {
        variable: String,
        items: Expr,
        body: Block,
    },
    /// `#define($x) … #end`: `block` is its place in [`crate::Template`]'s table of blocks.
    Define {
        variable: String,
        block: usize,
    },
    /// `#name(args)` for a macro of this template.
    Call {
        macro_index: usize,
        arguments: Vec<Expr>,
    },
    Break,
    Stop,
}

/// `$!{root.access[…]}`.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub root: String,
    pub path: Vec<Access>,
    /// `$!`: renders nothing when it has no value.
    pub quiet: bool,
    /// As written, for references without a value.
    pub source: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Access {
    Property(String),
    Index(Expr),
    Method(String, Vec<Expr>),
}

#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A double-quoted string that holds references; the block is in the template's table.
    Interpolated(usize),
    List(Vec<Expr>),
    Range(Box<Expr>, Box<Expr>),
    Map(Vec<(Expr, Expr)>),
    Reference(Reference),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    /// Operators of one precedence, applied from left to right.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug)]
pub(crate) struct Macro {
    pub name: String,
    pub parameters: Vec<String>,
    pub block: usize,
}
