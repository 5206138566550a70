//! Counts what a record says, kind by kind.

use salve::core::event::Event;

use crate::coverage::Coverage;
use crate::names;

pub fn event(coverage: &mut Coverage, event: &Event) {
    coverage.count("event", names::event(event));
    match event {
        Event::Opened { .. } => coverage.incidents += 1,
        Event::Denied { denial, .. } => coverage.count("denial", names::denial(denial)),
        Event::Asked { request, .. } => coverage.count("asks", names::asks(&request.why)),
        Event::Intent { starter, .. } => coverage.count("starter", names::starter(starter)),
        Event::Closed { outcome, .. } => coverage.count("outcome", names::outcome(outcome)),
        Event::Breaker { state, .. } => coverage.count("breaker", names::breaker(state)),
        Event::Escalated { cause, .. } => coverage.count("cause", names::cause(cause)),
        _ => {}
    }
}
