//! How the pages look: by SetUICustomization a style sheet and a logo; in managed login the client's style with its images.

use super::Visit;
use super::answer::Answer;
use super::authorize::quote;
use crate::branding::{self, ALL, Look, image_type, managed, style};

fn client(visit: &Visit) -> &str {
    visit.asked("client_id").unwrap_or(ALL)
}

/// What the pages show besides their own.
#[derive(Default)]
pub struct Shown {
    pub css: String,
    /// Addresses of images.
    pub logo: Option<String>,
    pub icon: Option<String>,
}

/// The look of the client's pages; none where managed login's have no style, and so cannot be shown.
pub fn shown(visit: &Visit) -> Option<Shown> {
    if !visit.managed {
        let look = of(visit);
        return Some(Shown {
            css: look.as_ref().and_then(|look| look.css.clone()).unwrap_or_default(),
            logo: look.as_ref().and_then(|look| logo_address(visit, look)),
            icon: None,
        });
    }
    let style = managed::of_client(&visit.cx.snapshot(), &visit.pool, client(visit)).ok().flatten()?;
    let address = |category: &str| {
        let has = style.asset(category).is_some_and(|asset| !asset.bytes.is_empty());
        has.then(|| {
            let (base, client, at) = (&visit.base, quote(client(visit)), style.modified.0);
            format!("{base}/assets/image?client_id={client}&category={category}&version={at}")
        })
    };
    let mut css = style::css(&style.settings);
    if let Some(background) = address("PAGE_BACKGROUND") {
        css.push_str(&format!("body{{background-image:url('{background}');background-size:cover}}"));
    }
    Some(Shown {
        css,
        logo: address("FORM_LOGO").or_else(|| address("PAGE_HEADER_LOGO")),
        icon: address("FAVICON_SVG").or_else(|| address("FAVICON_ICO")),
    })
}

/// `/assets/image`
pub fn image(visit: &Visit) -> Answer {
    let style = managed::of_client(&visit.cx.snapshot(), &visit.pool, client(visit)).ok().flatten();
    let asset = style.as_ref().and_then(|style| style.asset(visit.asked("category")?));
    match asset {
        Some(asset) => Answer::image(asset.media_type(), asset.bytes.clone()),
        None => Answer::missing(),
    }
}

/// The look of the client's pages.
fn of(visit: &Visit) -> Option<Look> {
    branding::of_client(&visit.cx.snapshot(), &visit.pool, client(visit)).ok().flatten().map(|(_, look)| look)
}

/// Where the client's logo is.
fn logo_address(visit: &Visit, look: &Look) -> Option<String> {
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
