//! An OpenAI-compatible server whose model is the rules: real HTTP/1.1, and every fault that a server can have.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use lgdea_evidence::{Evidence, Ontology, Rules};
use serde_json::{Value, json};

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::new(&Ontology::named_or_path("chest").expect("the shipped ontology")));

/// How a server behaves.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// How long an answer takes.
    pub delay: Duration,
    /// Which faults it has.
    pub faults: Faults,
    /// The key that it asks for; empty for none.
    pub key: &'static str,
    /// The models that it lists; none: it has no list.
    pub models: Option<Vec<&'static str>>,
    /// The types of `response_format` that it refuses.
    pub refused_formats: &'static [&'static str],
    /// How long it hangs before it closes a connection.
    pub hang: Duration,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            faults: Faults::None,
            key: "",
            models: Some(vec!["rules"]),
            refused_formats: &[],
            hang: Duration::from_secs(3),
        }
    }
}

/// When a server has a fault.
#[derive(Debug, Clone)]
pub enum Faults {
    /// Never.
    None,
    /// In every request.
    Always(Fault),
    /// In every request about a report that contains the text.
    About(&'static str, Fault),
    /// In the first request about each report.
    First(Fault),
    /// In about half of the first four requests about each report, drawn by a seed.
    Drawn(u64),
}

/// A response of a test's own.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers, each ended by `\r\n`, beside type and length.
    pub headers: &'static str,
    /// Its body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A status with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: "Content-Type: application/json\r\n", body: body.to_string().into_bytes() }
    }

    /// A chat completion with this message.
    pub fn message(message: &Value) -> Self {
        Self::json(200, &completion(message, "stop"))
    }
}

/// What can go wrong with a request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The model says something of a test's own, made of the right answer.
    Says(fn(&str) -> String),
    /// The server replies with something of a test's own, made of the request and the right answer.
    Replies(fn(&Value, &str) -> Reply),
    /// An error status without more.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    TooMany(u64),
    /// A redirection to another server.
    Redirect(SocketAddr),
    /// No answer for longer than anyone waits.
    Hang,
    /// The connection is cut within the body.
    Cut,
    /// A body that is no chat completion.
    Garbage,
    /// The request is refused, and the error repeats it.
    Echo,
    /// The answer has no content.
    Empty,
    /// The answer is cut off, and the server says so.
    Truncated,
    /// The answer has megabytes.
    Megabytes,
    /// The answer has values of wrong types.
    WrongTypes,
    /// The answer stands in a Markdown fence between other text.
    Fenced,
    /// The answer has findings and locations that nobody knows, too.
    OutsideOntology,
    /// The answer has findings with quotes that the report lacks, too.
    InventedQuotes,
}

impl Fault {
    /// All that may happen to any request of a server that works.
    const DRAWN: [Self; 12] = [
        Self::Status(500),
        Self::Status(503),
        Self::TooMany(0),
        Self::Hang,
        Self::Cut,
        Self::Garbage,
        Self::Empty,
        Self::Truncated,
        Self::WrongTypes,
        Self::Fenced,
        Self::OutsideOntology,
        Self::InventedQuotes,
    ];
}

impl Faults {
    fn of(&self, report: &str, request: usize) -> Option<Fault> {
        match *self {
            Self::None => None,
            Self::Always(fault) => Some(fault),
            Self::About(text, fault) => report.contains(text).then_some(fault),
            Self::First(fault) => (request == 1).then_some(fault),
            Self::Drawn(seed) => {
                let mut hasher = DefaultHasher::new();
                (seed, report, request).hash(&mut hasher);
                let drawn = hasher.finish() as usize;
                let fault = match drawn / 2 % 100 {
                    // Megabytes take their time.
                    0 => Fault::Megabytes,
                    _ => Fault::DRAWN[drawn / 200 % Fault::DRAWN.len()],
                };
                (request <= 4 && drawn.is_multiple_of(2)).then_some(fault)
            }
        }
    }
}

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct Server {
    state: Arc<State>,
    address: SocketAddr,
}

#[derive(Debug)]
struct State {
    behaviour: Mutex<Behaviour>,
    /// Requests about each report.
    requests: Mutex<HashMap<String, usize>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    /// Bodies of all chat requests.
    bodies: Mutex<Vec<String>>,
    ended: AtomicBool,
}

impl Server {
    /// On any free port.
    pub fn start(behaviour: Behaviour) -> Self {
        Self::at(0, behaviour).expect("a free port")
    }

    /// On a given port.
    pub fn at(port: u16, behaviour: Behaviour) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            behaviour: Mutex::new(behaviour),
            requests: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            bodies: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let server = Self { state: Arc::clone(&state), address };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if state.ended.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let state = Arc::clone(&state);
                    std::thread::spawn(move || serve(&state, &stream));
                }
            }
        });
        Ok(server)
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as the key `base-url` wants it.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Behaves so from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.state.behaviour.lock().unwrap() = behaviour;
    }

    /// How many requests there were about each report.
    pub fn requests(&self) -> HashMap<String, usize> {
        self.state.requests.lock().unwrap().clone()
    }

    /// How many requests there were about reports.
    pub fn total(&self) -> usize {
        self.requests().values().sum()
    }

    /// The most requests that were under way at a time.
    pub fn most_under_way(&self) -> usize {
        self.state.most_under_way.load(Ordering::SeqCst)
    }

    /// The body of every request about a report.
    pub fn bodies(&self) -> Vec<Value> {
        self.state.bodies.lock().unwrap().iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

/// Serves one connection for as long as it lives.
fn serve(state: &State, stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Request::read(&mut reader) {
        if state.ended.load(Ordering::SeqCst) || answer(state, &request, stream).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

struct Request {
    line: String,
    authorization: String,
    body: String,
}

impl Request {
    /// The next request; none where the connection ends.
    fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let (mut authorization, mut length) = (String::new(), 0);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => value.clone_into(&mut authorization),
                "content-length" => length = value.parse().map_err(io::Error::other)?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self { line, authorization, body: String::from_utf8(body).map_err(io::Error::other)? }))
    }
}

/// Answers one request; an error closes the connection.
fn answer(state: &State, request: &Request, stream: &TcpStream) -> io::Result<()> {
    let behaviour = state.behaviour.lock().unwrap().clone();
    if !behaviour.key.is_empty() && request.authorization != format!("Bearer {}", behaviour.key) {
        return send(stream, 401, "", &error("invalid_api_key"));
    }
    match request.line.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["GET", "/v1/models"] => match &behaviour.models {
            Some(models) => {
                let data: Vec<Value> = models.iter().map(|id| json!({ "id": id, "object": "model" })).collect();
                send(stream, 200, "", &json!({ "object": "list", "data": data }).to_string())
            }
            None => send(stream, 404, "", ""),
        },
        ["POST", "/v1/chat/completions"] => {
            let now = state.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            state.most_under_way.fetch_max(now, Ordering::SeqCst);
            let result = complete(state, &behaviour, &request.body, stream);
            state.under_way.fetch_sub(1, Ordering::SeqCst);
            result
        }
        _ => send(stream, 404, "", &error("not_found")),
    }
}

fn complete(state: &State, behaviour: &Behaviour, body: &str, stream: &TcpStream) -> io::Result<()> {
    let chat: Value = serde_json::from_str(body).map_err(io::Error::other)?;
    let messages = chat["messages"].as_array().cloned().unwrap_or_default();
    let user =
        messages.iter().find(|message| message["role"] == "user").map_or("", |user| user["content"].as_str().unwrap());
    let report = user.split_once("<report>\n").map_or("", |(_, rest)| rest);
    let report = report.rsplit_once("\n</report>").map_or("", |(report, _)| report);
    state.bodies.lock().unwrap().push(body.to_owned());
    let request = {
        let mut requests = state.requests.lock().unwrap();
        let count = requests.entry(report.to_owned()).or_default();
        *count += 1;
        *count
    };
    if let Some(format) = chat["response_format"]["type"].as_str()
        && behaviour.refused_formats.contains(&format)
    {
        return send(stream, 400, "", &error("unsupported_response_format"));
    }
    std::thread::sleep(behaviour.delay);
    match behaviour.faults.of(report, request) {
        Some(Fault::Replies(reply)) => {
            let Reply { status, headers, body } = reply(&chat, &content(report, vec![]));
            send_bytes(stream, status, headers, &body)
        }
        Some(fault) => fail(fault, behaviour, report, body, stream),
        None => send(stream, 200, "", &turn(&content(report, vec![]), "stop")),
    }
}

fn fail(fault: Fault, behaviour: &Behaviour, report: &str, body: &str, stream: &TcpStream) -> io::Result<()> {
    let right = content(report, vec![]);
    let said = |content: &str, reason: &str| send(stream, 200, "", &turn(content, reason));
    match fault {
        Fault::Replies(_) => unreachable!("replied to before"),
        Fault::Says(says) => said(&says(&right), "stop"),
        Fault::Status(status) => send(stream, status, "", &error("server_error")),
        Fault::TooMany(seconds) => send(stream, 429, &format!("Retry-After: {seconds}\r\n"), &error("rate_limit")),
        Fault::Redirect(to) => send(stream, 307, &format!("Location: http://{to}/v1/chat/completions\r\n"), ""),
        Fault::Hang => {
            std::thread::sleep(behaviour.hang);
            Err(io::Error::other("hung"))
        }
        Fault::Cut => {
            let body = turn(&right, "stop");
            let mut stream = stream;
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.len(), &body[..body.len() / 2])?;
            Err(io::Error::other("cut"))
        }
        Fault::Garbage => send(stream, 200, "", "<html>\u{0}{{{"),
        Fault::Echo => send(stream, 400, "", &json!({ "error": { "message": body, "code": body } }).to_string()),
        Fault::Empty => said("", "stop"),
        Fault::Truncated => said(&right[..right.len() / 2], "length"),
        Fault::Megabytes => said(&"x".repeat(3 << 20), "stop"),
        Fault::WrongTypes => said(r#"{"evidence": [{"finding": 7, "polarity": "maybe", "quote": []}]}"#, "stop"),
        Fault::Fenced => said(&format!("Certainly!\n```json\n{right}\n```\nAnything else?"), "stop"),
        Fault::OutsideOntology => {
            let more = claim("broken_heart", &json!(["left foot"]), report.split(' ').next().unwrap_or_default());
            said(&content(report, vec![more]), "stop")
        }
        Fault::InventedQuotes => {
            said(&content(report, vec![claim("pneumothorax", &json!([]), "a quote that no report has")]), "stop")
        }
    }
}

fn claim(finding: &str, location: &Value, quote: &str) -> Value {
    json!({
        "finding": finding, "polarity": "present", "laterality": "none", "location": location, "severity": "none",
        "quote": quote,
    })
}

/// What the model says about a report: what the rules read, and more.
fn content(report: &str, more: Vec<Value>) -> String {
    let claim = |evidence: &Evidence| {
        json!({
            "finding": evidence.finding, "polarity": evidence.polarity, "laterality": evidence.laterality,
            "location": evidence.location, "severity": evidence.severity, "quote": evidence.quote(report),
        })
    };
    let read = RULES.extract("", report).evidence;
    json!({ "evidence": read.iter().map(claim).chain(more).collect::<Vec<_>>() }).to_string()
}

fn turn(content: &str, finish_reason: &str) -> String {
    completion(&json!({ "role": "assistant", "content": content }), finish_reason).to_string()
}

/// A chat completion.
pub fn completion(message: &Value, finish_reason: &str) -> Value {
    json!({
        "object": "chat.completion",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110 },
    })
}

fn error(code: &str) -> String {
    json!({ "error": { "message": "something is wrong", "type": "error", "code": code } }).to_string()
}

fn send(stream: &TcpStream, status: u16, headers: &str, body: &str) -> io::Result<()> {
    send_bytes(stream, status, &format!("Content-Type: application/json\r\n{headers}"), body.as_bytes())
}

fn send_bytes(mut stream: &TcpStream, status: u16, headers: &str, body: &[u8]) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())
}
