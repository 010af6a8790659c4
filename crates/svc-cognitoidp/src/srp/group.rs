//! Arithmetic modulo a safe prime, in constant time for secret exponents.

use std::sync::OnceLock;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

/// A non-negative number in big-endian bytes without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Vec<u8>);

/// A group of RFC 5054, appendix A.
pub struct Group {
    bytes: usize,
    params: BoxedMontyParams,
    generator: BoxedMontyForm,
    modulus: Number,
}

/// So many bits a secret exponent has; RFC 5054 asks for at least 256.
const EXPONENT_BITS: u32 = 256;

/// The group of 3,072 bits, which is Cognito's.
const PRIME_3072: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
                          EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
                          EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
                          83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
                          E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
                          15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
                          ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
                          BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";

/// Cognito's group.
pub fn cognito() -> Option<&'static Group> {
    static GROUP: OnceLock<Option<Group>> = OnceLock::new();
    GROUP.get_or_init(|| Group::new(&hex_number(PRIME_3072)?, 2)).as_ref()
}

/// A number out of hexadecimal digits, odd in number or not.
pub fn hex_number(text: &str) -> Option<Number> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect();
    let digits = digits.filter(|digits| !digits.is_empty())?;
    let odd = digits.len() % 2;
    let (first, rest) = digits.split_at(odd);
    let pairs = rest.chunks_exact(2).map(|pair| pair.iter().fold(0, |high, low| high << 4 | low));
    Some(Number::new(&first.iter().copied().chain(pairs).collect::<Vec<u8>>()))
}

impl Number {
    pub fn new(bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Number(bytes.iter().skip(zeros).copied().collect())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As clients hash it: as few bytes as hold it and a sign bit that is clear.
    pub fn padded(&self) -> Vec<u8> {
        let sign = self.0.first().is_none_or(|byte| *byte >= 0x80);
        sign.then_some(0).into_iter().chain(self.0.iter().copied()).collect()
    }

    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Group {
    /// A group of that prime and generator; `None` if the prime is even.
    pub fn new(prime: &Number, generator: u8) -> Option<Self> {
        let bytes = prime.0.len();
        let bits = u32::try_from(bytes * 8).ok()?;
        let odd = Odd::new(BoxedUint::from_be_slice(&prime.0, bits).ok()?).into_option()?;
        let params = BoxedMontyParams::new(odd);
        let mut small = vec![0; bytes];
        *small.last_mut()? = generator;
        let generator = BoxedMontyForm::new(BoxedUint::from_be_slice(&small, bits).ok()?, &params);
        Some(Group { bytes, params, generator, modulus: prime.clone() })
    }

    /// The prime as clients hash it.
    pub fn modulus(&self) -> &Number {
        &self.modulus
    }

    /// Whether a client's public value is one: not zero modulo the prime (RFC 5054, section 2.5.4), nor too long.
    pub fn is_public(&self, value: &Number) -> bool {
        let fits = value.0.len() < self.bytes || (value.0.len() == self.bytes && value.0 < self.modulus.0);
        fits && !value.0.is_empty()
    }

    /// g^x: a verifier, or a public value.
    pub fn raise(&self, exponent: &Number) -> Option<Number> {
        Some(self.number(&self.power(&self.generator, exponent)?))
    }

    /// The server's public value: k·v + g^b.
    pub fn server_public(&self, k: &Number, verifier: &Number, b: &Number) -> Option<Number> {
        let product = self.form(k)?.mul(&self.form(verifier)?);
        Some(self.number(&product.add(&self.power(&self.generator, b)?)))
    }

    /// What the server shares with the client: (A·v^u)^b.
    pub fn server_secret(&self, a_public: &Number, verifier: &Number, u: &Number, b: &Number) -> Option<Number> {
        let base = self.form(a_public)?.mul(&self.power(&self.form(verifier)?, u)?);
        Some(self.number(&self.power(&base, b)?))
    }

    fn power(&self, base: &BoxedMontyForm, exponent: &Number) -> Option<BoxedMontyForm> {
        let exponent = BoxedUint::from_be_slice(&fill(&exponent.0, EXPONENT_BITS as usize / 8)?, EXPONENT_BITS).ok()?;
        Some(base.pow_bounded_exp(&exponent, EXPONENT_BITS))
    }

    fn form(&self, number: &Number) -> Option<BoxedMontyForm> {
        let bits = u32::try_from(self.bytes * 8).ok()?;
        let number = BoxedUint::from_be_slice(&fill(&number.0, self.bytes)?, bits).ok()?;
        Some(BoxedMontyForm::new(number, &self.params))
    }

    fn number(&self, form: &BoxedMontyForm) -> Number {
        Number::new(&form.retrieve().to_be_bytes())
    }
}

/// With zeros in front to so many bytes; `None` if it has more.
fn fill(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let zeros = length.checked_sub(bytes.len())?;
    Some(std::iter::repeat_n(0, zeros).chain(bytes.iter().copied()).collect())
}
