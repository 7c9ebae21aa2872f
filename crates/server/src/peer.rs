//! Where an HTTP request comes from: put into its extensions by the door, read by whoever has to tell callers apart.

use std::net::IpAddr;

/// The address of the other end of the connection: the client, or a proxy in front.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);
