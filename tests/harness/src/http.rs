//! HTTP servers that answer as they are told, and proxies that break the way to a real one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The connection closes without an answer, and the server never hears of the request.
    Refused,
    /// An overloaded proxy answers instead.
    Unavailable,
    /// The server does what it is asked, but its answer is lost.
    AnswerLost,
}

/// Serves every request with `answer`, which gets the request; returns the address.
pub fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut stream = stream;
                if let Some(request) = request(&mut stream) {
                    let _ = stream.write_all(&answer(&request));
                }
            });
        }
    });
    format!("http://{address}")
}

/// Accepts connections and never answers, as long as the listener lives; returns it and the address.
pub fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, format!("http://{address}"))
}

/// A whole answer with a plain text.
pub fn plain(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}").into_bytes()
}

/// A way to the server at `uri` on which every second request meets a fault, each kind in its turn; returns its
/// address and the count of requests.
pub fn flaky(uri: &str) -> (String, Arc<AtomicUsize>) {
    const FAULTS: [Fault; 3] = [Fault::AnswerLost, Fault::Unavailable, Fault::Refused];
    let target = uri.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let address = serve(move |request| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let fault = (number % 2 == 1).then(|| FAULTS[number / 2 % FAULTS.len()]);
        match fault {
            None => forward(&target, request),
            Some(Fault::Refused) => Vec::new(),
            Some(Fault::Unavailable) => plain("503 Service Unavailable", "Retry-After: 0\r\n", "busy"),
            Some(Fault::AnswerLost) => {
                forward(&target, request);
                Vec::new()
            }
        }
    });
    (address, requests)
}

/// A way to the server at `uri` that keeps all that is sent; returns its address and what was sent so far.
pub fn recording(uri: &str) -> (String, Arc<Mutex<Vec<u8>>>) {
    let target = uri.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&sent);
    let address = serve(move |request| {
        record.lock().unwrap().extend_from_slice(request);
        forward(&target, request)
    });
    (address, sent)
}

/// A way to the server at `uri` on which one request meets `fault`: the one before which as many others pass as the returned
/// count says. Once it is met the count is negative.
pub fn tripping(uri: &str, fault: Fault) -> (String, Arc<AtomicI64>) {
    let target = uri.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let before = Arc::new(AtomicI64::new(i64::MAX));
    let count = Arc::clone(&before);
    let address = serve(move |request| {
        let is_met = count.fetch_sub(1, Ordering::Relaxed) == 0;
        match fault {
            _ if !is_met => forward(&target, request),
            Fault::Refused => Vec::new(),
            Fault::Unavailable => plain("503 Service Unavailable", "", "busy"),
            Fault::AnswerLost => {
                forward(&target, request);
                Vec::new()
            }
        }
    });
    (address, before)
}

/// Sends a request on to a server; its answer.
pub fn forward(target: &str, request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(target).unwrap();
    let line = request.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    server.write_all(&request[..line]).unwrap();
    server.write_all(b"Connection: close\r\n").unwrap();
    server.write_all(&request[line..]).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    answer
}

/// Reads a request with its body.
fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut block).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&block[..read]);
        let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if request.len() >= end + 4 + length {
            return Some(request);
        }
    }
}
