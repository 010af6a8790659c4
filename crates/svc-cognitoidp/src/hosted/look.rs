//! What SetUICustomization changes of the pages: a style sheet, and a logo.

use super::Visit;
use super::answer::Answer;
use super::authorize::quote;
use crate::branding::{self, ALL, Look, image_type};

fn client(visit: &Visit) -> &str {
    visit.asked("client_id").unwrap_or(ALL)
}

/// The look of the client's pages.
pub fn of(visit: &Visit) -> Option<Look> {
    branding::of_client(&visit.cx.snapshot(), &visit.pool, client(visit)).ok().flatten().map(|(_, look)| look)
}

/// Where the client's logo is.
pub fn logo_address(visit: &Visit, look: &Look) -> Option<String> {
    let version = &look.version;
    look.logo
        .as_ref()
        .map(|_| format!("{}/assets/logo?client_id={}&version={version}", visit.base, quote(client(visit))))
}

/// `/assets/logo`
pub fn logo(visit: &Visit) -> Answer {
    let image = of(visit).and_then(|look| look.logo);
    match image.as_deref().and_then(image_type).zip(image) {
        Some((kind, image)) => Answer::image(kind, image),
        None => Answer::missing(),
    }
}
