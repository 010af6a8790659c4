//! `UpdateFunctionConfiguration`.

use kogumo_door::Context;
use kogumo_model::lambda::*;
use kogumo_wire::Fault;

use crate::create::{check_role, renew};
use crate::layer;
use crate::name::{LATEST, Target};
use crate::record::{self, VERSIONS, version_key};
use crate::run::Pool;
use crate::settings::Change;
use crate::{faults, view};

pub async fn update_function_configuration(
    cx: Context,
    input: UpdateFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, Fault> {
    let target = Target::whole(cx.scope(), &input.function_name)?;
    record::function(&cx.snapshot(), &target)?;
    if let Some(role) = &input.role {
        check_role(&cx, role).await?;
    }
    let change = Change::from(&input);
    let (shown, runtime) = cx.write(|w| {
        let mut version = record::numbered(w.tx, &target, LATEST)?;
        faults::check_revision(input.revision_id.as_deref(), &version.revision_id, "Function")?;
        version.settings = change.apply(&version.settings)?;
        if let Some(layers) = &input.layers {
            version.settings.layers = layer::resolve(&w.reader(), layers)?;
            layer::check_size(&version.code, &version.settings.layers)?;
        }
        renew(&mut version, None, w.now);
        VERSIONS.put(w.tx, &target.scope, version_key(&target.name, LATEST), &version)?;
        let shown = view::configuration(&target.scope, &target.name, &version);
        Ok::<_, Fault>((shown, version.settings.runtime))
    })?;
    let pool = Pool::of(&cx.cloud)?;
    pool.retire(&target.scope, &target.name);
    pool.prepare(&cx.cloud, &runtime);
    Ok(view::in_progress(shown))
}
