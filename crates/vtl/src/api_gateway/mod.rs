//! The variables of API Gateway's mapping templates: `$input`, `$util`, `$context`, `$stageVariables`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>

mod input;
mod util;

pub use input::Parameters;

use crate::{Error, Heap, Limits, Missing, Template, Value, Variables};
use input::Input;
use serde_json::{Map, Value as Json};
use std::rc::Rc;
use util::Util;

/// What a mapping template sees of a request, or of the response of a backend.
#[derive(Debug, Clone, Default)]
pub struct Mapping<'a> {
    /// The payload, as text.
    pub body: &'a str,
    pub parameters: Parameters,
    /// `$context`; `requestOverride` and `responseOverride` are added.
    pub context: Map<String, Json>,
    pub stage_variables: Map<String, Json>,
}

/// The text that a template made and what it overrode on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    pub text: String,
    /// `$context.requestOverride`: `header`, `path`, `querystring`.
    pub request_override: Map<String, Json>,
    /// `$context.responseOverride`: `header`, `status`.
    pub response_override: Map<String, Json>,
}

impl Mapping<'_> {
    /// Renders a mapping template.
    pub fn render(self, template: &Template) -> Result<Mapped, Error> {
        let mut heap = Heap::new(Limits::default());
        let mut context = self.context;
        context.insert("requestOverride".into(), serde_json::json!({"header": {}, "path": {}, "querystring": {}}));
        context.insert("responseOverride".into(), serde_json::json!({"header": {}}));
        let context = heap.load(&Json::Object(context))?;
        let stage_variables = heap.load(&Json::Object(self.stage_variables))?;
        let input: Rc<dyn crate::Object> = Rc::new(Input::new(self.body, self.parameters));
        let mut variables = Variables::from([
            ("context".to_owned(), context.clone()),
            ("stageVariables".to_owned(), stage_variables),
            ("input".to_owned(), Value::Object(input)),
            ("util".to_owned(), Value::Object(Rc::new(Util))),
        ]);
        let text = template.render(&mut heap, &mut variables, Missing::Empty)?;
        Ok(Mapped {
            text,
            request_override: overridden(&context, "requestOverride", &mut heap)?,
            response_override: overridden(&context, "responseOverride", &mut heap)?,
        })
    }
}

fn overridden(context: &Value, name: &str, heap: &mut Heap) -> Result<Map<String, Json>, Error> {
    let Value::Map(id) = context else {
        return Ok(Map::new());
    };
    let Some(value) = heap.entries(*id).get(name).cloned() else {
        return Ok(Map::new());
    };
    match heap.json(&value)? {
        Json::Object(object) => Ok(object),
        _ => Ok(Map::new()),
    }
}
