//! Amazon Translate: texts, the languages, and custom terminologies. The translating itself is `kogumo-translation`'s.

mod download;
mod languages;
mod ops;
mod profanity;
mod tags;
mod terminology;
mod terminology_file;
mod text;

use kogumo_door::Service;

/// The service as the registry holds it. Terminology files are downloaded from a surface beside the API.
pub fn service() -> Service {
    Service::new(&kogumo_model::translate::SERVICE, ops::ops()).surface(download::surface())
}
