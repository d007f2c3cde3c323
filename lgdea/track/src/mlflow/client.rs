//! HTTP to one MLflow server.

use std::error::Error as _;
use std::fs::File;
use std::time::Duration;

use reqwest::blocking::{Body, RequestBuilder, Response};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::Refusal;
use super::pulse::{Pulse, Taken};
use super::settings::Credentials;
use super::{Error, Settings};

/// MLflow closes idle connections after 5 s; a request on a connection that is just being closed would fail.
const POOL_IDLE: Duration = Duration::from_secs(4);
const CONNECT: Duration = Duration::from_secs(10);
/// Time for a request with its answer where nobody waits for it, as in MLflow's own client.
pub(super) const UNWATCHED: Duration = Duration::from_mins(2);
/// The same where a user does.
pub(super) const WATCHED: Duration = Duration::from_mins(1);
/// Slowest upload that is waited for, in bytes a second.
const SLOWEST_UPLOAD: u64 = 100_000;
/// Characters of an answer that is no JSON that are shown to the user.
const SHOWN: usize = 200;

/// Speaks HTTP to one MLflow server: addresses, credentials, and errors that say what to do. One call is one attempt.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::blocking::Client,
    server: Url,
    credentials: Option<Credentials>,
    /// Time for a request with its answer.
    patience: Duration,
    pulse: Pulse,
}

impl Client {
    /// A client that allows `patience` for a request with its answer.
    pub(super) fn new(settings: &Settings, patience: Duration) -> Result<Client, Error> {
        let mut http = lgdea_http::blocking()
            .pool_idle_timeout(POOL_IDLE)
            .connect_timeout(CONNECT)
            .timeout(patience)
            // A redirected POST would become a GET; better to say where the server really is.
            .redirect(Policy::none())
            .tls_danger_accept_invalid_certs(settings.insecure_tls);
        if !settings.certificates.is_empty() {
            http = http.tls_certs_only(settings.certificates.iter().cloned());
        }
        Ok(Client {
            http: http.build().map_err(|error| Error::Setting(format!("no HTTP client: {}", chain(&error))))?,
            server: settings.server.clone(),
            credentials: settings.credentials.clone(),
            patience,
            pulse: Pulse::default(),
        })
    }

    /// Asks for as little as can be asked for.
    pub(super) fn ask(&self) -> Result<(), Error> {
        self.get::<serde_json::Value>("experiments/search", &[("max_results", "1")]).map(drop)
    }

    /// Tells `pulse` what is heard of the server.
    pub(super) fn with_pulse(self, pulse: Pulse) -> Client {
        Client { pulse, ..self }
    }

    /// Address of the server, as users write it.
    pub(super) fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// GET of an endpoint below `api/2.0/mlflow/`.
    pub(super) fn get<T: DeserializeOwned>(&self, call: &str, query: &[(&str, &str)]) -> Result<T, Error> {
        let request = self.http.get(self.endpoint(&["mlflow"], call)).query(query);
        self.json(call, self.send(call, request)?)
    }

    /// POST to an endpoint below `api/2.0/mlflow/`.
    pub(super) fn post<T: DeserializeOwned>(&self, call: &str, body: &impl Serialize) -> Result<T, Error> {
        let request = self.http.post(self.endpoint(&["mlflow"], call)).json(body);
        self.json(call, self.send(call, request)?)
    }

    /// PATCH of an endpoint below `api/2.0/mlflow/`.
    pub(super) fn patch<T: DeserializeOwned>(&self, call: &str, body: &impl Serialize) -> Result<T, Error> {
        let request = self.http.patch(self.endpoint(&["mlflow"], call)).json(body);
        self.json(call, self.send(call, request)?)
    }

    /// Streams a file to the server's artifact store.
    pub(super) fn put_artifact(&self, path: &str, file: File, length: u64) -> Result<(), Error> {
        let call = "mlflow-artifacts";
        let request = self
            .http
            .put(self.endpoint(&["mlflow-artifacts", "artifacts"], path))
            .timeout(self.patience + Duration::from_secs(length / SLOWEST_UPLOAD))
            .body(Body::sized(Taken { content: file, pulse: self.pulse.clone() }, length));
        self.send(call, request)?;
        self.pulse.answers();
        Ok(())
    }

    /// `<server>/api/2.0/<area>/<path>`, each part of the path encoded.
    fn endpoint(&self, area: &[&str], path: &str) -> Url {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "2.0"]).extend(area).extend(path.split('/'));
        }
        url
    }

    fn send(&self, call: &str, request: RequestBuilder) -> Result<Response, Error> {
        let request = match &self.credentials {
            Some(Credentials::Basic { username, password }) => request.basic_auth(username, Some(password)),
            Some(Credentials::Bearer(token)) => request.bearer_auth(token),
            None => request,
        };
        self.pulse.asks();
        let response = request.send().map_err(|error| self.broken(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let error = self.refused(call, response);
        if error.is_transient() && !error.is_missing() {
            self.pulse.fails();
        } else {
            self.pulse.answers();
        }
        Err(error)
    }

    fn json<T: DeserializeOwned>(&self, call: &str, response: Response) -> Result<T, Error> {
        let bytes = response.bytes().map_err(|error| self.broken(error))?;
        self.pulse.answers();
        serde_json::from_slice(&bytes)
            .map_err(|_| Error::NotMlflow { server: self.server().to_owned(), call: call.to_owned() })
    }

    fn broken(&self, error: reqwest::Error) -> Error {
        self.pulse.fails();
        Error::Connection { server: self.server().to_owned(), reason: chain(&error.without_url()) }
    }

    fn refused(&self, call: &str, response: Response) -> Error {
        #[derive(Deserialize)]
        struct Answer {
            error_code: String,
            #[serde(default)]
            message: String,
        }
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let location = header(LOCATION).unwrap_or_default();
        let retry_after = header(RETRY_AFTER).and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let text = response.text().unwrap_or_default();
        // 401 and 403 come as plain text, those of proxies as HTML.
        let (code, message) = match serde_json::from_str::<Answer>(&text) {
            Ok(answer) => (answer.error_code, answer.message),
            Err(_) if text.trim_start().starts_with('<') => (String::new(), "an HTML page".to_owned()),
            Err(_) => (String::new(), text.trim().chars().take(SHOWN).collect()),
        };
        let hint = self.hint(status, &code, &message, &location);
        Error::Refused(Box::new(Refusal {
            server: self.server().to_owned(),
            status,
            call: call.to_owned(),
            hint: if hint.is_empty() { hint } else { format!(" ({hint})") },
            code,
            message,
            retry_after,
        }))
    }

    fn hint(&self, status: u16, code: &str, message: &str, location: &str) -> String {
        match status {
            300..=399 => format!("it sends us on to {location}; give that address as the tracking URI"),
            401 if self.credentials.is_some() => {
                "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN".to_owned()
            }
            401 => "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN".to_owned(),
            403 if message.to_lowercase().contains("host") => {
                format!("start the server with `--allowed-hosts {}`", self.server.host_str().unwrap_or_default())
            }
            403 => "this user may not do that; ask the server's owner for the right to edit the experiment".to_owned(),
            404 | 405 if code.is_empty() => "is the tracking URI right, with its path?".to_owned(),
            413 => "a proxy before the server limits the size of requests".to_owned(),
            _ => String::new(),
        }
    }
}

/// The error with its causes: reqwest's own message leaves out why.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
