//! Rendering: walks the tree, writes text, keeps to the budget.

mod expression;

use crate::ast::{Access, Block, Expr, Node, Reference};
use crate::error::Error;
use crate::value::{BlockId, Heap, Value};
use crate::{Missing, Template, Variables, methods};

/// Depth of `#define`s and macros that render each other (Velocity's default is 20 for macros).
const MAX_CALLS: usize = 20;

/// What a block asks of the one around it.
#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Stop,
}

pub(crate) struct Renderer<'a> {
    template: &'a Template,
    heap: &'a mut Heap,
    variables: &'a mut Variables,
    missing: Missing,
    calls: usize,
}

impl<'a> Renderer<'a> {
    pub(crate) fn new(
        template: &'a Template,
        heap: &'a mut Heap,
        variables: &'a mut Variables,
        missing: Missing,
    ) -> Self {
        Renderer { template, heap, variables, missing, calls: 0 }
    }

    pub(crate) fn run(mut self) -> Result<String, Error> {
        let mut out = String::new();
        self.block(&self.template.body, &mut out)?;
        Ok(out)
    }

    fn block(&mut self, block: &Block, out: &mut String) -> Result<Flow, Error> {
        for node in block {
            self.heap.work(0)?;
            let flow = self.node(node, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &Node, out: &mut String) -> Result<Flow, Error> {
        match node {
            Node::Text(text) => self.write(text, out)?,
            Node::Reference { reference, backslashes } => self.show_reference(reference, *backslashes, out)?,
            Node::Set { target, value } => {
                let value = self.expression(value)?;
                self.assign(target, value)?;
            }
            Node::If { arms, otherwise } => {
                for (condition, block) in arms {
                    if truth(&self.expression(condition)?) {
                        return self.block(block, out);
                    }
                }
                return self.block(otherwise, out);
            }
            Node::Foreach { variable, items, body } => return self.foreach(variable, items, body, out),
            Node::Define { variable, block } => {
                self.variables.insert(variable.clone(), Value::Block(BlockId(*block)));
            }
            Node::Call { macro_index, arguments } => return self.call_macro(*macro_index, arguments, out),
            Node::Break => return Ok(Flow::Break),
            Node::Stop => return Ok(Flow::Stop),
        }
        Ok(Flow::Next)
    }

    fn write(&mut self, text: &str, out: &mut String) -> Result<(), Error> {
        self.heap.work(text.len())?;
        if out.len() + text.len() > self.heap.limits().output {
            return Err(Error::Limit("output"));
        }
        out.push_str(text);
        Ok(())
    }

    /// Prints a reference. Backslashes before one that has a value escape in pairs; before one
    /// that has none they are text.
    fn show_reference(&mut self, reference: &Reference, backslashes: usize, out: &mut String) -> Result<(), Error> {
        let value = self.reference(reference)?;
        let found = !matches!(value, Value::Null);
        let kept = if found { backslashes / 2 } else { backslashes };
        self.write(&"\\".repeat(kept), out)?;
        match value {
            Value::Null if reference.quiet || self.missing == Missing::Empty => Ok(()),
            Value::Null => self.write(&reference.source, out),
            _ if backslashes % 2 == 1 => self.write(&reference.source, out),
            Value::Block(block) => self.defined(block, out),
            value => {
                let text = self.heap.show(&value)?;
                self.write(&text, out)
            }
        }
    }

    /// Renders a `#define`d block where it is referred to.
    fn defined(&mut self, BlockId(block): BlockId, out: &mut String) -> Result<(), Error> {
        let template = self.template;
        match template.blocks.get(block) {
            Some(block) => self.deeper(|renderer| renderer.block(block, out)).map(|_| ()),
            None => Ok(()),
        }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(Error::Limit("calls of macros and definitions within each other"));
        }
        let result = inner(self);
        self.calls -= 1;
        result
    }

    fn foreach(&mut self, variable: &str, items: &Expr, body: &Block, out: &mut String) -> Result<Flow, Error> {
        let items = match self.expression(items)? {
            Value::List(id) => self.heap.copy_items(id)?,
            Value::Map(id) => self.heap.copy_entries(id)?.into_iter().map(|(_, value)| value).collect(),
            _ => return Ok(Flow::Next),
        };
        if items.len() > self.heap.limits().iterations {
            return Err(Error::Limit("iterations of #foreach (1,000)"));
        }
        let outer: Vec<_> = [variable, "foreach", "velocityCount"]
            .map(|name| (name.to_owned(), self.variables.get(name).cloned()))
            .into();
        let parent = self.variables.get("foreach").cloned().unwrap_or(Value::Null);
        let mut flow = Flow::Next;
        for (index, item) in items.iter().enumerate() {
            let state = self.loop_state(index, items.len(), parent.clone())?;
            self.variables.insert("foreach".into(), state);
            self.variables.insert("velocityCount".into(), Value::Int(index as i64 + 1));
            self.variables.insert(variable.to_owned(), item.clone());
            flow = self.block(body, out)?;
            if flow != Flow::Next {
                break;
            }
        }
        for (name, value) in outer {
            self.restore(name, value);
        }
        Ok(if flow == Flow::Stop { Flow::Stop } else { Flow::Next })
    }

    /// `$foreach` of one iteration.
    fn loop_state(&mut self, index: usize, length: usize, parent: Value) -> Result<Value, Error> {
        let state = [
            ("index", Value::Int(index as i64)),
            ("count", Value::Int(index as i64 + 1)),
            ("hasNext", Value::Bool(index + 1 < length)),
            ("first", Value::Bool(index == 0)),
            ("last", Value::Bool(index + 1 == length)),
            ("parent", parent),
        ];
        self.heap.map(state.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }

    fn restore(&mut self, name: String, value: Option<Value>) {
        match value {
            Some(value) => self.variables.insert(name, value),
            None => self.variables.remove(&name),
        };
    }

    fn call_macro(&mut self, index: usize, arguments: &[Expr], out: &mut String) -> Result<Flow, Error> {
        let template = self.template;
        let Some(called) = template.macros.get(index) else {
            return Ok(Flow::Next);
        };
        let arguments = arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>, _>>()?;
        let mut outer = Vec::new();
        for (position, name) in called.parameters.iter().enumerate() {
            let value = arguments.get(position).cloned().unwrap_or(Value::Null);
            outer.push((name.clone(), self.variables.insert(name.clone(), value)));
        }
        let flow = self.deeper(|renderer| renderer.block(&template.blocks[called.block], out))?;
        for (name, value) in outer.into_iter().rev() {
            self.restore(name, value);
        }
        Ok(if flow == Flow::Stop { Flow::Stop } else { Flow::Next })
    }

    /// The value of a reference; null when any step of it has none.
    fn reference(&mut self, reference: &Reference) -> Result<Value, Error> {
        let root = self.variables.get(&reference.root).cloned().unwrap_or(Value::Null);
        self.follow(root, &reference.path)
    }

    fn follow(&mut self, mut value: Value, path: &[Access]) -> Result<Value, Error> {
        for access in path {
            self.heap.work(0)?;
            if matches!(value, Value::Null) {
                return Ok(Value::Null);
            }
            value = match access {
                Access::Property(name) => methods::property(&value, name, self.heap)?,
                Access::Index(index) => {
                    let index = self.expression(index)?;
                    methods::index(&value, &index, self.heap)?
                }
                Access::Method(name, arguments) => {
                    let arguments =
                        arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>, _>>()?;
                    methods::call(&value, name, &arguments, self.heap)?
                }
            };
        }
        Ok(value)
    }

    /// `#set`: a variable, or a property or item of a map or list that is there.
    fn assign(&mut self, target: &Reference, value: Value) -> Result<(), Error> {
        let Some((last, path)) = target.path.split_last() else {
            self.variables.insert(target.root.clone(), value);
            return Ok(());
        };
        let root = self.variables.get(&target.root).cloned().unwrap_or(Value::Null);
        let holder = self.follow(root, path)?;
        let key = match last {
            Access::Property(name) => self.heap.text(name)?,
            Access::Index(index) => self.expression(index)?,
            Access::Method(name, _) => {
                return Err(Error::Call(format!("Cannot assign to the method {name}()")));
            }
        };
        match (&holder, &key) {
            (Value::Map(id), _) => {
                let key = self.heap.show(&key)?;
                self.heap.put(*id, key, value)?;
            }
            (Value::List(id), Value::Int(index)) => methods::set_item(*id, *index, value, self.heap)?,
            _ => {}
        }
        Ok(())
    }
}

/// Velocity 1.7: null and false are false, everything else is true.
fn truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}
