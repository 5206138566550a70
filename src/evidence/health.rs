//! The latest results of a container's own health check, run by run.

use std::time::Duration;

use super::gathered::Gathered;
use crate::host::containers::{self, ContainerEngine, Inspected};
use crate::playbook::Target;
use crate::playbook::attachment::HealthLog;

const DEADLINE: Duration = Duration::from_secs(10);

pub(super) async fn gather(target: &Target, wanted: HealthLog) -> Gathered {
    let Target::Container(name) = target else { return Err("the target is no container".into()) };
    let engine = ContainerEngine::of_this_host().ok_or(containers::NO_ENGINE)?;
    match engine.inspect(name, DEADLINE).await? {
        Some(found) => Ok(drawn(&found, wanted.last as usize)),
        None => Err(format!("there is no container {name}")),
    }
}

fn drawn(found: &Inspected, last: usize) -> String {
    let health = found.health.as_deref().unwrap_or("without a health check");
    let from = found.health_log.len().saturating_sub(last);
    found.health_log[from..].iter().fold(format!("{}, {health}\n", found.state), |out, (code, said)| {
        out + &format!("\nexit code {code}:\n{}\n", said.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_runs_are_told() {
        let log = vec![(0, "well\n".to_owned()), (1, "refused\n".to_owned())];
        let found = Inspected {
            state: "running".into(),
            health: Some("unhealthy".into()),
            health_log: log,
            ..Inspected::default()
        };
        assert_eq!(drawn(&found, 1), "running, unhealthy\n\nexit code 1:\nrefused\n");
    }
}
