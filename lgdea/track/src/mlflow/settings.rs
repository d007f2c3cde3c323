//! Where the MLflow server is and how to log in, from the environment.

use std::fmt;
use std::path::{Path, PathBuf};

use reqwest::Certificate;
use url::Url;

use super::Error;

/// Where the MLflow server is, and how it lets us in; read as MLflow's own client reads it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the server, without credentials and with a `/` at its end.
    pub(super) server: Url,
    /// Name of the MLflow experiment.
    pub(super) experiment: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) insecure_tls: bool,
    /// The only certificates to trust; empty trusts those of the system.
    pub(super) certificates: Vec<Certificate>,
}

/// How to prove who we are.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    Basic { username: String, password: String },
    Bearer(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Credentials::Basic { .. } => "Basic(…)",
            Credentials::Bearer(_) => "Bearer(…)",
        })
    }
}

impl Settings {
    /// Address of the server, as users write it.
    pub(super) fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// Reads the settings; `Ok(None)` where neither `uri` nor `MLFLOW_TRACKING_URI` names a server.
    ///
    /// `experiment` is the MLflow experiment to show runs in. Read besides: `MLFLOW_TRACKING_USERNAME` and `_PASSWORD`
    /// (or `~/.mlflow/credentials`, or `user:password@` in the URI), `MLFLOW_TRACKING_TOKEN`,
    /// `MLFLOW_TRACKING_INSECURE_TLS` and `MLFLOW_TRACKING_SERVER_CERT_PATH`.
    pub fn from_env(uri: &str, experiment: &str) -> Result<Option<Settings>, Error> {
        let file = std::env::home_dir().map(|home| home.join(".mlflow").join("credentials"));
        Settings::read(uri, experiment, |name| std::env::var(name).ok(), file.as_deref())
    }

    fn read(
        uri: &str,
        experiment: &str,
        variable: impl Fn(&str) -> Option<String>,
        credentials_file: Option<&Path>,
    ) -> Result<Option<Settings>, Error> {
        let variable =
            |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let uri = match uri.trim() {
            "" => match variable("MLFLOW_TRACKING_URI") {
                Some(uri) => uri,
                None => return Ok(None),
            },
            uri => uri.to_owned(),
        };
        if experiment.trim().is_empty() {
            return Err(Error::Setting(
                "the name of the MLflow experiment is empty; set `tracker.experiment`".to_owned(),
            ));
        }
        let (server, in_uri) = server(&uri)?;
        let from_file = credentials_file.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let username =
            variable("MLFLOW_TRACKING_USERNAME").or_else(|| credential(&from_file, "mlflow_tracking_username"));
        let password =
            variable("MLFLOW_TRACKING_PASSWORD").or_else(|| credential(&from_file, "mlflow_tracking_password"));
        let basic = username.zip(password).map(|(username, password)| Credentials::Basic { username, password });
        let truth = |value: String| value == "1" || value.eq_ignore_ascii_case("true");
        Ok(Some(Settings {
            server,
            experiment: experiment.to_owned(),
            credentials: basic.or_else(|| variable("MLFLOW_TRACKING_TOKEN").map(Credentials::Bearer)).or(in_uri),
            insecure_tls: variable("MLFLOW_TRACKING_INSECURE_TLS").is_some_and(truth),
            certificates: match variable("MLFLOW_TRACKING_SERVER_CERT_PATH") {
                Some(path) => certificates(PathBuf::from(path))?,
                None => Vec::new(),
            },
        }))
    }
}

/// The address without credentials, and the credentials that it held.
fn server(uri: &str) -> Result<(Url, Option<Credentials>), Error> {
    let wrong = |reason: &str| Error::Uri { uri: redacted(uri), reason: reason.to_owned() };
    let only_http = "is not a server's: lgdea speaks to MLflow servers over http(s); \
        start one on that store with `mlflow server --backend-store-uri …` and give its address";
    let mut server = Url::parse(uri).map_err(|_| wrong(only_http))?;
    if !matches!(server.scheme(), "http" | "https") {
        return Err(wrong(only_http));
    }
    if server.host_str().is_none_or(str::is_empty) {
        return Err(wrong("names no host"));
    }
    let credentials = server
        .password()
        .map(|password| Credentials::Basic { username: decoded(server.username()), password: decoded(password) });
    // Neither can fail on an address with a host.
    let _ = server.set_username("");
    let _ = server.set_password(None);
    server.set_query(None);
    server.set_fragment(None);
    if !server.path().ends_with('/') {
        let path = format!("{}/", server.path());
        server.set_path(&path);
    }
    Ok((server, credentials))
}

/// Anything that a user may have given for a URI, without what stands before an `@`.
fn redacted(uri: &str) -> String {
    match (uri.find("://"), uri.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://…{}", &uri[..scheme], &uri[at..]),
        (None, Some(at)) => format!("…{}", &uri[at..]),
        _ => uri.to_owned(),
    }
}

/// Undoes the percent-encoding of a user name or password.
fn decoded(text: &str) -> String {
    // A form of one pair has the same encoding, once `+` and `&` are made literal.
    let form = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// Value of a key in the section `[mlflow]` of MLflow's credentials file.
fn credential(file: &str, key: &str) -> Option<String> {
    let mut inside = false;
    for line in file.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[mlflow]";
        } else if inside
            && let Some((name, value)) = line.split_once(['=', ':'])
            && name.trim().eq_ignore_ascii_case(key)
        {
            return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
    }
    None
}

fn certificates(path: PathBuf) -> Result<Vec<Certificate>, Error> {
    let certificates = std::fs::read(&path)
        .map_err(|error| error.to_string())
        .and_then(|pem| Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string()));
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(Error::Certificate { path, reason: "there is no certificate in it".to_owned() }),
        Err(reason) => Err(Error::Certificate { path, reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, variables: &[(&str, &str)], file: &str) -> Result<Option<Settings>, Error> {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), file).unwrap();
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::read(uri, "lgdea", variable, Some(path.path()))
    }

    fn basic(username: &str, password: &str) -> Credentials {
        Credentials::Basic { username: username.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn the_files_uri_goes_before_the_variable_and_none_is_none() {
        let variables = [("MLFLOW_TRACKING_URI", "http://variable:5000")];
        assert!(read("", &[], "").unwrap().is_none());
        assert!(read(" ", &[("MLFLOW_TRACKING_URI", "")], "").unwrap().is_none());
        assert_eq!(read("", &variables, "").unwrap().unwrap().server.as_str(), "http://variable:5000/");
        let settings = read("https://file/mlflow", &variables, "").unwrap().unwrap();
        assert_eq!(settings.server.as_str(), "https://file/mlflow/");
        assert_eq!(settings.credentials, None);
    }

    #[test]
    fn credentials_come_from_variables_then_file_then_uri() {
        let file = "[other]\nmlflow_tracking_username = no\n[mlflow]\nmlflow_tracking_username = f\nmlflow_tracking_password = p=1\n";
        let variables =
            [("MLFLOW_TRACKING_USERNAME", "v"), ("MLFLOW_TRACKING_PASSWORD", "w"), ("MLFLOW_TRACKING_TOKEN", "t")];
        let of = |uri: &str, variables: &[(&str, &str)], file: &str| {
            read(uri, variables, file).unwrap().unwrap().credentials
        };
        assert_eq!(of("http://h", &variables, file), Some(basic("v", "w")));
        assert_eq!(of("http://h", &variables[2..], file), Some(basic("f", "p=1")));
        assert_eq!(of("http://a:b@h", &variables[2..], ""), Some(Credentials::Bearer("t".to_owned())));
        assert_eq!(of("http://a%40x:b+&%2F=@h", &[], ""), Some(basic("a@x", "b+&/=")));
        assert_eq!(of("http://h", &variables[..1], ""), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = read("http://user:hunter2@h/", &[], "").unwrap().unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
        assert_eq!(settings.server.as_str(), "http://h/");
        for uri in [
            "ftp://user:hunter2@h",
            "user:hunter2@h:80",
            "http://user:hunter2@",
            "http://user:hunter2@[",
            "postgresql://u:hunter2@h/d@b",
        ] {
            let error = read(uri, &[], "").unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn stores_that_are_no_server_are_explained() {
        for uri in ["file:///tmp/mlruns", "sqlite:///mlflow.db", "./mlruns", "mlruns", "databricks", "localhost:5000"] {
            let error = read(uri, &[], "").unwrap_err().to_string();
            assert!(error.contains(uri) && error.contains("mlflow server"), "{error}");
        }
        let error = Settings::read("http://h", " ", |_| None, None).unwrap_err().to_string();
        assert!(error.contains("tracker.experiment"), "{error}");
    }

    #[test]
    fn tls_settings_are_read_and_a_bad_certificate_is_named() {
        let insecure =
            |value| read("https://h", &[("MLFLOW_TRACKING_INSECURE_TLS", value)], "").unwrap().unwrap().insecure_tls;
        assert!(insecure("true") && insecure("True") && insecure("1"));
        assert!(!insecure("false") && !insecure("0"));
        for path in ["/nowhere/cert.pem", file!()] {
            let error = read("https://h", &[("MLFLOW_TRACKING_SERVER_CERT_PATH", path)], "").unwrap_err().to_string();
            assert!(error.contains(path), "{error}");
        }
    }
}
