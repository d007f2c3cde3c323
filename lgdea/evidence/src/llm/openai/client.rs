//! HTTP to one server that speaks the `OpenAI` interface.

use std::error::Error;
use std::io::Read;
use std::time::{Duration, SystemTime};

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, StatusCode};
use url::Url;

use super::chat::ChatRequest;
use super::completion::{Completion, Response, model_names};
use super::refusal::{About, ServerError};
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
    Transient { trouble: Trouble, what: String, retry_after: Option<Duration> },
    /// The server does not want this request, or something in it.
    Refused { status: u16, what: String, about: Vec<About> },
    /// No request can succeed.
    Fatal(String),
}

/// Where an attempt that may be repeated went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nobody could be reached.
    NoConnection,
    /// The server says that it cannot answer now: 503, 429 and others.
    Unready,
    /// The server failed at this request with 500, as some do at a format that they do not know.
    Error500,
    /// The server failed at this request: a response that is none.
    Failed,
    /// No answer came in time.
    Late,
}

impl Client {
    pub(super) fn new(settings: &lgdea_spec::Openai, address: &Address) -> Result<Self, EvidenceError> {
        let addresses = address.resolve()?;
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let mut http = lgdea_http::client()
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
        let streams = is_stream(response.headers());
        let Some(body) = self.read(response).await? else { return Ok(Completion::too_long(LIMIT)) };
        if streams || body.trim_ascii_start().starts_with(b"data:") {
            return Err(Failure::Fatal(
                "streams its answer piece by piece (text/event-stream), which was not asked for; turn that off at the \
                 server or at what stands before it"
                    .to_owned(),
            ));
        }
        match Response::read(&body, request.max_tokens.or(request.max_completion_tokens)) {
            Response::Completion(completion) => Ok(completion),
            Response::Error(error) => Err(self.failure(meant(&error), "200 with an error", &error, None)),
            Response::Other(other) => Err(transient(Trouble::Failed, format!("a response that is {other}"))),
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

    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response, Failure> {
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let body = self.read(response).await.ok().flatten().unwrap_or_default();
        Err(self.failure(status, status.as_str(), &ServerError::read(&body), retry_after))
    }

    /// The whole body, unpacked; none where it is longer than the limit.
    async fn read(&self, mut response: reqwest::Response) -> Result<Option<Vec<u8>>, Failure> {
        let encoding = response.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let encoding = encoding.unwrap_or_default().to_ascii_lowercase();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + chunk.len() > LIMIT {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        unpacked(body, &encoding)
    }

    /// What a status means, of a response or of an error within one.
    fn failure(&self, status: StatusCode, shown: &str, error: &ServerError, retry_after: Option<Duration>) -> Failure {
        let number = status.as_u16();
        let what = error.told(shown);
        let named = !error.about.is_empty();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Fatal(self.forbidden(&what)),
            StatusCode::PAYMENT_REQUIRED => Failure::Fatal(spent(&what)),
            _ if error.is(&SPENT) => Failure::Fatal(spent(&what)),
            _ if status.is_redirection() => Failure::Fatal(format!(
                "answers {what}, a redirection, which is not followed: reports would go elsewhere; give the final address as base-url"
            )),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS => Failure::Transient { trouble: Trouble::Unready, what, retry_after },
            // Some servers say 500 where they mean 400.
            _ if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED && !named => {
                let failed = status == StatusCode::INTERNAL_SERVER_ERROR;
                let trouble = if failed { Trouble::Error500 } else { Trouble::Unready };
                Failure::Transient { trouble, what, retry_after }
            }
            _ => Failure::Refused { status: number, what, about: error.about.clone() },
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
        if error.is_connect() {
            transient(Trouble::NoConnection, format!("no connection: {}", cause(error)))
        } else if error.is_timeout() {
            transient(Trouble::Late, format!("no answer within {} s", self.timeout.as_secs()))
        } else {
            transient(Trouble::Failed, format!("a cut connection: {}", cause(error)))
        }
    }
}

/// Codes of accounts that have nothing left: waiting does not help.
const SPENT: [&str; 4] =
    ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"];

fn spent(what: &str) -> String {
    format!("answers {what}: the account has no money or quota left; see to that, then call again")
}

fn transient(trouble: Trouble, what: String) -> Failure {
    Failure::Transient { trouble, what, retry_after: None }
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

/// The status that an error in a response of success stands for.
fn meant(error: &ServerError) -> StatusCode {
    if let Some(status) = error.status.and_then(|status| StatusCode::from_u16(status).ok()) {
        return status;
    }
    if error.is(&["invalid_api_key", "authentication_error", "permission_error", "unauthorized", "forbidden"]) {
        StatusCode::UNAUTHORIZED
    } else if error.is(&["rate_limit_exceeded", "rate_limit_error", "rate_limited", "too_many_requests"]) {
        StatusCode::TOO_MANY_REQUESTS
    } else if error.is(&["server_error", "internal_server_error", "internal_error", "api_error", "overloaded_error"]) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    }
}

/// Unpacks a body that a server packed unasked. None where it is longer than the limit.
fn unpacked(body: Vec<u8>, encoding: &str) -> Result<Option<Vec<u8>>, Failure> {
    let unpack = |packed: &mut dyn Read| {
        let mut body = Vec::new();
        match packed.take(LIMIT as u64 + 1).read_to_end(&mut body) {
            Ok(length) => Ok((length <= LIMIT).then_some(body)),
            Err(_) => Err(transient(Trouble::Failed, "a packed response that is damaged".to_owned())),
        }
    };
    match encoding {
        "gzip" | "x-gzip" => unpack(&mut MultiGzDecoder::new(&*body)),
        "deflate" => unpack(&mut ZlibDecoder::new(&*body)),
        _ if body.starts_with(&[0x1f, 0x8b]) => unpack(&mut MultiGzDecoder::new(&*body)),
        "br" | "zstd" | "compress" => Err(Failure::Fatal(format!(
            "packs its answers as {encoding}, which was not asked for; turn that off at the server or at what stands before it"
        ))),
        _ => Ok(Some(body)),
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
    fn packed_bodies_are_unpacked_up_to_the_limit() {
        use std::io::Write;
        let pack = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(bytes).unwrap();
            packer.finish().unwrap()
        };
        let of = |body: &[u8], encoding| unpacked(body.to_vec(), encoding);
        assert_eq!(of(&pack(b"{}"), "gzip").unwrap().unwrap(), b"{}");
        assert_eq!(of(&pack(b"{}"), "").unwrap().unwrap(), b"{}");
        assert_eq!(of(b"{}", "identity").unwrap().unwrap(), b"{}");
        assert!(of(&pack(&vec![0; LIMIT + 1]), "gzip").unwrap().is_none(), "a small body may be a large one");
        assert!(matches!(of(b"{}", "gzip"), Err(Failure::Transient { .. })));
        assert!(matches!(of(b"{}", "br"), Err(Failure::Fatal(_))));
    }

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
