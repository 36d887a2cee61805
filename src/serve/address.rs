//! Addresses as people write them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// An address that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address to listen on: write IP:PORT, such as 127.0.0.1:8443, [::1]:8443 or 0.0.0.0:8443"
)]
pub struct AddressError;

/// Reads `127.0.0.1:8443`, `[::1]:8443`, `localhost:8443` and `:8443` (every interface).
///
/// Names other than `localhost` are refused: what they resolve to may change under a running server.
///
/// # Errors
/// When the text is none of these.
pub fn parse_address(text: &str) -> Result<SocketAddr, AddressError> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (host, port) = text.rsplit_once(':').ok_or(AddressError)?;
    let port = port.parse().map_err(|_| AddressError)?;
    let ip = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        _ => return Err(AddressError),
    };
    Ok(SocketAddr::new(IpAddr::V4(ip), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, expected) in [
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("[::1]:8443", "[::1]:8443"),
            ("localhost:1", "127.0.0.1:1"),
            (":8443", "0.0.0.0:8443"),
        ] {
            assert_eq!(parse_address(text).unwrap().to_string(), expected);
        }
        for text in ["", "8443", "localhost", "example.com:1", "127.0.0.1:99999", "::1:", "1.2.3:4"]
        {
            assert_eq!(parse_address(text), Err(AddressError), "{text}");
        }
    }
}
