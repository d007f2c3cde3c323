//! Which servers reports may be sent to.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use url::{Host, Url};

use crate::error::EvidenceError;

/// A server that reports may be sent to, as far as its address tells.
#[derive(Debug, Clone)]
pub(super) struct Address {
    url: Url,
    allow_remote: bool,
}

impl Address {
    /// Judges an address without asking a name server: its form, a literal IP address.
    pub(super) fn new(base_url: &str, allow_remote: bool) -> Result<Self, EvidenceError> {
        let wrong = |problem: &str| EvidenceError::BaseUrl { problem: problem.to_owned() };
        let url = Url::parse(base_url).map_err(|error| wrong(&format!("is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user name or password; name the variable with the key in api-key-env instead"));
        }
        let address = Self { url, allow_remote };
        match address.url.host() {
            Some(Host::Ipv4(ip)) => address.judge(&[ip.into()])?,
            Some(Host::Ipv6(ip)) => address.judge(&[ip.into()])?,
            _ => {}
        }
        Ok(address)
    }

    /// Resolves the host and judges all its addresses. Only these may be connected to, so that another answer of the name
    /// server cannot lead elsewhere.
    pub(super) fn resolve(&self) -> Result<Vec<SocketAddr>, EvidenceError> {
        let unknown = |reason: String| EvidenceError::Server {
            server: self.to_string(),
            problem: format!("cannot be found: {reason}; check base-url and the network"),
        };
        let port = self.url.port_or_known_default().unwrap_or(80);
        let found = match self.url.host() {
            Some(Host::Ipv4(ip)) => vec![SocketAddr::from((ip, port))],
            Some(Host::Ipv6(ip)) => vec![SocketAddr::from((ip, port))],
            Some(Host::Domain(name)) => {
                (name, port).to_socket_addrs().map_err(|error| unknown(error.to_string()))?.collect()
            }
            None => vec![],
        };
        if found.is_empty() {
            return Err(unknown("its name has no address".to_owned()));
        }
        let addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
        self.judge(&addresses)?;
        Ok(found)
    }

    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub(super) fn allow_remote(&self) -> bool {
        self.allow_remote
    }

    /// Address of an endpoint below the base.
    pub(super) fn endpoint(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn judge(&self, addresses: &[IpAddr]) -> Result<(), EvidenceError> {
        let host = self.host().to_owned();
        if addresses.iter().all(|address| is_private(*address)) {
            Ok(())
        } else if !self.allow_remote {
            Err(EvidenceError::Remote { host })
        } else if self.url.scheme() == "http" {
            Err(EvidenceError::ClearText { host })
        } else {
            Ok(())
        }
    }
}

/// Without what a query may hold.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.url.origin().ascii_serialization(), self.url.path().trim_end_matches('/'))
    }
}

/// Whether an address is this machine's or of a private network. 0.0.0.0, which servers print as their own, is this machine.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str, allow_remote: bool) -> &'static str {
        match Address::new(url, allow_remote).and_then(|address| address.resolve()) {
            Ok(_) => "fine",
            Err(EvidenceError::Remote { .. }) => "remote",
            Err(EvidenceError::ClearText { .. }) => "clear text",
            Err(EvidenceError::BaseUrl { .. }) => "wrong",
            Err(error) => panic!("{url}: {error}"),
        }
    }

    #[test]
    fn this_machine_and_private_networks_only() {
        let private = [
            "http://127.0.0.1:8000/v1",
            "http://localhost:8000/v1",
            "http://LOCALHOST/v1",
            "http://[::1]:8000",
            "http://10.1.2.3/v1",
            "https://172.31.255.255",
            "http://192.168.0.7",
            "http://169.254.1.1",
            "http://[fd12:3456::1]",
            "http://[fe80::1]",
            "http://[::ffff:192.168.0.7]",
            "http://0.0.0.0:8000",
            "http://0x7f.1/v1",
        ];
        for url in private {
            assert_eq!(verdict(url, false), "fine", "{url}");
        }
        let remote = [
            "https://8.8.8.8/v1",
            "http://172.32.0.1",
            "http://192.169.0.1",
            "http://100.64.0.1",
            "https://[2001:4860:4860::8888]",
            "https://[::ffff:8.8.8.8]",
            "https://[::8.8.8.8]",
            "https://[64:ff9b::808:808]",
            "http://134744072/v1",
        ];
        for url in remote {
            assert_eq!(verdict(url, false), "remote", "{url}");
            let allowed = if url.starts_with("https") { "fine" } else { "clear text" };
            assert_eq!(verdict(url, true), allowed, "{url}");
        }
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for url in
            ["http://127.0.0.1@evil.com/v1", "http://a:b@127.0.0.1", "ftp://127.0.0.1", "127.0.0.1:8000", "", "http://"]
        {
            assert_eq!(verdict(url, true), "wrong", "{url}");
        }
        let error = Address::new("https://user:hunter2@host/v1", true).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("api-key-env"), "{error}");
    }

    #[test]
    fn endpoints_keep_path_and_query() {
        for (base, endpoint) in [
            ("http://localhost:1/v1", "http://localhost:1/v1/chat/completions"),
            ("http://localhost:1/v1/", "http://localhost:1/v1/chat/completions"),
            ("http://localhost:1", "http://localhost:1/chat/completions"),
            ("http://localhost:1/a?version=2", "http://localhost:1/a/chat/completions?version=2"),
        ] {
            let address = Address::new(base, false).unwrap();
            assert_eq!(address.endpoint(&["chat", "completions"]).as_str(), endpoint);
        }
        assert_eq!(
            Address::new("http://localhost:1/v1/?key=secret", false).unwrap().to_string(),
            "http://localhost:1/v1"
        );
    }
}
