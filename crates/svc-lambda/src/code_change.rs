//! `UpdateFunctionCode`.

use kogumo_door::Context;
use kogumo_model::lambda::*;
use kogumo_wire::Fault;

use crate::code::CodeStore;
use crate::create::renew;
use crate::layer;
use crate::name::{LATEST, Target};
use crate::record::{self, VERSIONS, version_key};
use crate::run::Pool;
use crate::source::{self, Source};
use crate::{faults, publish, view};

pub async fn update_function_code(
    cx: Context,
    input: UpdateFunctionCodeRequest,
) -> Result<FunctionConfiguration, Fault> {
    if input.image_uri.is_some() || input.source_kms_key_arn.is_some() || input.publish_to.is_some() {
        return Err(Fault::not_implemented("ImageUri, SourceKMSKeyArn or PublishTo of a Lambda function"));
    }
    let target = Target::whole(cx.scope(), &input.function_name)?;
    record::function(&cx.snapshot(), &target)?;
    let package = Source::from(&input).fetch(&cx).await?;
    let only_try = input.dry_run == Some(true);
    let code = match only_try {
        true => source::check(package).await?,
        false => source::keep(&CodeStore::new(&cx.cloud.settings.data), package).await?,
    };
    let shown = cx.write(|w| {
        let mut version = record::numbered(w.tx, &target, LATEST)?;
        faults::check_revision(input.revision_id.as_deref(), &version.revision_id, "Function")?;
        layer::check_size(&code, &version.settings.layers)?;
        if let Some(architectures) = &input.architectures {
            version.settings.architectures.clone_from(architectures);
        }
        renew(&mut version, Some(code.clone()), w.now);
        if only_try {
            return Ok(view::configuration(&target.scope, &target.name, &version));
        }
        VERSIONS.put(w.tx, &target.scope, version_key(&target.name, LATEST), &version)?;
        let published = if input.publish == Some(true) { publish::publish(w, &target, None)? } else { version };
        Ok::<_, Fault>(view::configuration(&target.scope, &target.name, &published))
    })?;
    if !only_try {
        Pool::of(&cx.cloud)?.retire(&target.scope, &target.name);
    }
    Ok(view::in_progress(shown))
}
