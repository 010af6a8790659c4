//! Netlink attributes: length, type, value, padding to four bytes.

const NESTED: u16 = 1 << 15;
const KIND: u16 = 0x3fff;

/// The value of the first attribute of that kind.
pub(crate) fn find(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    all(bytes).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
}

/// Attributes one after the other: kind and value.
pub(crate) fn all(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [a, b, c, d] = bytes.first_chunk::<4>()?;
        let length = usize::from(u16::from_ne_bytes([*a, *b])).max(4);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([*c, *d]) & KIND, value))
    })
}

/// Bytes that grow by attributes.
#[derive(Default)]
pub(crate) struct Attributes(pub Vec<u8>);

impl Attributes {
    pub(crate) fn bytes(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// Numbers of nftables are big-endian.
    pub(crate) fn number(&mut self, kind: u16, value: u32) -> &mut Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    pub(crate) fn text(&mut self, kind: u16, value: &str) -> &mut Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.bytes(kind, &bytes)
    }

    pub(crate) fn nest(&mut self, kind: u16, fill: impl FnOnce(&mut Attributes)) -> &mut Self {
        let mut inner = Attributes::default();
        fill(&mut inner);
        self.bytes(kind | NESTED, &inner.0)
    }
}
