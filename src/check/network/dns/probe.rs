//! A name lookup, through the host's own resolver or one server. A failed lookup is an observation as well.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::Resolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use serde::{Deserialize, Serialize};

use super::table::DnsCheck;
use crate::check::judge::Judgement;
use crate::check::judge::conditions::Conditions;
use crate::check::kind::{CheckProbe, millis};
use crate::check::prober::{Cost, Prober};
use crate::playbook::Target;
use crate::text::clean_line;

/// The name to look up, and the server to ask.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DnsSubject {
    /// The host name to resolve.
    pub name: Arc<str>,
    /// The server; none means the host's own resolver.
    pub server: Option<Arc<str>>,
    /// How long to wait for an answer, in milliseconds.
    pub timeout_ms: u64,
}

/// The outcome of a lookup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsSeen {
    /// The name has an address; the lookup took so many milliseconds.
    Answer(u64),
    /// No address, and the reason.
    None(String),
}

impl CheckProbe for DnsCheck {
    type Subject = DnsSubject;
    type Seen = DnsSeen;
    const COST: Cost = Cost::Request;

    fn subject(&self, _: &Target) -> Result<DnsSubject, String> {
        let timeout_ms = millis(self.timeout, Duration::from_secs(5));
        Ok(DnsSubject { name: self.name.as_str().into(), server: self.server.as_deref().map(Into::into), timeout_ms })
    }

    /// Looks the name up.
    async fn probe(subject: &DnsSubject, prober: &Prober) -> Result<DnsSeen, String> {
        let limit = Duration::from_millis(subject.timeout_ms);
        let began = Instant::now();
        let found = match &subject.server {
            Some(server) => of_server(address(server)?, &subject.name, limit).await,
            None => of_host(prober, &subject.name, limit).await,
        };
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(match found {
            Ok(()) => DnsSeen::Answer(took),
            Err(why) => DnsSeen::None(clean_line(&why).into_owned()),
        })
    }

    fn judge(&self, seen: &DnsSeen) -> Judgement {
        let mut parts = Conditions::default();
        let wanted = self.answers.unwrap_or(true);
        match seen {
            DnsSeen::Answer(took) => parts.met(wanted, format!("answers in {took} ms")),
            DnsSeen::None(why) => parts.met(!wanted, format!("no answer: {why}")),
        }
        parts.judgement()
    }

    fn condition(&self) -> String {
        let of = self.server.as_ref().map_or_else(String::new, |server| format!(" of {server}"));
        format!("{} {}{of}", self.name, if self.answers.unwrap_or(true) { "answers" } else { "does not answer" })
    }

    fn is_insignificant(now: &DnsSeen, then: &DnsSeen) -> bool {
        matches!((now, then), (DnsSeen::Answer(_), DnsSeen::Answer(_))) || now == then
    }
}

/// Parses a server's address; the port is 53 if none is given.
fn address(server: &str) -> Result<SocketAddr, String> {
    let bare = server.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    bare.or_else(|_| server.parse()).map_err(|_| format!("`{server}` is no address of a server"))
}

/// Looks up as every program on this host does: hosts file, stub resolver, whatever is configured.
async fn of_host(prober: &Prober, name: &str, limit: Duration) -> Result<(), String> {
    use std::net::ToSocketAddrs;
    let asked = name.to_owned();
    // the system's resolver blocks, and may do so for longer than anybody wants to wait
    let call = prober.apart("the host's resolver", limit, move || {
        (asked.as_str(), 0).to_socket_addrs().map(|mut found| found.next())
    });
    match call.await? {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("no address".into()),
        Err(error) => Err(error.to_string()),
    }
}

async fn of_server(server: SocketAddr, name: &str, limit: Duration) -> Result<(), String> {
    let mut way = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut way.connections {
        connection.port = server.port();
    }
    let config = ResolverConfig::from_name_servers(vec![way]);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    // one question, one answer: nothing remembered, no hosts file, no search list
    (options.cache_size, options.attempts, options.timeout) = (0, 1, limit);
    options.use_hosts_file = ResolveHosts::Never;
    options.ndots = 0;
    let resolver = builder.build().map_err(|error| error.to_string())?;
    let absolute = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
    match tokio::time::timeout(limit, resolver.lookup_ip(absolute)).await {
        Ok(Ok(found)) if found.iter().next().is_some() => Ok(()),
        Ok(Ok(_)) => Err("no address".into()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("nothing within {} s", limit.as_secs_f64())),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UdpSocket;

    use super::*;
    use crate::core::Verdict;
    use crate::host::Clock;

    /// Answers one question with an address, or says that there is no such name.
    async fn server(there: bool) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut question = [0; 512];
            loop {
                let (length, from) = socket.recv_from(&mut question).await.unwrap();
                let mut answer = question[..length].to_vec();
                // no part beyond the question
                answer[6..12].fill(0);
                let end = 12 + answer[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
                let v4 = answer[end - 3] == 1;
                answer.truncate(end);
                (answer[2], answer[3]) = (0x81, if there { 0x80 } else { 0x83 });
                if there && v4 {
                    answer[7] = 1;
                    answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
                }
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        address
    }

    async fn ask(server: Option<String>, name: &str) -> Result<DnsSeen, String> {
        let check = DnsCheck { name: name.into(), server, timeout: Some("2s".parse().unwrap()), ..DnsCheck::default() };
        DnsCheck::probe(&check.subject(&Target::Host).unwrap(), &Prober::new(Clock::starting())).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_knows_the_name_answers() {
        let there = server(true).await;
        assert!(matches!(ask(Some(there.to_string()), "example.org").await, Ok(DnsSeen::Answer(_))));
        let gone = server(false).await;
        assert!(matches!(ask(Some(gone.to_string()), "example.org").await, Ok(DnsSeen::None(_))));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_there_is_no_answer_and_no_address_is_unknown() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let silent = socket.local_addr().unwrap();
        assert!(matches!(ask(Some(silent.to_string()), "example.org").await, Ok(DnsSeen::None(_))));
        assert!(ask(Some("dns.example".into()), "example.org").await.unwrap_err().contains("no address of a server"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_host_knows_itself() {
        assert!(matches!(ask(None, "localhost").await, Ok(DnsSeen::Answer(_))));
        assert!(matches!(ask(None, "no-such-name.invalid").await, Ok(DnsSeen::None(_))));
    }

    #[test]
    fn an_answer_is_wanted_where_nothing_is_said() {
        let check = |answers| DnsCheck { name: "a.example".into(), answers, ..DnsCheck::default() };
        let none = DnsSeen::None("no such name".into());
        assert_eq!(check(None).judge(&DnsSeen::Answer(3)).verdict, Verdict::Holds);
        assert_eq!(check(None).judge(&none).verdict, Verdict::DoesNotHold);
        assert_eq!(check(Some(false)).judge(&none).seen, "no answer: no such name");
        assert_eq!(check(Some(false)).judge(&none).verdict, Verdict::Holds);
        assert_eq!(check(Some(false)).condition(), "a.example does not answer");
    }
}
