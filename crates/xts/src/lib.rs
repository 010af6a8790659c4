//! AES-256-XTS (IEEE 1619) by sectors, as disks are encrypted: what is in a volume's file on this machine, and what its
//! instance reads. Pure, and a crate of its own so that it is optimised in every build.
//!
//! A sector that is all zero in the file was never written, and reads as zeros: volumes stay sparse.

use aes::Aes256;
use aes::cipher::KeyInit;
use xts_mode::{Xts128, get_tweak_default};

/// Bytes that are encrypted for themselves.
pub const SECTOR: usize = 512;
/// Bytes of a key: one for the data, one for the places.
pub const KEY: usize = 64;

/// A volume's cipher.
pub struct Cipher(Xts128<Aes256>);

impl Cipher {
    /// `None` if the key is not of 64 bytes.
    pub fn new(key: &[u8]) -> Option<Cipher> {
        let (data, place) = key.split_at_checked(KEY / 2)?;
        let cipher = |key: &[u8]| Aes256::new_from_slice(key).ok();
        Some(Cipher(Xts128::new(cipher(data)?, cipher(place)?)))
    }

    /// Encrypts whole sectors in place; `first` is the number of the first one.
    pub fn seal(&self, sectors: &mut [u8], first: u64) {
        self.0.encrypt_area(sectors, SECTOR, u128::from(first), get_tweak_default);
    }

    /// Decrypts whole sectors in place.
    pub fn open(&self, sectors: &mut [u8], first: u64) {
        for (sector, number) in sectors.chunks_exact_mut(SECTOR).zip(first..) {
            if !is_zero(sector) {
                self.0.decrypt_sector(sector, get_tweak_default(u128::from(number)));
            }
        }
    }
}

/// By words, which compilers make quick.
fn is_zero(sector: &[u8]) -> bool {
    sector.chunks_exact(8).all(|word| word == [0; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IEEE 1619-2007, annex B, vector 10: 512 bytes 00 01 … ff 00 … ff in data unit 0xff.
    #[test]
    fn the_standards_vector() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
        };
        let key = hex(concat!(
            "2718281828459045235360287471352662497757247093699959574966967627",
            "3141592653589793238462643383279502884197169399375105820974944592",
        ));
        let plain: Vec<u8> = (0..512).map(|at| at as u8).collect();
        let cipher = Cipher::new(&key).expect("a key");
        let mut sector = plain.clone();
        cipher.seal(&mut sector, 0xff);
        assert_eq!(sector[..32], hex("1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b"));
        cipher.open(&mut sector, 0xff);
        assert_eq!(sector, plain);
    }

    #[test]
    fn places_matter_and_holes_stay() {
        let cipher = Cipher::new(&[7; 32].iter().chain(&[9; 32]).copied().collect::<Vec<u8>>()).expect("a key");
        let mut sectors = vec![5; 3 * SECTOR];
        cipher.seal(&mut sectors, 10);
        assert_ne!(sectors[..SECTOR], sectors[SECTOR..2 * SECTOR]);
        sectors[SECTOR..2 * SECTOR].fill(0);
        cipher.open(&mut sectors, 10);
        assert_eq!((sectors[0], sectors[SECTOR], sectors[2 * SECTOR]), (5, 0, 5));
        assert!(Cipher::new(&[0; 32]).is_none());
    }
}
