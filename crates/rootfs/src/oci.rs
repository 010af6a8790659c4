//! OCI images and what `docker save` writes: which layers make the root file system, and how one goes on top of the
//! others. Source: OCI image specification 1.1, "Image Layout", "Image Manifest", "Image Layer Filesystem Changeset".

use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use oci_spec::image::{Arch, Descriptor, ImageIndex, ImageManifest, MediaType, Os};
use ring::digest::{Context, SHA256};

use crate::budget::Budget;
use crate::compression;
use crate::place::Place;
use crate::unpack::{self, Kind};

/// The largest manifest that registries take.
const LARGEST_MANIFEST: u64 = 4 << 20;
/// An index of indexes of indexes.
const DEEPEST: usize = 4;
/// No overlay has more.
const MOST_LAYERS: usize = 512;

/// A layer in the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    path: PathBuf,
    /// What its bytes have to hash to, in hexadecimal.
    sha256: Option<String>,
}

/// The layers of an image, the lowest first; `None` where the place holds no image but a root file system.
///
/// # Errors
/// It is an image that is not understood, or none for this processor.
pub fn layers(place: &Place) -> Result<Option<Vec<Layer>>, Trouble> {
    let layers = if place.exists(Path::new("oci-layout")) && place.exists(Path::new("index.json")) {
        of_layout(place)?
    } else if place.exists(Path::new("manifest.json")) && !place.exists(Path::new("etc")) {
        of_docker(place)?
    } else {
        return Ok(None);
    };
    match layers.len() {
        0 => Err(Trouble::new("the image has no layers")),
        count if count > MOST_LAYERS => Err(Trouble::new(format!("the image has more than {MOST_LAYERS} layers"))),
        _ => Ok(Some(layers)),
    }
}

fn of_layout(place: &Place) -> Result<Vec<Layer>, Trouble> {
    let index = read(place, Path::new("index.json"))?;
    let mut index = ImageIndex::from_reader(index.as_slice()).map_err(|e| not_understood("index.json", e))?;
    for _ in 0..DEEPEST {
        let chosen = choose(index.manifests())?;
        let text = blob(place, chosen)?;
        if *chosen.media_type() == MediaType::ImageIndex || is_list(chosen) {
            index = ImageIndex::from_reader(text.as_slice()).map_err(|e| not_understood("an index", e))?;
            continue;
        }
        let manifest = ImageManifest::from_reader(text.as_slice()).map_err(|e| not_understood("a manifest", e))?;
        return manifest.layers().iter().map(layer).collect();
    }
    Err(Trouble::new("the image's indexes lead to indexes without an end"))
}

fn not_understood(what: &str, error: oci_spec::OciSpecError) -> Trouble {
    Trouble::from_cause(format!("{what} of the image is not understood"), error)
}

/// Docker's own name for an index.
fn is_list(descriptor: &Descriptor) -> bool {
    descriptor.media_type().to_string() == "application/vnd.docker.distribution.manifest.list.v2+json"
}

/// The manifest for this machine: of its platform, or one that names none.
fn choose(manifests: &[Descriptor]) -> Result<&Descriptor, Trouble> {
    let fits = |one: &&Descriptor| match one.platform() {
        Some(platform) => *platform.os() == Os::Linux && *platform.architecture() == Arch::Amd64,
        None => true,
    };
    manifests.iter().find(fits).ok_or_else(|| Trouble::new("the image is not for Linux on x86-64 (amd64)"))
}

/// Where a digest's content lies in the layout.
fn place_of(descriptor: &Descriptor) -> PathBuf {
    let digest = descriptor.digest();
    Path::new("blobs").join(digest.algorithm().as_ref()).join(digest.digest())
}

fn layer(descriptor: &Descriptor) -> Result<Layer, Trouble> {
    if let MediaType::Other(kind) = descriptor.media_type()
        && !kind.starts_with("application/vnd.docker.image.rootfs.diff.tar")
    {
        return Err(Trouble::new(format!("the image has a layer of the kind {kind}: no file system")));
    }
    let digest = descriptor.digest();
    let sha256 = (digest.algorithm().as_ref() == "sha256").then(|| digest.digest().to_owned());
    Ok(Layer { path: place_of(descriptor), sha256 })
}

/// A manifest or an index, whose bytes are what its digest says.
fn blob(place: &Place, descriptor: &Descriptor) -> Result<Vec<u8>, Trouble> {
    let path = place_of(descriptor);
    let bytes = read(place, &path)?;
    if descriptor.digest().algorithm().as_ref() == "sha256" {
        verify(&mut bytes.as_slice(), descriptor.digest().digest(), &path)?;
    }
    Ok(bytes)
}

fn read(place: &Place, path: &Path) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let read = place.read(path)?.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes);
    read.map_err(|e| Trouble::from_cause(format!("cannot read {}", path.display()), e))?;
    if bytes.len() as u64 > LARGEST_MANIFEST {
        return Err(Trouble::new(format!("{} of the image is larger than 4 MiB", path.display())));
    }
    Ok(bytes)
}

/// The layers as `docker save` lists them: one image after the other, of which there may be one only.
fn of_docker(place: &Place) -> Result<Vec<Layer>, Trouble> {
    #[derive(serde::Deserialize)]
    struct Saved {
        #[serde(rename = "Layers")]
        layers: Vec<PathBuf>,
    }
    let text = read(place, Path::new("manifest.json"))?;
    let images: Vec<Saved> = serde_json::from_slice(&text)
        .map_err(|e| Trouble::from_cause("manifest.json of the image is not understood", e))?;
    let [image] = <[Saved; 1]>::try_from(images)
        .map_err(|images| Trouble::new(format!("the archive holds {} images; save one", images.len())))?;
    Ok(image.layers.into_iter().map(|path| Layer { path, sha256: None }).collect())
}

/// Puts a layer on top of what is there.
///
/// # Errors
/// It is not what its digest says, or cannot be unpacked.
pub fn apply(place: &Place, layer: &Layer, target: &Place, budget: &mut Budget) -> Result<(), Trouble> {
    let mut file = place.read(&layer.path)?;
    if let Some(sha256) = &layer.sha256 {
        verify(&mut file, sha256, &layer.path)?;
    }
    for kind in [Kind::Whiteouts, Kind::Files] {
        file.rewind().map_err(|e| Trouble::from_cause("cannot read a layer again", e))?;
        unpack::archive(compression::open(&file)?, target, budget, kind)
            .map_err(|e| Trouble::from_cause(format!("the layer {}", layer.path.display()), e))?;
    }
    Ok(())
}

/// Whether the bytes hash to that.
fn verify(bytes: &mut dyn Read, sha256: &str, path: &Path) -> Result<(), Trouble> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 128 << 10];
    loop {
        let count = match bytes.read(&mut buffer) {
            Ok(count) => count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Trouble::from_cause(format!("cannot read {}", path.display()), e)),
        };
        if count == 0 {
            break;
        }
        context.update(buffer.get(..count).unwrap_or_default());
    }
    let found: String = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if found == sha256 { Ok(()) } else { Err(Trouble::new(format!("{} is not what its digest says", path.display()))) }
}
