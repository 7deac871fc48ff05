//! Connections: how many there are, in all and of one address, and how long a dead one is kept.
//!
//! A connection beyond the bound in all is answered: with 503 to whatever it asks, and it is closed,
//! so that its client knows why and those who look after the service are answered. There is room for
//! a quarter of the bound of such. What is beyond that too, and what one address has beyond its own
//! bound, is closed at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use ipnet::IpNet;
use socket2::SockRef;

use crate::config;
use crate::telemetry::Metrics;

/// The connections of a server.
pub struct Connections {
    most: usize,
    most_of_address: usize,
    stall_time: Duration,
    proxies: Vec<IpNet>,
    metrics: Metrics,
    open: Mutex<Open>,
}

/// Those that are open.
#[derive(Debug, Default)]
struct Open {
    admitted: usize,
    refused: usize,
    of_address: BTreeMap<IpAddr, usize>,
}

/// A connection, for as long as it is open.
pub struct Connection {
    connections: Arc<Connections>,
    address: IpAddr,
    place: Place,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is served.
    Admitted,
    /// It is told that there are too many.
    Refused,
    /// It is closed at once.
    Cut,
}

impl Connections {
    /// Bounds as they are set.
    pub fn new(settings: &config::Server, metrics: Metrics) -> Self {
        Self {
            most: settings.limits.connections as usize,
            most_of_address: settings.limits.connections_of_address as usize,
            stall_time: settings.limits.stall_time,
            proxies: settings.trusted_proxies.clone(),
            metrics,
            open: Mutex::default(),
        }
    }

    /// Counts one that was accepted.
    pub fn accept(self: &Arc<Self>, stream: &TcpStream) -> Connection {
        let peer = stream.peer_addr().map(|peer| peer.ip().to_canonical());
        let connection = self.count(peer.unwrap_or(IpAddr::from([0, 0, 0, 0])));
        // A peer that is gone already does not mind, here and below.
        if connection.place == Place::Cut {
            let _ = SockRef::from(stream).shutdown(Shutdown::Both);
        }
        // One that takes no byte for so long is gone, or may as well be: without this the system keeps
        // what was sent to it for as long as it answers that it has no room. Where there is no such
        // option, the bounds on streams still hold.
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(stream).set_tcp_user_timeout(Some(self.stall_time));
        connection
    }

    fn count(self: &Arc<Self>, address: IpAddr) -> Connection {
        // All clients behind a proxy come from its address.
        let is_proxy = self.proxies.iter().any(|network| network.contains(&address));
        let mut open = self.open();
        let of_address = open.of_address.get(&address).copied().unwrap_or_default();
        let place = match () {
            () if of_address >= self.most_of_address && !is_proxy => Place::Cut,
            () if open.admitted < self.most => Place::Admitted,
            () if open.refused < self.most / 4 => Place::Refused,
            () => Place::Cut,
        };
        match place {
            Place::Admitted => open.admitted += 1,
            Place::Refused => open.refused += 1,
            Place::Cut => self.metrics.count_limit("CONNECTIONS"),
        }
        if place != Place::Cut {
            *open.of_address.entry(address).or_default() += 1;
        }
        drop(open);
        Connection { connections: Arc::clone(self), address, place }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Whether what it asks is done.
    pub fn is_admitted(&self) -> bool {
        self.place == Place::Admitted
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        match self.place {
            Place::Admitted => open.admitted -= 1,
            Place::Refused => open.refused -= 1,
            Place::Cut => return,
        }
        if let Some(of_address) = open.of_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                open.of_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_bounded_in_all_and_of_one_address() {
        let defaults = config::Config::of_defaults().expect("defaults").server;
        let limits =
            config::Limits { connections: 4, connections_of_address: 2, ..defaults.limits.clone() };
        let proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        let settings = config::Server { limits, trusted_proxies: proxies, ..defaults };
        let metrics = Metrics::new().expect("metrics");
        let connections = Arc::new(Connections::new(&settings, metrics));
        let count = |address: [u8; 4]| connections.count(IpAddr::from(address));
        let (one, two) = (count([192, 0, 2, 1]), count([192, 0, 2, 1]));
        assert!(one.is_admitted() && two.is_admitted());
        // However many one address opens, the others have their places.
        let more: Vec<_> = (0..100).map(|_| count([192, 0, 2, 1])).collect();
        assert!(more.iter().all(|one| one.place == Place::Cut));
        drop(two);
        // A proxy speaks for many.
        let behind = [count([10, 0, 0, 1]), count([10, 0, 0, 1]), count([10, 0, 0, 1])];
        assert!(behind.iter().all(Connection::is_admitted));
        let beyond = count([192, 0, 2, 2]);
        assert_eq!(beyond.place, Place::Refused);
        assert_eq!(count([192, 0, 2, 3]).place, Place::Cut);
        drop((beyond, behind));
        assert!(count([192, 0, 2, 2]).is_admitted());
        drop((one, more));
        let open = connections.open();
        assert_eq!((open.admitted, open.refused, open.of_address.len()), (0, 0, 0));
    }
}
