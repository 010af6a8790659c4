//! RFC 5054's published vectors, and the edges of the protocol. Whole sign-ins are the clients' own tests (`tests/cognito`).

use super::group::{Group, Number, hex_number};
use super::server::{Verifier, open, session_key};
use proptest::prelude::*;

fn number(digits: &str) -> Number {
    hex_number(&digits.replace(' ', "")).expect("digits")
}

/// RFC 5054, appendix B. The group there has 1,024 bits; the arithmetic is the same.
#[test]
fn vectors_of_rfc_5054() {
    let prime = "EEAF0AB9ADB38DD69C33F80AFA8FC5E86072618775FF3C0B9EA2314C9C256576D674DF7496EA81D3383B4813D692C6E0E0D5D8E2\
                 50B98BE48E495C1D6089DAD15DC7D7B46154D6B6CE8EF4AD69B15D4982559B297BCF1885C529F566660E57EC68EDBC3C05726CC0\
                 2FD4CBF4976EAA9AFD5138FE8376435B9FC61D2FC0EB06E3";
    let group = Group::new(&number(prime), 2).expect("a group");
    let k = number("7556AA045AEF2CDD07ABAF0F665C3E818913186F");
    let x = number("94B7555AABE9127CC58CCF4993DB6CF84D16C124");
    let a_public = number(
        "61D5E490 F6F1B795 47B0704C 436F523D D0E560F0 C64115BB 72557EC4 4352E890 3211C046 92272D8B 2D1A5358 A2CF1B6E \
         0BFCF99F 921530EC 8E393561 79EAE45E 42BA92AE ACED8251 71E1E8B9 AF6D9C03 E1327F44 BE087EF0 6530E69F 66615261 \
         EEF54073 CA11CF58 58F0EDFD FE15EFEA B349EF5D 76988A36 72FAC47B 0769447B",
    );
    let b = number("E487CB59D31AC550471E81F00F6928E01DDA08E974A004F49E61F5D105284D20");
    let verifier = number(
        "7E273DE8 696FFC4F 4E337D05 B4B375BE B0DDE156 9E8FA00A 9886D812 9BADA1F1 822223CA 1A605B53 0E379BA4 729FDC59 \
         F105B478 7E5186F5 C671085A 1447B52A 48CF1970 B4FB6F84 00BBF4CE BFBB1681 52E08AB5 EA53D15C 1AFF87B2 B9DA6E04 \
         E058AD51 CC72BFC9 033B564E 26480D78 E955A5E2 9E7AB245 DB2BE315 E2099AFB",
    );
    let b_public = number(
        "BD0C6151 2C692C0C B6D041FA 01BB152D 4916A1E7 7AF46AE1 05393011 BAF38964 DC46A067 0DD125B9 5A981652 236F99D9 \
         B681CBF8 7837EC99 6C6DA044 53728610 D0C6DDB5 8B318885 D7D82C7F 8DEB75CE 7BD4FBAA 37089E6F 9C6059F3 88838E7A \
         00030B33 1EB76840 910440B1 B27AAEAE EB4012B7 D7665238 A8E3FB00 4B117B58",
    );
    let u = number("CE38B9593487DA98554ED47D70A7AE5F462EF019");
    let secret = number(
        "B0DC82BA BCF30674 AE450C02 87745E79 90A3381F 63B387AA F271A10D 233861E3 59B48220 F7C4693C 9AE12B0A 6F67809F \
         0876E2D0 13800D6C 41BB59B6 D5979B5C 00A172B4 A2A5903A 0BDCAF8A 709585EB 2AFAFA8F 3499B200 210DCC1F 10EB3394 \
         3CD67FC8 8A2F39A4 BE5BEC4E C0A3212D C346D7E4 74B29EDE 8A469FFE CA686E5A",
    );
    assert_eq!(group.raise(&x).expect("v"), verifier);
    assert_eq!(group.server_public(&k, &verifier, &b).expect("B"), b_public);
    assert_eq!(group.server_secret(&a_public, &verifier, &u, &b).expect("S"), secret);
}

#[test]
fn a_verifier_knows_its_password() {
    let verifier = Verifier::of("AbC123", "alice", "Passw0rd!").expect("a verifier");
    assert!(verifier.fits("AbC123", "alice", "Passw0rd!"));
    for (group, user, password) in
        [("AbC123", "alice", "passw0rd!"), ("AbC124", "alice", "Passw0rd!"), ("AbC123", "bob", "Passw0rd!")]
    {
        assert!(!verifier.fits(group, user, password));
    }
}

#[test]
fn improper_public_values_are_refused() {
    let verifier = Verifier::of("p", "u", "w").expect("a verifier");
    let prime = super::group::cognito().expect("the group").modulus().clone();
    let double = number(&format!("{}0", prime.hex()));
    for value in [number("0"), number("0000"), prime, double] {
        assert!(open(value, Some(&verifier)).is_none());
    }
    let opened = open(number("123456789"), Some(&verifier)).expect("opened");
    assert!(session_key(&opened, &verifier).is_some());
}

#[test]
fn numbers_are_padded_as_clients_do() {
    assert_eq!(number("7f").padded(), [0x7f]);
    assert_eq!(number("80").padded(), [0, 0x80]);
    assert_eq!(number("0").padded(), [0]);
    assert_eq!(number("abc").bytes(), [0x0a, 0xbc]);
    assert_eq!(hex_number("xy"), None);
    assert_eq!(hex_number(""), None);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = hex_number(&text);
    }
}
