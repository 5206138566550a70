//! A webhook's signature: HMAC-SHA-256 (RFC 2104) over moment and body, so that nobody can make a page up, change one,
//! or send an old one again.

use sha2::{Digest as _, Sha256};

use crate::core::plan::hex;

/// When it was signed, in seconds since 1970.
pub(in crate::channel) const TIMESTAMP: &str = "x-salve-timestamp";
/// `sha256=` and the signature in hexadecimal.
pub(in crate::channel) const SIGNATURE: &str = "x-salve-signature";

/// Signs `TIMESTAMP.BODY` with the key: `sha256=` and the HMAC in lower-case hexadecimal. The timestamp is in seconds
/// since 1970.
pub(in crate::channel) fn signature(key: &str, timestamp: i64, body: &[u8]) -> String {
    let message = [format!("{timestamp}.").as_bytes(), body].concat();
    format!("sha256={}", hex(&hmac(key.as_bytes(), &message)))
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new_with_prefix(pad(0x36)).chain_update(message).finalize();
    Sha256::new_with_prefix(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, cases 2 and 6
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn the_moment_is_signed_too() {
        assert_ne!(signature("k", 1, b"2.x"), signature("k", 12, b".x"));
        assert_ne!(signature("k", 1, b"x"), signature("k", 2, b"x"));
    }
}
