//! What the manual tells receivers to check is what the webhook sends.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use salve::channel::ChannelSettings;
use salve::channel::kinds::webhook::WebhookSettings;
use salve::playbook::value::Period;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bench::{Bench, call, private, run};

pub fn checked_as_the_manual_says() {
    let manual = include_str!("../../src/cli/manual/topics/channels.md");
    let check = manual.split("```python\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap();
    run(async {
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
        let folder = tempfile::TempDir::new().unwrap();
        let settings = WebhookSettings {
            url: Some(server.uri()),
            url_file: None,
            headers: BTreeMap::new(),
            header_files: BTreeMap::new(),
            secret_file: Some(private(&folder, "key", "a key\n")),
            timeout: Period::from_secs(10),
        };
        let mut bench = Bench::new(ChannelSettings::Webhook(settings));
        bench.outbox.send(call(1));
        bench.flushed().await;
        let request = server.received_requests().await.unwrap().remove(0);
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        let (moment, signature) = (header("x-salve-timestamp"), header("x-salve-signature"));
        let says = |key: &str, moment: &str, body: &[u8]| {
            let ask = "import sys\nkey, moment, signature = sys.argv[1:]\nheaders = {'X-Salve-Timestamp': moment, \
                       'X-Salve-Signature': signature}\nprint(from_salve(key.encode(), headers, sys.stdin.buffer.read()))";
            let mut python = Command::new("python3")
                .args(["-c", &format!("{check}\n{ask}"), key, moment, &signature])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            python.stdin.take().unwrap().write_all(body).unwrap();
            String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
        };
        assert_eq!(says("a key", &moment, &request.body), "True");
        assert_eq!(says("another", &moment, &request.body), "False");
        assert_eq!(says("a key", &moment, b"{}"), "False");
        assert_eq!(says("a key", &(moment.parse::<u64>().unwrap() - 400).to_string(), &request.body), "False");
    });
}
