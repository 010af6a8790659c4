//! SetUICustomization and GetUICustomization.

use kogumo_base::random_from;
use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{ALL, LOOKS, Look, css, image_type, key, of_client};
use crate::client;
use crate::faults::invalid;
use crate::pool::{self, Pool};

pub fn set_ui_customization(
    w: &mut Writer,
    input: SetUICustomizationRequest,
) -> Result<SetUICustomizationResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    if pool.pages_host().is_none() {
        return Err(invalid("There has to be an existing domain associated with this user pool."));
    }
    let whose = input.client_id.unwrap_or_else(|| ALL.into());
    if whose != ALL {
        client::get(w.store(), &pool, &whose)?;
    }
    if let Some(text) = &input.css {
        css::check(text).map_err(|why| invalid(format!("Invalid CSS: {why}.")))?;
    }
    let logo = input.image_file.filter(|image| !image.is_empty());
    if logo.as_ref().is_some_and(|image| image_type(image).is_none()) {
        return Err(invalid("The image must be a PNG or JPEG file."));
    }
    let old = LOOKS.get(w.store(), &pool.scope, key(&pool, &whose))?;
    let look = Look {
        css: input.css.filter(|text| !text.trim().is_empty()),
        // A call without an image leaves the one that is there.
        logo: logo.map(|image| image.to_vec()).or(old.as_ref().and_then(|old| old.logo.clone())),
        version: format!("{}{}", w.now.seconds(), random_from(b"0123456789", 4)),
        created: old.as_ref().map_or(w.now, |old| old.created),
        modified: w.now,
    };
    LOOKS.put(w.tx, &pool.scope, key(&pool, &whose), &look)?;
    Ok(SetUICustomizationResponse { ui_customization: shown(&pool, &whose, look) })
}

pub fn get_ui_customization(r: &Reader, input: GetUICustomizationRequest) -> Result<GetUICustomizationResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let client = input.client_id.unwrap_or_else(|| ALL.into());
    let found = of_client(r.store, &pool, &client)?;
    let none = UICustomizationType::default();
    Ok(GetUICustomizationResponse { ui_customization: found.map_or(none, |(whose, look)| shown(&pool, &whose, look)) })
}

fn shown(pool: &Pool, whose: &str, look: Look) -> UICustomizationType {
    let logo = look.logo.as_ref().and(pool.pages_host()).map(|host| {
        let version = &look.version;
        format!("https://{host}/assets/logo?client_id={whose}&version={version}")
    });
    UICustomizationType {
        user_pool_id: Some(pool.id.clone()),
        client_id: Some(whose.to_owned()),
        image_url: logo,
        css: look.css,
        css_version: Some(look.version),
        last_modified_date: Some(look.modified),
        creation_date: Some(look.created),
    }
}
