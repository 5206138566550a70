//! A mail server of this test's own: takes mail in the clear on loopback, and fails where it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use salve::channel::kinds::smtp::{SmtpSettings, Tls};
use salve::playbook::value::Period;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What befalls one connection; after the last of them, every one goes well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Instead of a greeting.
    Busy,
    /// This instead of the answer to this command.
    Says(&'static str, &'static str),
    /// Closed without a word, at this command.
    Closed(&'static str),
    /// No answer, to this command.
    Silent(&'static str),
    /// The mail is taken, and the connection ends before that is said.
    Half,
    /// A greeting whose line never ends.
    Endless,
}

#[derive(Default)]
pub struct Server {
    pub fates: VecDeque<Fate>,
    /// Whole messages, as they were taken.
    pub mails: Vec<String>,
    /// Every command.
    pub said: Vec<String>,
    /// Bytes of a greeting without end that were taken.
    pub taken: u64,
}

pub async fn serve(fates: impl IntoIterator<Item = Fate>) -> (SmtpSettings, Arc<Mutex<Server>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Arc::new(Mutex::new(Server { fates: fates.into_iter().collect(), ..Server::default() }));
    let serving = Arc::clone(&server);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let fate = serving.lock().unwrap().fates.pop_front();
            tokio::spawn(converse(stream, fate, Arc::clone(&serving)));
        }
    });
    let settings = SmtpSettings {
        server: "127.0.0.1".into(),
        port: Some(port),
        tls: Tls::None,
        ca_file: None,
        from: "salve <salve@example.net>".into(),
        to: vec!["ops@example.net".into(), "Duty <duty@example.net>".into()],
        user: None,
        password_file: None,
        timeout: Period(Duration::from_millis(500)),
    };
    (settings, server)
}

/// One connection; none where the other side has gone.
async fn converse(stream: TcpStream, fate: Option<Fate>, server: Arc<Mutex<Server>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    if fate == Some(Fate::Endless) {
        let block = [b'x'; 16 * 1024];
        while let Ok(count @ 1..) = stream.write(&block).await {
            server.lock().unwrap().taken += u64::try_from(count).unwrap();
        }
        return None;
    }
    let greeting = if fate == Some(Fate::Busy) { "421 too busy" } else { "220 test ESMTP" };
    say(&mut stream, greeting).await?;
    loop {
        let line = hear(&mut stream).await?;
        let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        server.lock().unwrap().said.push(line.clone());
        match fate {
            Some(Fate::Closed(at)) if at == word => return None,
            Some(Fate::Silent(at)) if at == word => tokio::time::sleep(Duration::from_secs(30)).await,
            Some(Fate::Says(at, answer)) if at == word => {
                say(&mut stream, answer).await?;
                continue;
            }
            _ => {}
        }
        match word.as_str() {
            "EHLO" => say(&mut stream, "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN").await?,
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let mut mail = String::new();
                loop {
                    match hear(&mut stream).await? {
                        line if line == "." => break,
                        line => mail.extend([&*line, "\n"]),
                    }
                }
                server.lock().unwrap().mails.push(mail);
                if fate == Some(Fate::Half) {
                    return None;
                }
                say(&mut stream, "250 2.0.0 queued as 4711").await?;
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "250 fine").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> Option<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    (count > 0).then(|| line.trim_end().to_owned())
}

/// A mail's header, unfolded.
pub fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\n\n").next().unwrap_or_default().replace('\r', "").replace("\n ", " ");
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}
