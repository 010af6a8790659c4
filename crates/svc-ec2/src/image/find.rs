//! Which images an account can use: its own, those that are shared with it, and those that everybody has.

use kogumo_ami::{CREATED, OFFERS, Offer};
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::lifecycle::Lifecycle;
use super::record::{Base, IMAGES, Image, ImageDevice};
use crate::resource::{self, Resource, all};

fn offered(offer: &Offer, region: &str) -> Image {
    let device = ImageDevice {
        name: offer.root_device.to_owned(),
        snapshot: None,
        size: offer.root_size,
        kind: offer.root_type.to_owned(),
        iops: None,
        throughput: None,
        delete_on_termination: true,
    };
    Image {
        id: offer.id(region),
        name: offer.name.to_owned(),
        description: String::from("The userland of the machine that Kogumo runs on, under this name"),
        owner: offer.owner.to_owned(),
        owner_alias: offer.owner_alias.map(str::to_owned),
        architecture: String::from("x86_64"),
        root_device: offer.root_device.to_owned(),
        devices: vec![device],
        public: true,
        launch_users: Vec::new(),
        created: Timestamp::parse_iso(CREATED).unwrap_or(Timestamp(0)),
        base: Base::Host,
        source_instance: None,
        source_image: None,
        source_region: None,
        lifecycle: Lifecycle::default(),
    }
}

/// Whether an account may start instances of an image.
pub fn may_use(image: &Image, account: &str) -> bool {
    image.public || image.owner == account || image.launch_users.iter().any(|user| user == account)
}

/// The images that an account can use in its region.
///
/// # Errors
/// Trouble with the store.
pub fn usable(read: &dyn Read, scope: &Scope) -> Result<Vec<Image>, Trouble> {
    let mut images: Vec<Image> = OFFERS.iter().map(|offer| offered(offer, &scope.region)).collect();
    for row in IMAGES.scan_all_scopes(read) {
        let (of, _, image) = row?;
        if of.region == scope.region && may_use(&image, &scope.account) {
            images.push(image);
        }
    }
    Ok(images)
}

/// The image of that id, if the account can use it.
///
/// # Errors
/// `InvalidAMIID.Malformed`, `InvalidAMIID.NotFound`.
pub fn find(read: &dyn Read, scope: &Scope, id: &str) -> Result<Image, Fault> {
    Image::KIND.check(id)?;
    if let Some(own) = resource::find::<Image>(read, scope, id)? {
        return Ok(own);
    }
    usable(read, scope)?.into_iter().find(|image| image.id == id).ok_or_else(|| Image::KIND.missing(id))
}

/// An image of the account's own, which it may change.
///
/// # Errors
/// As of [`find`]; `AuthFailure` for another's.
pub fn own(read: &dyn Read, scope: &Scope, id: &str) -> Result<Image, Fault> {
    let image = find(read, scope, id)?;
    if image.owner == scope.account {
        return Ok(image);
    }
    Err(Fault::coded("AuthFailure", 403, format!("Not authorized for image:{id}")))
}

/// The id of an image that needs a snapshot.
///
/// # Errors
/// Trouble with the store.
pub fn using(read: &dyn Read, scope: &Scope, snapshot: &str) -> Result<Option<String>, Trouble> {
    let uses = |image: &Image| image.devices.iter().any(|device| device.snapshot.as_deref() == Some(snapshot));
    Ok(all::<Image>(read, scope)?.into_iter().find(uses).map(|image| image.id))
}
