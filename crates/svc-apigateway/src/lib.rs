//! API Gateway REST APIs (`apigateway`): their records, their rules, and the data plane that serves them.

pub mod data_plane;
pub mod definition;
pub mod openapi;
