//! QR codes as PNG images: what an authenticator app scans.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use kogumo_base::Trouble;
use qrcode::{Color, QrCode};

/// Pixels of one module.
const SCALE: usize = 5;

/// Modules of white around the code (ISO/IEC 18004).
const QUIET: usize = 4;

/// The text's QR code, black on white.
///
/// # Errors
/// A text that is too long for a code.
pub fn png(text: &str) -> Result<Vec<u8>, Trouble> {
    let code = QrCode::new(text.as_bytes())
        .map_err(|error| Trouble::from_cause("cannot draw a QR code", error.to_string()))?;
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let colors = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let module = |pixel: usize| (pixel / SCALE).checked_sub(QUIET).filter(|module| *module < modules);
        matches!((module(x), module(y)), (Some(x), Some(y)) if colors.get(y * modules + x) == Some(&Color::Dark))
    };
    let mut pixels = Vec::with_capacity((side + 1) * side);
    for y in 0..side {
        // Each row begins with its filter: none.
        pixels.push(0);
        pixels.extend((0..side).map(|x| if is_dark(x, y) { 0 } else { 255 }));
    }
    image(side, &pixels).map_err(|error| Trouble::from_cause("cannot write an image", error))
}

/// A square image of eight-bit grey (PNG, second edition).
fn image(side: usize, pixels: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(pixels)?;
    let data = zlib.finish()?;
    let size = u32::try_from(side).unwrap_or(0).to_be_bytes();
    let header = [&size[..], &size[..], &[8, 0, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header.as_slice()), (b"IDAT", &data), (b"IEND", &[])] {
        let mut checked = flate2::Crc::new();
        checked.update(kind);
        checked.update(data);
        png.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend(checked.sum().to_be_bytes());
    }
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_the_right_size() {
        let png = png("otpauth://totp/x@000000000000?secret=ABC").expect("an image");
        assert_eq!(&png[1..4], b"PNG");
        assert_eq!(&png[16..20], &png[20..24]);
        assert!(png.ends_with(b"IEND\xaeB`\x82"));
    }
}
