//! Debian's own Alertmanager and a real mail server, each in a folder of its own, on loopback ports of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use salve::channel::ChannelSettings;
use salve::channel::kinds::alertmanager::AlertmanagerSettings;
use salve::channel::kinds::smtp::{SmtpSettings, Tls};
use salve::playbook::value::Period;
use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::bench::{Bench, DEDUP, call, end, private, run, seen, until};
use crate::smtpd::header;

/// Is it installed? Servers stand in folders that not every PATH has.
pub fn is_here(need: &str) -> bool {
    if need == "root" { rustix::process::geteuid().is_root() } else { find(need).is_some() }
}

fn find(program: &str) -> Option<PathBuf> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&own)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// A server that ends with the trial.
struct Server(Child);

impl Server {
    fn start(program: &str, args: &[String], log: &Path) -> Self {
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(find(program).unwrap());
        command.args(args).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn alertmanager() {
    run(async {
        let folder = TempDir::new().unwrap();
        // whoever Alertmanager calls
        let person = MockServer::start().await;
        let called: Arc<Mutex<Vec<String>>> = Arc::default();
        let calls = Arc::clone(&called);
        let hear = move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            calls.lock().unwrap().push(body["status"].as_str().unwrap().to_owned());
            ResponseTemplate::new(200)
        };
        Mock::given(method("POST")).respond_with(hear).mount(&person).await;
        let config = format!(
            "global: {{resolve_timeout: 1s}}\n\
             route: {{receiver: person, group_by: [dedup], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}\n\
             receivers: [{{name: person, webhook_configs: [{{url: '{}', send_resolved: true}}]}}]\n",
            person.uri()
        );
        fs::write(folder.path().join("config.yml"), config).unwrap();
        let url = format!("http://127.0.0.1:{}", free_port());
        let start = || {
            let args = [
                format!("--config.file={}", folder.path().join("config.yml").display()),
                format!("--storage.path={}", folder.path().join("data").display()),
                format!("--web.listen-address={}", url.trim_start_matches("http://")),
                "--cluster.listen-address=".to_owned(),
            ];
            Server::start("prometheus-alertmanager", &args, &folder.path().join("log"))
        };
        let alerts = || async {
            let answer = reqwest::get(format!("{url}/api/v2/alerts?active=true")).await.ok()?;
            answer.json::<Vec<Value>>().await.ok()
        };
        let settings = AlertmanagerSettings {
            url: url.clone(),
            labels: BTreeMap::from([("team".into(), "ops".into())]),
            header_files: BTreeMap::new(),
            resend: Period::from_secs(1),
            stays: Period::from_secs(5),
            timeout: Period::from_secs(2),
        };
        let mut bench = Bench::new(ChannelSettings::Alertmanager(settings));
        // nobody listens yet
        bench.outbox.send(call(1));
        assert!(bench.note().await.contains("refused"));
        let server = start();
        assert_eq!(bench.flushed().await, [1]);
        let open = alerts().await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!((&open[0]["labels"]["dedup"], &open[0]["labels"]["team"]), (&DEDUP.into(), &"ops".into()));
        // longer than it stays by itself
        tokio::time::sleep(std::time::Duration::from_secs(7)).await;
        assert_eq!(alerts().await.unwrap().len(), 1, "it ended by itself");
        // it forgets all its alerts, and is told again
        drop(server);
        let server = start();
        until("told again after its restart", || async { alerts().await.is_some_and(|open| open.len() == 1) }).await;
        bench.outbox.send(seen(2));
        bench.outbox.send(end(3));
        assert_eq!(bench.flushed().await, [2, 3]);
        until("it has ended", || async { alerts().await.is_some_and(|open| open.is_empty()) }).await;
        until("the person hears of the end", || async { called.lock().unwrap().iter().any(|it| it == "resolved") })
            .await;
        // and the person was called once, and told of the end once
        let called = called.lock().unwrap();
        let count = |status: &str| called.iter().filter(|it| *it == status).count();
        assert_eq!((count("resolved"), called.last().map(String::as_str)), (1, Some("resolved")), "{called:?}");
        assert!(count("firing") >= 1, "{called:?}");
        drop(server);
    });
}

/// An authority, and a certificate for 127.0.0.1 that it signed.
fn certificates(folder: &Path) {
    let script = "set -e; umask 077
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=test-authority
        openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request.pem -subj /CN=127.0.0.1
        printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > names
        openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem
        chmod 644 key.pem cert.pem ca.pem";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

pub fn exim() {
    run(async {
        let folder = TempDir::new().unwrap();
        // exim drops its privileges and must still reach its folders
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        certificates(folder.path());
        for name in ["spool", "log", "mail"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o777)).unwrap();
        }
        let (starttls, implicit) = (free_port(), free_port());
        let home = folder.path().display();
        let config = format!(
            "primary_hostname = localhost\nspool_directory = {home}/spool\nlog_file_path = {home}/log/%s\n\
             local_interfaces = 127.0.0.1\ndaemon_smtp_ports = {starttls} : {implicit}\n\
             tls_on_connect_ports = {implicit}\ntls_advertise_hosts = *\ntls_certificate = {home}/cert.pem\n\
             tls_privatekey = {home}/key.pem\nacl_smtp_rcpt = rcpt\nhost_lookup =\nrfc1413_query_timeout = 0s\ndeliver_drop_privilege = true\n\
             begin acl\nrcpt:\n  accept authenticated = *\n  deny message = no relay\n\
             begin routers\nall:\n  driver = accept\n  transport = box\n\
             begin transports\nbox:\n  driver = appendfile\n  directory = {home}/mail\n  maildir_format\n\
             begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n\
             \x20 server_condition = ${{if and{{{{eq{{$auth2}}{{salve}}}}{{eq{{$auth3}}{{a password}}}}}}}}\n  server_set_id = $auth2\n\
             \x20 server_advertise_condition = ${{if def:tls_in_cipher}}\n"
        );
        // its deliveries read it again, as the account that exim runs as
        fs::write(folder.path().join("config"), config).unwrap();
        let start = || {
            let args = ["-C".to_owned(), format!("{home}/config"), "-bdf".to_owned()];
            Server::start("exim4", &args, &folder.path().join("stderr"))
        };
        let mut settings = SmtpSettings {
            server: "127.0.0.1".into(),
            port: Some(starttls),
            tls: Tls::Starttls,
            ca_file: Some(folder.path().join("ca.pem")),
            from: "salve@example.net".into(),
            to: vec!["ops@example.net".into()],
            user: Some("salve".into()),
            password_file: Some(private(&folder, "password", "a password\n")),
            timeout: Period::from_secs(5),
        };
        let mails = || -> Vec<String> {
            let Ok(entries) = fs::read_dir(folder.path().join("mail/new")) else { return Vec::new() };
            entries.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok()).collect()
        };
        let mut bench = Bench::new(ChannelSettings::Smtp(settings.clone()));
        // nobody listens yet
        bench.outbox.send(call(1));
        assert!(bench.note().await.contains("refused"));
        let server = start();
        assert_eq!(bench.flushed().await, [1]);
        until("the call is in the mailbox", || async { mails().len() == 1 }).await;
        drop(server);
        bench.outbox.send(seen(2));
        bench.outbox.send(end(3));
        let _server = start();
        assert_eq!(bench.flushed().await, [2, 3]);
        until("all are in the mailbox", || async { mails().len() == 3 }).await;
        let all = mails();
        let id = |mail: &String| header(mail, "Message-ID").unwrap();
        let root = all.iter().find(|mail| header(mail, "References").is_none()).map(id).unwrap();
        assert_eq!(all.iter().filter(|mail| header(mail, "References").as_ref() == Some(&root)).count(), 2);
        assert!(all.iter().all(|mail| mail.contains("with esmtpsa")), "over TLS, with the password");

        // implicit TLS, and a certificate that nobody here trusts
        settings.port = Some(implicit);
        settings.tls = Tls::Implicit;
        let mut bench = Bench::new(ChannelSettings::Smtp(settings.clone()));
        bench.outbox.send(call(1));
        assert_eq!(bench.flushed().await, [1]);
        settings.ca_file = None;
        let mut bench = Bench::new(ChannelSettings::Smtp(settings));
        bench.outbox.send(call(1));
        let note = bench.note().await;
        assert!(note.contains("certificate"), "{note}");
    });
}
