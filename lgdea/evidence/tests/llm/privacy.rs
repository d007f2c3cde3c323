//! Reports, keys: where they go and where they do not.

use std::net::TcpListener;
use std::time::Duration;

use lgdea_evidence::{EvidenceError, Provider};
use lgdea_harness::language_model::{Behaviour, Fault, Faults, Server};
use lgdea_spec::{Evidence, Openai};

use crate::{Scratch, reports, settings};

/// A variable that cargo sets for every test: changing the environment of a running test is not safe.
const VARIABLE: &str = "CARGO_PKG_NAME";
const KEY: &str = env!("CARGO_PKG_NAME");

fn refusal(base_url: &str, allow_remote: bool) -> EvidenceError {
    let settings = Openai { allow_remote, ..settings(base_url) };
    Provider::new(&Evidence::Openai(settings)).unwrap_err()
}

#[test]
fn other_machines_are_refused_before_anything_is_sent() {
    let error = refusal("https://8.8.8.8/v1", false).to_string();
    for part in ["8.8.8.8", "MIMIC-CXR", "third-party APIs", "allow-remote = true"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(matches!(refusal("http://8.8.8.8/v1", true), EvidenceError::ClearText { .. }));
    assert!(matches!(refusal("http://127.0.0.1@evil.example/v1", false), EvidenceError::BaseUrl { .. }));
}

#[test]
fn a_redirection_to_another_server_is_not_followed() {
    let other = Server::start(Behaviour::default());
    let server =
        Server::start(Behaviour { faults: Faults::Always(Fault::Redirect(other.address())), ..Behaviour::default() });
    let error = Scratch::new().extract(&settings(&server.base_url()), &reports(3)).unwrap_err().to_string();
    assert!(error.contains("answers 307, a redirection, which is not followed"), "{error}");
    assert_eq!(other.total(), 0);
}

#[test]
fn a_proxy_of_the_environment_sees_no_report() {
    // The proxy is set for a process of its own: this test, started again.
    const CHILD: &str = "LGDEA_TEST_PROXIED";
    if let Ok(base_url) = std::env::var(CHILD) {
        let extraction = Scratch::new().extract(&settings(&base_url), &reports(3)).unwrap();
        assert_eq!(extraction.reports.len(), 3);
        return;
    }
    let server = Server::start(Behaviour::default());
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "privacy::a_proxy_of_the_environment_sees_no_report"])
        .envs([(CHILD, server.base_url()), ("http_proxy", address.clone()), ("ALL_PROXY", address)])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    proxy.set_nonblocking(true).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(proxy.accept().is_err(), "something came by the proxy");
    assert_eq!(server.total(), 3);
}

#[test]
fn the_key_comes_from_the_environment_and_goes_to_the_server_alone() {
    let server = Server::start(Behaviour { key: KEY, ..Behaviour::default() });
    let with_key = Openai { api_key_env: VARIABLE.into(), ..settings(&server.base_url()) };
    assert_eq!(Scratch::new().extract(&with_key, &reports(3)).unwrap().reports.len(), 3);

    let error = Scratch::new().extract(&settings(&server.base_url()), &reports(3)).unwrap_err().to_string();
    assert!(
        error.contains("answers 401 (invalid_api_key): it asks for a key") && error.contains("api-key-env"),
        "{error}"
    );

    server.behave(Behaviour { key: "another", ..Behaviour::default() });
    let scratch = Scratch::new();
    let error = scratch.extract(&with_key, &reports(3)).unwrap_err();
    assert!(error.to_string().contains("it does not accept the key in CARGO_PKG_NAME"), "{error}");
    let provider = Provider::new(&Evidence::Openai(with_key.clone())).unwrap();
    for text in [format!("{error} {error:?}"), format!("{provider:?}")] {
        assert!(!text.contains(KEY), "{text}");
    }
    let cache = std::fs::read(scratch.cache()).unwrap();
    assert!(!cache.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
    assert_eq!(server.total(), 3);

    let missing = Openai { api_key_env: "LGDEA_TEST_NO_SUCH_VARIABLE".into(), ..with_key };
    let error = Scratch::new().extract(&missing, &reports(3)).unwrap_err().to_string();
    assert!(error.contains("LGDEA_TEST_NO_SUCH_VARIABLE, which api-key-env names, is not set"), "{error}");
}

#[test]
fn neither_errors_nor_the_cache_hold_report_text() {
    let server = Server::start(Behaviour { faults: Faults::Always(Fault::Echo), ..Behaviour::default() });
    let scratch = Scratch::new();
    let error = scratch.extract(&settings(&server.base_url()), &reports(20)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("Case"), "{error:?}");
    let extraction = scratch.extract(&settings(&server.base_url()), &reports(2)).unwrap();
    assert!(!format!("{} {:?}", extraction.tally, extraction.tally).contains("Case"));

    server.behave(Behaviour::default());
    scratch.extract(&settings(&server.base_url()), &reports(20)).unwrap();
    for file in std::fs::read_dir(scratch.cache().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for word in [&b"Case 1"[..], b"rule out"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word));
        }
    }
}
