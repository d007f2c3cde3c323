//! HTTP to one server that speaks the `OpenAI` interface.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode};
use url::Url;

use super::chat::{ChatRequest, Completion, error_code, model_names};
use crate::error::EvidenceError;
use crate::llm::privacy::Address;

/// Longest response that is read, in bytes.
const LIMIT: usize = 1 << 20;
const CONNECT: Duration = Duration::from_secs(10);
/// Servers close idle connections after 5 s; a request on a connection that is just being closed would fail.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// Speaks HTTP to one server. One call is one attempt; redirects are not followed.
pub(super) struct Client {
    http: reqwest::Client,
    completions: Url,
    models: Url,
    timeout: Duration,
    key_variable: String,
}

/// Why an attempt came to nothing. What is told never holds more of a response than a code.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another attempt may succeed.
    Transient { what: String, retry_after: Option<Duration> },
    /// The server does not want this request.
    Refused { status: u16, what: String },
    /// No request can succeed.
    Fatal(String),
}

impl Client {
    pub(super) fn new(settings: &lgdea_spec::Openai, address: &Address) -> Result<Self, EvidenceError> {
        let addresses = address.resolve()?;
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("lgdea/", env!("CARGO_PKG_VERSION")))
            .default_headers(authorization(&settings.api_key_env)?)
            .resolve_to_addrs(address.host(), &addresses)
            .redirect(Policy::none())
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout)
            .pool_idle_timeout(POOL_IDLE);
        if !address.allow_remote() {
            // A proxy would be one more machine that sees the reports.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| EvidenceError::Server {
            server: address.to_string(),
            problem: format!("cannot be called: {}", cause(&error)),
        })?;
        Ok(Self {
            http,
            completions: address.endpoint(&["chat", "completions"]),
            models: address.endpoint(&["models"]),
            timeout,
            key_variable: settings.api_key_env.clone(),
        })
    }

    pub(super) async fn complete(&self, request: &ChatRequest<'_>) -> Result<Completion, Failure> {
        let response = self.send(self.http.post(self.completions.clone()).json(request)).await?;
        match self.read(response).await? {
            None => Ok(Completion::too_long(LIMIT)),
            Some(body) => Completion::parse(&body, request.max_tokens).ok_or_else(|| Failure::Transient {
                what: "a response that is no chat completion".to_owned(),
                retry_after: None,
            }),
        }
    }

    /// The models that the server lists; none where it has no such list.
    pub(super) async fn models(&self) -> Result<Option<Vec<String>>, Failure> {
        match self.send(self.http.get(self.models.clone())).await {
            Ok(response) => Ok(self.read(response).await?.and_then(|body| model_names(&body))),
            Err(Failure::Refused { .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.failure(response).await) }
    }

    /// The whole body; none where it is longer than the limit.
    async fn read(&self, mut response: Response) -> Result<Option<Vec<u8>>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + chunk.len() > LIMIT {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }

    async fn failure(&self, response: Response) -> Failure {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let code = self.read(response).await.ok().flatten().and_then(|body| error_code(&body));
        let number = status.as_u16();
        let what = code.map_or(number.to_string(), |code| format!("{number} ({code})"));
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Fatal(self.forbidden(&what)),
            _ if status.is_redirection() => Failure::Fatal(format!(
                "answers {what}, a redirection, which is not followed: reports would go elsewhere; give the final address as base-url"
            )),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Failure::Transient { what, retry_after },
            StatusCode::NOT_IMPLEMENTED => Failure::Refused { status: number, what },
            _ if status.is_server_error() => Failure::Transient { what, retry_after },
            _ => Failure::Refused { status: number, what },
        }
    }

    fn forbidden(&self, what: &str) -> String {
        match self.key_variable.as_str() {
            "" => {
                format!("answers {what}: it asks for a key; name the environment variable that holds it in api-key-env")
            }
            variable => format!("answers {what}: it does not accept the key in {variable}; check that variable"),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        let what = if error.is_timeout() {
            format!("no answer within {} s", self.timeout.as_secs())
        } else if error.is_connect() {
            format!("no connection: {}", cause(error))
        } else {
            format!("a cut connection: {}", cause(error))
        };
        Failure::Transient { what, retry_after: None }
    }
}

fn authorization(variable: &str) -> Result<HeaderMap, EvidenceError> {
    let mut headers = HeaderMap::new();
    if variable.is_empty() {
        return Ok(headers);
    }
    let wrong = |problem| EvidenceError::Key { variable: variable.to_owned(), problem };
    let key = match std::env::var(variable) {
        Ok(key) if !key.trim().is_empty() => key,
        Ok(_) => return Err(wrong("is empty")),
        Err(std::env::VarError::NotPresent) => return Err(wrong("is not set")),
        Err(std::env::VarError::NotUnicode(_)) => return Err(wrong("holds no text")),
    };
    let mut value = HeaderValue::try_from(format!("Bearer {}", key.trim()))
        .map_err(|_| wrong("holds characters that no key has"))?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(headers)
}

/// The innermost cause: what the operating system said, without the address.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!((98..=100).contains(&retry_after(&date).unwrap().as_secs()));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        for none in ["", "soon", "-1", "1e9", "99999999999999999999999"] {
            assert_eq!(retry_after(none), None, "{none}");
        }
    }
}
