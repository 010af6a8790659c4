//! GetImageAncestry: what an image was made of, back to the first one. An image that was registered from a snapshot, or
//! whose source is gone, is the last that is known.

use kogumo_base::Scope;
use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::find::find;
use super::record::Image;

/// No chain is longer: AWS's are far shorter.
const MOST: usize = 100;

/// The image that it was copied of, or that the instance was started from which it was made of.
fn source(image: &Image) -> Option<(&str, &str)> {
    Some((image.source_image.as_deref()?, image.source_region.as_deref().unwrap_or_default()))
}

pub fn get_image_ancestry(r: &Reader, input: GetImageAncestryRequest) -> Result<GetImageAncestryResult, Fault> {
    let mut scope = r.scope().clone();
    let mut next = Some(find(r.store, &scope, &input.image_id)?);
    let mut entries = Vec::new();
    while let Some(image) = next.take().filter(|_| entries.len() < MOST) {
        let from = source(&image).map(|(id, region)| (id.to_owned(), region.to_owned()));
        entries.push(ImageAncestryEntry {
            creation_date: Some(image.created),
            image_id: Some(image.id),
            image_owner_alias: image.owner_alias,
            source_image_id: from.as_ref().map(|(id, _)| id.clone()),
            source_image_region: from.as_ref().map(|(_, region)| region.clone()),
        });
        if let Some((id, region)) = from {
            let region = if region.is_empty() { scope.region.clone() } else { region };
            scope = Scope::new(&scope.account, region);
            next = find(r.store, &scope, &id).ok();
        }
    }
    Ok(GetImageAncestryResult { image_ancestry_entries: Some(entries) })
}
