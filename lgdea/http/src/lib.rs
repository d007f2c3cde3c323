//! HTTP clients of lgdea: one choice of TLS, one name.

use rustls::crypto::ring;

/// Name and release, as a server's log has them.
const AGENT: &str = concat!("lgdea/", env!("CARGO_PKG_VERSION"));

/// Settings of a client whose calls wait for their answer.
pub fn blocking() -> reqwest::blocking::ClientBuilder {
    provide_tls();
    reqwest::blocking::Client::builder().user_agent(AGENT)
}

/// Settings of a client whose calls are futures.
pub fn client() -> reqwest::ClientBuilder {
    provide_tls();
    reqwest::Client::builder().user_agent(AGENT)
}

/// Names `ring` as the cryptography of this process. Where another one was named before, that one stays.
fn provide_tls() {
    drop(ring::default_provider().install_default());
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_process_may_have_many_clients() {
        for _ in 0..2 {
            super::blocking().build().unwrap();
            super::client().build().unwrap();
        }
    }
}
