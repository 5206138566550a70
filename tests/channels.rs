//! Pages get through: whatever a channel does first, in order, once each, and a ticket stays one file.

#![allow(clippy::unwrap_used, reason = "what is not there is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use salve::channel::kinds::command::CommandSettings;
use salve::channel::kinds::webhook::WebhookSettings;
use salve::channel::{AcceptedPage, CappedList, ChannelSettings, Outbox, Page, PageKind};
use salve::core::event::reasons::NotVerifiedReason;
use salve::core::incident::{AttemptStarter, Cause};
use salve::core::plan::{Digest, PlannedStep, ScopeLevel, StepReport, StepResult};
use salve::core::{AttemptId, AttemptReport, Event, IncidentId, Key, Mono, PageId, Plan, Reading, Recorded, Verdict};
use salve::evidence::Evidence;
use salve::playbook::value::Period;
use salve::playbook::{ContentKey, Risk, Target};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const PATIENCE: Duration = Duration::from_mins(1);

/// An outbox with what comes out of it.
struct Bench {
    outbox: Outbox,
    delivered: UnboundedReceiver<AcceptedPage>,
    notes: UnboundedReceiver<(Arc<str>, Arc<str>)>,
    tickets: TempDir,
}

impl Bench {
    fn with(channels: impl IntoIterator<Item = (&'static str, ChannelSettings)>) -> Self {
        let tickets = TempDir::new().unwrap();
        let channels: BTreeMap<_, _> =
            channels.into_iter().map(|(name, settings)| (name.to_owned(), settings)).collect();
        let (delivered, delivered_out) = unbounded_channel();
        let (notes, notes_out) = unbounded_channel();
        let outbox = Outbox::start(channels, tickets.path().join("tickets"), delivered, notes);
        Self { outbox, delivered: delivered_out, notes: notes_out, tickets }
    }

    async fn flushed(&mut self) -> Vec<(u64, String)> {
        assert!(self.outbox.flush(PATIENCE).await, "{} pages are still pending", self.outbox.pending());
        let mut delivered = Vec::new();
        while let Ok(AcceptedPage { page, channel, .. }) = self.delivered.try_recv() {
            delivered.push((page.0, channel.to_string()));
        }
        delivered
    }

    fn notes(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.notes.try_recv().ok()).map(|(about, text)| format!("{about}: {text}")).collect()
    }

    /// The tickets' names and texts.
    fn tickets(&self) -> Vec<(String, String)> {
        let mut found: Vec<_> = fs::read_dir(self.tickets.path().join("tickets"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        found.sort();
        found
    }
}

fn webhook(url: String) -> ChannelSettings {
    ChannelSettings::Webhook(WebhookSettings {
        url: Some(url),
        url_file: None,
        headers: BTreeMap::from([("X-Team".into(), "ops".into())]),
        header_files: BTreeMap::new(),
        secret_file: None,
        timeout: Period(Duration::from_millis(300)),
    })
}

/// A private file that holds one line.
fn private(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn command(script: String) -> ChannelSettings {
    let run = vec!["sh".into(), "-c".into(), script];
    ChannelSettings::Command(CommandSettings { run, timeout: Period::from_secs(20) })
}

fn page(id: u64, to: &[&str]) -> Page {
    Page {
        id: PageId(id),
        kind: PageKind::Trigger { cause: "every rung was tried and none verified".into() },
        dedup: "host-1/service-down/nginx.service".into(),
        host: "host-1".into(),
        incident: IncidentId(4),
        playbook: "service-down".into(),
        title: "nginx serves".into(),
        target: Target::Unit("nginx.service".into()),
        risk: Risk::Low,
        why: "every rung was tried and none verified".into(),
        at: Timestamp::from_second(1_800_000_000).unwrap(),
        to: to.iter().map(|name| Arc::from(*name)).collect(),
        story: story(),
        evidence: Vec::new(),
        failing: CappedList::default(),
        related: CappedList::default(),
        limit: 3,
    }
}

fn resolve(id: u64, to: &[&str]) -> Page {
    Page { kind: PageKind::Resolve, why: "the fault has cleared".into(), ..page(id, to) }
}

fn other_incident(page: Page, incident: u64) -> Page {
    let dedup = format!("host-1/other/{incident}");
    Page { incident: IncidentId(incident), dedup: dedup.into(), ..page }
}

fn story() -> Vec<Arc<Recorded>> {
    let (incident, attempt) = (IncidentId(4), AttemptId(7));
    let reading = Reading {
        verdict: Verdict::Holds,
        seen: "failed (exit-code)".into(),
        figure: None,
        unit: None,
        began: Mono(0),
        since: Mono(0),
    };
    let plan = Plan {
        rung: 0,
        steps: vec![PlannedStep {
            kind: "run".into(),
            sentence: "/usr/bin/systemctl restart nginx.service".into(),
            details: vec![("user".into(), "root".into())],
            order: "{}".into(),
        }],
        timeout_ms: 1000,
        digest: Digest("d".into()),
    };
    let report = AttemptReport {
        steps: vec![StepReport {
            sentence: "/usr/bin/systemctl restart nginx.service".into(),
            result: StepResult::Failed("exit code 1".into()),
            output: "line one\n```\n# not a heading\n".into(),
            took_ms: 1200,
        }],
        scope: ScopeLevel::CgroupV2,
        scope_empty: true,
        took_ms: 1250,
    };
    let key = Key { content: ContentKey("c".into()), target: Target::Unit("nginx.service".into()) };
    let events = [
        Event::Opened { incident, key, playbook: "service-down".into(), since: Mono(0), readings: vec![reading] },
        Event::Intent { incident, attempt, plan: Arc::new(plan), starter: AttemptStarter::Auto },
        Event::AttemptFinished { incident, attempt, report: Arc::new(report) },
        Event::NotVerified { incident, attempt, why: NotVerifiedReason::Former("unit is still failed | <b>".into()) },
        Event::Escalated {
            incident,
            page: PageId(1),
            cause: Cause::LadderSpent,
            dedup: "d".into(),
            to: vec!["oncall".into()],
        },
    ];
    let at = |seq: u64| Timestamp::from_second(1_800_000_000 + i64::try_from(seq).unwrap()).unwrap();
    (1..).zip(events).map(|(seq, event)| Arc::new(Recorded { seq, mono: Mono(seq), wall: at(seq), event })).collect()
}

/// Answers from a list, the last one for ever.
struct Answers(Vec<ResponseTemplate>, AtomicUsize);

impl Answers {
    fn new(answers: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        Self(answers.into_iter().collect(), AtomicUsize::new(0))
    }
}

impl Respond for Answers {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let at = self.1.fetch_add(1, Ordering::SeqCst).min(self.0.len() - 1);
        self.0[at].clone()
    }
}

async fn server(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(Answers::new(answers)).mount(&server).await;
    server
}

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}

async fn received(server: &MockServer) -> Vec<Value> {
    server.received_requests().await.unwrap().iter().map(|request| request.body_json().unwrap()).collect()
}

#[tokio::test]
async fn a_webhook_is_tried_until_it_takes_the_page_and_delivered_once() {
    let late = status(200).set_delay(Duration::from_secs(5));
    let server = server([status(500), status(429).insert_header("retry-after", "1"), late, status(200)]).await;
    let mut bench = Bench::with([("oncall", webhook(server.uri()))]);
    bench.outbox.send(page(1, &["oncall"]));
    bench.outbox.send(page(1, &["oncall"]));
    assert_eq!(bench.outbox.pending(), 1, "a page under way is not sent twice");
    assert_eq!(bench.flushed().await, [(1, "oncall".to_owned())]);
    assert_eq!(received(&server).await.len(), 4);
    let notes = bench.notes();
    assert!(notes[0].starts_with("channel oncall: page #1 was not delivered (it answered 500"), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("no answer in time")), "{notes:?}");
    assert!(notes.last().unwrap().ends_with("page #1 was delivered after retries"), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("s3cret") || note.contains("127.0.0.1")), "{notes:?}");
}

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut bench = Bench::with([("oncall", webhook(format!("http://{address}/")))]);
    bench.outbox.send(page(1, &["oncall"]));
    // refused at least once before somebody listens there
    let (_, note) = tokio::time::timeout(PATIENCE, bench.notes.recv()).await.unwrap().unwrap();
    assert!(note.contains("refused"), "{note}");
    let listener = TcpListener::bind(address).unwrap();
    let server = MockServer::builder().listener(listener).start().await;
    Mock::given(method("POST")).respond_with(status(204)).mount(&server).await;
    assert_eq!(bench.flushed().await, [(1, "oncall".to_owned())]);
}

#[tokio::test]
async fn the_body_says_it_all_and_is_signed() {
    let server = server([status(200)]).await;
    let mut bench = Bench::with([("oncall", webhook(server.uri()))]);
    let evidence = vec![Evidence { title: "disk".into(), body: "ä".repeat(60_000).into() }];
    bench.outbox.send(Page { evidence, title: "<!channel> & co".into(), ..page(1, &["oncall"]) });
    bench.flushed().await;
    let requests = server.received_requests().await.unwrap();
    let body: Value = requests[0].body_json().unwrap();
    assert_eq!(body["schema"], 1);
    assert_eq!(body["kind"], "trigger");
    assert_eq!(body["dedup_key"], "host-1/service-down/nginx.service");
    assert_eq!(
        body["text"],
        "host-1: &lt;!channel&gt; &amp; co (unit nginx.service): every rung was tried and none verified"
    );
    assert_eq!(body["target"], serde_json::json!({ "kind": "unit", "name": "nginx.service" }));
    assert_eq!(
        body["story"][1]["text"],
        "attempt 1 started automatically, rung 1: /usr/bin/systemctl restart nginx.service"
    );
    assert_eq!(body["evidence"][0]["cut"], true);
    assert_eq!(requests[0].headers["x-team"], "ops");
    assert!(!requests[0].headers.contains_key("x-salve-signature"), "without a key nothing is signed");
}

#[tokio::test]
async fn a_webhook_s_secrets_come_from_files_and_go_nowhere_else() {
    let folder = TempDir::new().unwrap();
    let server = server([status(500).set_body_string("you said Bearer s3cret-token"), status(200), status(200)]).await;
    let url = format!("{}/s3cret-path", server.uri());
    let settings = WebhookSettings {
        url: None,
        url_file: Some(private(&folder, "url", &url)),
        headers: BTreeMap::new(),
        header_files: BTreeMap::from([("Authorization".into(), private(&folder, "auth", "Bearer s3cret-token\n"))]),
        secret_file: Some(private(&folder, "key", "s3cret-key\n")),
        timeout: Period(Duration::from_secs(5)),
    };
    assert!(!format!("{settings:?}").contains("s3cret"));
    let mut bench = Bench::with([("oncall", ChannelSettings::Webhook(settings))]);
    bench.outbox.send(page(1, &["oncall"]));
    bench.flushed().await;
    let before = jiff::Timestamp::now().as_second();
    for request in server.received_requests().await.unwrap() {
        assert_eq!(request.headers["authorization"], "Bearer s3cret-token");
        let signed_at: i64 = request.headers["x-salve-timestamp"].to_str().unwrap().parse().unwrap();
        assert!((before - 120..=before).contains(&signed_at), "{signed_at}");
        let signature = request.headers["x-salve-signature"].to_str().unwrap();
        assert!(signature.starts_with("sha256=") && signature.len() == 71, "{signature}");
    }
    let notes = bench.notes();
    assert!(notes[0].contains("it answered 500") && !notes.concat().contains("s3cret"), "{notes:?}");
    // a key that is changed counts for the next page, and one that others may read for none
    private(&folder, "auth", "Bearer another-token");
    bench.outbox.send(page(2, &["oncall"]));
    bench.flushed().await;
    assert_eq!(server.received_requests().await.unwrap()[2].headers["authorization"], "Bearer another-token");
    fs::set_permissions(folder.path().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    bench.outbox.send(page(3, &["oncall"]));
    let (_, note) = tokio::time::timeout(PATIENCE, bench.notes.recv()).await.unwrap().unwrap();
    assert!(note.contains("chmod 0600"), "{note}");
}

#[tokio::test]
async fn a_resolve_never_overtakes_its_trigger() {
    let server = server([status(500), status(503), status(200)]).await;
    let mut bench = Bench::with([("oncall", webhook(server.uri()))]);
    bench.outbox.send(page(1, &["oncall"]));
    bench.outbox.send(resolve(2, &["oncall"]));
    assert_eq!(bench.flushed().await, [(1, "oncall".to_owned()), (2, "oncall".to_owned())]);
    let kinds: Vec<_> = received(&server).await.iter().map(|body| body["kind"].clone()).collect();
    assert_eq!(kinds, ["trigger", "trigger", "trigger", "resolve"]);
}

#[tokio::test]
async fn a_webhook_that_always_answers_late_gets_the_resolve_as_well() {
    let server = server([status(200).set_delay(Duration::from_secs(30))]).await;
    let ChannelSettings::Webhook(mut settings) = webhook(server.uri()) else { panic!("it is a webhook") };
    settings.timeout = Period(Duration::from_millis(200));
    let bench = Bench::with([("chat", ChannelSettings::Webhook(settings))]);
    bench.outbox.send(page(1, &["chat"]));
    bench.outbox.send(resolve(2, &["chat"]));
    let kinds = async {
        loop {
            let kinds: Vec<String> =
                received(&server).await.iter().map(|body| body["kind"].as_str().unwrap().to_owned()).collect();
            if kinds.last().is_some_and(|kind| kind == "resolve") {
                return kinds;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let kinds = tokio::time::timeout(PATIENCE, kinds).await.unwrap();
    assert_eq!(kinds[..4], ["trigger", "trigger", "trigger", "resolve"]);
}

#[tokio::test]
async fn a_page_that_is_refused_for_good_is_kept_and_delays_no_other() {
    let server = MockServer::start().await;
    let refuse = |request: &Request| {
        let body: Value = request.body_json().unwrap();
        status(if body["incident"] == 4 { 400 } else { 200 }).set_body_string("no such room")
    };
    Mock::given(method("POST")).respond_with(refuse).mount(&server).await;
    let mut bench = Bench::with([("oncall", webhook(server.uri())), ("hung", command("sleep 1000".into()))]);
    bench.outbox.send(page(1, &["oncall", "hung", "tickets"]));
    bench.outbox.send(other_incident(page(2, &["oncall"]), 5));
    let mut delivered = Vec::new();
    for _ in 0..2 {
        delivered.push(tokio::time::timeout(PATIENCE, bench.delivered.recv()).await.unwrap().unwrap());
    }
    delivered.sort();
    let delivered: Vec<_> = delivered.into_iter().map(|delivery| (delivery.page, delivery.channel)).collect();
    assert_eq!(delivered, [(PageId(1), "tickets".into()), (PageId(2), "oncall".into())]);
    assert_eq!(bench.outbox.pending(), 2);
    let notes = bench.notes();
    assert!(notes[0].contains("it answered 400 Bad Request: no such room"), "{notes:?}");
}

#[tokio::test]
async fn the_story_says_which_channel_took_a_page() {
    let mut bench = Bench::with([]);
    bench.outbox.send(page(1, &["mail", "tickets"]));
    let mut told = Vec::new();
    for _ in 0..2 {
        let taken = tokio::time::timeout(PATIENCE, bench.delivered.recv()).await.unwrap().unwrap();
        let AcceptedPage { page, channel, instead } = taken;
        told.push(salve::core::event::event_text::sentence(&Event::Delivered { page, channel, instead }));
    }
    told.sort();
    assert_eq!(told, ["page #1 delivered to tickets", "page #1 not delivered to mail; delivered to tickets instead"]);
}

#[tokio::test]
async fn a_command_reads_the_page_and_is_tried_until_it_exits_well() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().display();
    let script = format!(
        "if test -e {out}/tried; then cat > {out}/body; echo \"$SALVE_KIND $SALVE_DEDUP\" > {out}/parts; \
         else touch {out}/tried; echo not yet >&2; exit 7; fi"
    );
    let mut bench = Bench::with([("pager", command(script))]);
    bench.outbox.send(page(1, &["pager"]));
    assert_eq!(bench.flushed().await, [(1, "pager".to_owned())]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("body").starts_with("# nginx serves\n\n**Open** since"), "{}", read("body"));
    assert_eq!(read("parts"), "trigger host-1/service-down/nginx.service\n");
    assert!(bench.notes()[0].contains("page #1 was not delivered (sh: exit code 7: not yet)"));
}

#[tokio::test]
async fn an_unknown_channel_goes_to_the_ticket_folder_with_a_note() {
    let mut bench = Bench::with([]);
    bench.outbox.send(page(1, &["oncal"]));
    // the name that was asked for: what is recorded as delivered is not sent again
    assert_eq!(bench.flushed().await, [(1, "oncal".to_owned())]);
    assert!(bench.notes()[0].contains("no channel of this name is configured"));
    let tickets = bench.tickets();
    assert_eq!(tickets.len(), 1);
    assert!(
        tickets[0].1.contains("Channel oncal is not configured, so this page became a ticket."),
        "{}",
        tickets[0].1
    );
}

#[tokio::test]
async fn a_ticket_tells_the_whole_story_and_nothing_breaks_out_of_it() {
    let mut bench = Bench::with([]);
    let body = "x\n``````\n# broken out\n<!-- salve:notes: what is written below stays -->\n\x1b[2J";
    let evidence = vec![Evidence { title: "a `title` <b>\n# x".into(), body: body.into() }];
    bench.outbox.send(Page { evidence, ..page(1, &[]) });
    assert_eq!(bench.flushed().await, [(1, "tickets".to_owned())]);
    let tickets = bench.tickets();
    let (name, text) = &tickets[0];
    assert!(name.ends_with("-4-service-down-nginx.service.md"), "{name}");
    for part in [
        "# nginx serves\n",
        "**Open** since ",
        "## What happened\n\nevery rung was tried and none verified\n",
        "| service-down fired on unit nginx.service: failed (exit-code) |",
        "| detector 1 | firing | failed (exit-code) |",
        "### Attempt 1: rung 1, started automatically\n\n- /usr/bin/systemctl restart nginx.service\n  - user: root\n",
        "/usr/bin/systemctl restart nginx.service: failed: exit code 1 (1200 ms)\n\n````text\nline one\n```\n",
        "attempt 1 of 3 not verified: unit is still failed \\| \\<b\\>.",
        "### a \\`title\\` \\<b\\> # x\n\n```````text\nx\n``````\n# broken out\n<!-- salve :notes",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert!(!text.contains('\x1b'));
    assert_eq!(
        headings(text),
        [
            "# nginx serves",
            "## What happened",
            "## Timeline",
            "## Latest readings",
            "## Attempts",
            "### Attempt 1: rung 1, started automatically",
            &evidence_heading(text),
            "### a \\`title\\` \\<b\\> # x",
            "## Notes"
        ]
    );
}

fn evidence_heading(text: &str) -> String {
    text.lines().find(|line| line.starts_with("## Evidence for page")).unwrap().to_owned()
}

/// The headings as a Markdown reader sees them: those outside of fences.
fn headings(text: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut found = Vec::new();
    for line in text.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            None if line.starts_with("```") => fence = line.strip_suffix("text"),
            None if line.starts_with('#') => found.push(line),
            _ => {}
        }
    }
    found
}

#[tokio::test]
async fn a_ticket_is_written_anew_and_never_doubled() {
    let mut bench = Bench::with([]);
    let evidence = vec![Evidence { title: "first".into(), body: "gathered at first".into() }];
    let first = Page { evidence, ..page(1, &[]) };
    bench.outbox.send(first.clone());
    bench.flushed().await;
    bench.outbox.send(first);
    bench.flushed().await;
    let tickets = bench.tickets();
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].1.matches("gathered at first").count(), 1);
    // a person writes below, and a resolve keeps that and the evidence
    let path = bench.tickets.path().join("tickets").join(&tickets[0].0);
    fs::write(&path, format!("{}called the vendor\n", tickets[0].1)).unwrap();
    for _ in 0..2 {
        bench.outbox.send(resolve(2, &[]));
        bench.flushed().await;
    }
    let tickets = bench.tickets();
    assert_eq!(tickets.len(), 1);
    let text = &tickets[0].1;
    assert!(text.contains("**Resolved** at ") && !text.contains("**Open**"), "{text}");
    assert_eq!(text.matches("gathered at first").count(), 1);
    assert!(text.ends_with("## Notes\n\ncalled the vendor\n"), "{text}");
    // another incident of the same number and name, of another journal
    bench.outbox.send(Page { dedup: "another".into(), ..page(1, &[]) });
    bench.flushed().await;
    assert_eq!(bench.tickets().len(), 2);
}

#[tokio::test]
async fn a_symbolic_link_in_the_ticket_folder_is_not_followed() {
    let mut bench = Bench::with([]);
    bench.outbox.send(page(1, &[]));
    bench.flushed().await;
    let folder = bench.tickets.path().join("tickets");
    let (name, text) = bench.tickets().remove(0);
    let victim = bench.tickets.path().join("victim");
    fs::write(&victim, &text).unwrap();
    fs::remove_file(folder.join(&name)).unwrap();
    std::os::unix::fs::symlink(&victim, folder.join(&name)).unwrap();
    bench.outbox.send(resolve(2, &[]));
    bench.flushed().await;
    assert_eq!(fs::read_to_string(&victim).unwrap(), text);
    assert!(Path::new(&folder).join(name.replace(".md", "-2.md")).exists());
}
