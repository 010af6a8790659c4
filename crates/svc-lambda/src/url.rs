//! Function URLs as resources. `url_surface` answers them.

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::lambda::*;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::name::{LATEST, Target};
use crate::page::page;
use crate::{delete, faults, record, view};

/// By function and alias; the unqualified function's is "".
static URLS: Table<Url> = Table::new("lambda/url");
/// By id, in no account's scope of the region: a request only brings its host name.
static IDS: Table<Owner> = Table::new("lambda/url-id");

/// A function's URL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Url {
    /// The first label of the host name.
    pub id: String,
    /// The alias, or "".
    pub qualifier: String,
    /// Whether callers have to sign.
    pub signed: bool,
    /// Whether answers are handed on while they come.
    #[serde(default)]
    pub streams: bool,
    pub cors: Option<CorsRules>,
    created: Timestamp,
    modified: Timestamp,
}

/// Which pages of other origins may call it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CorsRules {
    pub credentials: bool,
    pub headers: Vec<String>,
    pub methods: Vec<String>,
    pub origins: Vec<String>,
    pub expose: Vec<String>,
    pub max_age: Option<i32>,
}

/// Whose URL it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Owner {
    pub account: String,
    pub function: String,
    pub qualifier: String,
}

fn ids(region: &str) -> Scope {
    Scope::new("", region)
}

fn key(target: &Target) -> Key {
    Key::new().str(&target.name).str(target.qualifier.as_deref().unwrap_or(""))
}

/// The function behind a URL's id in a region.
pub fn by_id(read: &dyn Read, region: &str, id: &str) -> Result<Option<(Target, Url)>, kogumo_base::Trouble> {
    let Some(owner) = IDS.get(read, &ids(region), id)? else { return Ok(None) };
    let target = Target {
        scope: Scope::new(owner.account, region),
        name: owner.function,
        qualifier: Some(owner.qualifier).filter(|qualifier| !qualifier.is_empty()),
    };
    let url = URLS.get(read, &target.scope, key(&target))?;
    Ok(url.map(|url| (target, url)))
}

/// Whether callers of a function's URL have to sign.
pub fn is_signed(read: &dyn Read, target: &Target) -> Result<bool, kogumo_base::Trouble> {
    Ok(URLS.get(read, &target.scope, key(target))?.is_some_and(|url| url.signed))
}

/// The address: the listening port, under a name that every resolver leads to this machine.
fn address(cloud: &kogumo_door::Cloud, region: &str, id: &str) -> String {
    format!("http://{id}.lambda-url.{region}.localhost:{}/", cloud.settings.listen.port())
}

/// What a request names, if that can have a URL: a function, or an alias of it.
fn target_of(scope: &Scope, name: &str, qualifier: Option<&str>) -> Result<Target, Fault> {
    let target = Target::parse(scope, name, qualifier)?;
    if target.qualifier.as_deref().is_some_and(|qualifier| qualifier == LATEST || record::is_number(qualifier)) {
        return Err(faults::invalid("Function URLs can only be configured for a function or its aliases."));
    }
    Ok(target)
}

fn rules(cors: Cors) -> CorsRules {
    CorsRules {
        credentials: cors.allow_credentials.unwrap_or(false),
        headers: cors.allow_headers.unwrap_or_default(),
        methods: cors.allow_methods.unwrap_or_default(),
        origins: cors.allow_origins.unwrap_or_default(),
        expose: cors.expose_headers.unwrap_or_default(),
        max_age: cors.max_age,
    }
}

fn cors_view(rules: &CorsRules) -> Cors {
    let list = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
    Cors {
        allow_credentials: Some(rules.credentials),
        allow_headers: list(&rules.headers),
        allow_methods: list(&rules.methods),
        allow_origins: list(&rules.origins),
        expose_headers: list(&rules.expose),
        max_age: rules.max_age,
    }
}

fn streams(mode: &str) -> bool {
    mode == "RESPONSE_STREAM"
}

fn shown(cloud: &kogumo_door::Cloud, target: &Target, url: &Url) -> FunctionUrlConfig {
    FunctionUrlConfig {
        function_url: address(cloud, &target.scope.region, &url.id),
        function_arn: target.arn(),
        creation_time: view::moment(url.created),
        last_modified_time: view::moment(url.modified),
        cors: url.cors.as_ref().map(cors_view),
        auth_type: if url.signed { "AWS_IAM" } else { "NONE" }.to_owned(),
        invoke_mode: Some(if url.streams { "RESPONSE_STREAM" } else { "BUFFERED" }.to_owned()),
    }
}

fn find(read: &dyn Read, target: &Target) -> Result<Url, Fault> {
    record::version(read, target)?;
    let found = URLS.get(read, &target.scope, key(target))?;
    found.ok_or_else(|| faults::not_found("The resource you requested does not exist."))
}

pub fn create_function_url_config(
    w: &mut Writer,
    input: CreateFunctionUrlConfigRequest,
) -> Result<CreateFunctionUrlConfigResponse, Fault> {
    let target = target_of(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    record::version(w.tx, &target)?;
    if URLS.contains(w.tx, &target.scope, key(&target))? {
        return Err(faults::conflict(format!("FunctionUrlConfig exists for this Lambda function: {}", target.arn())));
    }
    let url = Url {
        id: kogumo_base::random_from(b"abcdefghijklmnopqrstuvwxyz234567", 32),
        qualifier: target.qualifier.clone().unwrap_or_default(),
        signed: input.auth_type == "AWS_IAM",
        streams: input.invoke_mode.as_deref().is_some_and(streams),
        cors: input.cors.map(rules),
        created: w.now,
        modified: w.now,
    };
    let owner = Owner {
        account: target.scope.account.clone(),
        function: target.name.clone(),
        qualifier: url.qualifier.clone(),
    };
    URLS.put(w.tx, &target.scope, key(&target), &url)?;
    IDS.put(w.tx, &ids(&target.scope.region), url.id.as_str(), &owner)?;
    let shown = shown(w.cloud, &target, &url);
    Ok(CreateFunctionUrlConfigResponse {
        function_url: shown.function_url,
        function_arn: shown.function_arn,
        auth_type: shown.auth_type,
        cors: shown.cors,
        creation_time: shown.creation_time,
        invoke_mode: shown.invoke_mode,
    })
}

pub fn get_function_url_config(
    r: &Reader,
    input: GetFunctionUrlConfigRequest,
) -> Result<GetFunctionUrlConfigResponse, Fault> {
    let target = target_of(r.scope(), &input.function_name, input.qualifier.as_deref())?;
    let shown = shown(r.cloud, &target, &find(r.store, &target)?);
    Ok(GetFunctionUrlConfigResponse {
        function_url: shown.function_url,
        function_arn: shown.function_arn,
        auth_type: shown.auth_type,
        cors: shown.cors,
        creation_time: shown.creation_time,
        last_modified_time: shown.last_modified_time,
        invoke_mode: shown.invoke_mode,
    })
}

pub fn update_function_url_config(
    w: &mut Writer,
    input: UpdateFunctionUrlConfigRequest,
) -> Result<UpdateFunctionUrlConfigResponse, Fault> {
    let target = target_of(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    let mut url = find(w.tx, &target)?;
    if let Some(auth) = input.auth_type {
        url.signed = auth == "AWS_IAM";
    }
    if let Some(mode) = input.invoke_mode {
        url.streams = streams(&mode);
    }
    if let Some(cors) = input.cors {
        url.cors = Some(rules(cors));
    }
    url.modified = w.now;
    URLS.put(w.tx, &target.scope, key(&target), &url)?;
    let shown = shown(w.cloud, &target, &url);
    Ok(UpdateFunctionUrlConfigResponse {
        function_url: shown.function_url,
        function_arn: shown.function_arn,
        auth_type: shown.auth_type,
        cors: shown.cors,
        creation_time: shown.creation_time,
        last_modified_time: shown.last_modified_time,
        invoke_mode: shown.invoke_mode,
    })
}

pub fn delete_function_url_config(w: &mut Writer, input: DeleteFunctionUrlConfigRequest) -> Result<Unit, Fault> {
    let target = target_of(w.scope(), &input.function_name, input.qualifier.as_deref())?;
    let url = find(w.tx, &target)?;
    URLS.delete(w.tx, &target.scope, key(&target))?;
    IDS.delete(w.tx, &ids(&target.scope.region), url.id.as_str())?;
    Ok(Unit)
}

pub fn list_function_url_configs(
    r: &Reader,
    input: ListFunctionUrlConfigsRequest,
) -> Result<ListFunctionUrlConfigsResponse, Fault> {
    let target = Target::whole(r.scope(), &input.function_name)?;
    record::function(r.store, &target)?;
    let items = all(r.store, &target)?.into_iter().map(|url| {
        let qualifier = Some(url.qualifier.clone()).filter(|qualifier| !qualifier.is_empty());
        let target = Target { qualifier, ..target.clone() };
        (url.qualifier.clone(), shown(r.cloud, &target, &url))
    });
    let (configs, next_marker) = page(items, input.marker.as_deref(), input.max_items, 50);
    Ok(ListFunctionUrlConfigsResponse { function_url_configs: configs, next_marker })
}

fn all(read: &dyn Read, target: &Target) -> Result<Vec<Url>, kogumo_base::Trouble> {
    let range = Range::prefix(Key::new().str(&target.name));
    URLS.scan(read, &target.scope, &range).map(|row| Ok(row?.1)).collect()
}

/// They go with their function.
pub fn forget_all(w: &mut Writer, target: &Target) -> Result<(), Fault> {
    for url in all(w.tx, target)? {
        IDS.delete(w.tx, &ids(&target.scope.region), url.id.as_str())?;
    }
    delete::delete_all(w, target, &URLS)
}
