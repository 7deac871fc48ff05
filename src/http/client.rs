//! By which address a client is known: to whoever limits what one address may do, and to the log.
//!
//! What does not live here: who a client is (its token says that), and what is limited.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// Whom a proxy was asked by, after whom those before it were asked by.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever sent a request: the other end of the connection or, where that is one of
/// these proxies, whom it says that it was asked by.
pub fn address(request: &ServiceRequest, proxies: &[IpNet]) -> IpAddr {
    // Only a request of a test comes over no connection.
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
    behind(peer, request.headers(), proxies)
}

/// Each proxy appends whom it was asked by, so the header is read from its end for as long as it is
/// proxies of ours that speak. What stands before that is the client's own word and means nothing.
fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(&address));
    let mut address = peer.to_canonical();
    let lines: Vec<&str> =
        headers.get_all(X_FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
    let mut said = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while trusted(address) {
        // A proxy that says nothing that can be read spoke for itself.
        let Some(before) = said.next().and_then(|text| read(text.trim())) else { break };
        address = before.to_canonical();
    }
    address
}

/// An address, of which some proxies say the port as well.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(with_port).or_else(in_brackets)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let ours = ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"];
        let ours: Vec<IpNet> = ours.iter().map(|text| text.parse().expect("a network")).collect();
        for (peer, lines, expected) in [
            // A stranger says what it likes.
            ("203.0.113.9", &["127.0.0.1"][..], "203.0.113.9"),
            ("203.0.113.9", &[], "203.0.113.9"),
            ("127.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            // What the client made up stands before what our proxy saw.
            ("127.0.0.1", &["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", &["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", &["10.0.0.7", "203.0.113.9, 10.0.0.1"], "203.0.113.9"),
            // Through two proxies of ours.
            ("127.0.0.1", &["203.0.113.9, 10.0.0.1"], "203.0.113.9"),
            // One of ours, asked by another of ours, asks for itself.
            ("127.0.0.1", &["10.0.0.2"], "10.0.0.2"),
            ("127.0.0.1", &[], "127.0.0.1"),
            // What cannot be read is nobody's address, and neither is what stands before it.
            ("127.0.0.1", &["203.0.113.9, nonsense"], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.9, unknown, 10.0.0.1"], "10.0.0.1"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("127.0.0.1", &["203.0.113.9,"], "127.0.0.1"),
            // Ports, brackets, and the other form of an address of four bytes.
            ("127.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], "2001:db8::1"),
            ("::ffff:127.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let line = HeaderValue::from_str(line).expect("a header");
                headers.append(X_FORWARDED_FOR, line);
            }
            let peer: IpAddr = peer.parse().expect("an address");
            let expected: IpAddr = expected.parse().expect("an address");
            assert_eq!(behind(peer, &headers, &ours), expected, "{peer} {lines:?}");
        }
    }
}
