//! Families of samples as text, in the two forms that are read: OpenMetrics, and the older text of Prometheus, which
//! is what the node exporter's textfile collector takes.

use std::fmt::Write as _;

use crate::text::clean;

/// The two text formats in which metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsFormat {
    /// The OpenMetrics text format 1.0, which ends in `# EOF` and names units.
    OpenMetrics,
    /// The Prometheus text format 0.0.4.
    Prometheus,
}

/// What a family's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Goes up and down.
    Gauge,
    /// Only rises; its samples end in `_total`.
    Counter,
}

/// All samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The metric's name as dashboards query it, but without the `_total` that a counter's samples get.
    pub name: &'static str,
    /// Base unit; the name ends in it.
    pub unit: Option<&'static str>,
    /// Whether the figures only rise, or go up and down.
    pub kind: MetricKind,
    /// One sentence that says what is counted, for the `# HELP` line.
    pub help: &'static str,
    /// In order; no two have the same labels.
    pub samples: Vec<Sample>,
}

/// One figure and its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name and value, each name once.
    pub labels: Vec<(&'static str, String)>,
    /// The figure, in the family's base unit.
    pub value: f64,
}

/// The whole text. A family without samples is left out.
#[must_use]
pub fn write(families: &[Family], form: MetricsFormat) -> String {
    let mut out = String::new();
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let sampled = match family.kind {
            MetricKind::Counter => format!("{}_total", family.name),
            MetricKind::Gauge => family.name.to_owned(),
        };
        let named = if form == MetricsFormat::OpenMetrics { family.name } else { &sampled };
        let kind = match family.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        let _ = writeln!(out, "# TYPE {named} {kind}");
        if let (MetricsFormat::OpenMetrics, Some(unit)) = (form, family.unit) {
            let _ = writeln!(out, "# UNIT {named} {unit}");
        }
        let _ = writeln!(out, "# HELP {named} {}", help(family.help, form));
        for sample in &family.samples {
            let _ = writeln!(out, "{sampled}{} {}", labels(&sample.labels), sample.value);
        }
    }
    if form == MetricsFormat::OpenMetrics {
        out += "# EOF\n";
    }
    out
}

fn labels(labels: &[(&str, String)]) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", value_of(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

/// A label's value between its quotes.
fn value_of(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// OpenMetrics wants quotes escaped here as well; the older form would show the backslash.
fn help(text: &str, form: MetricsFormat) -> String {
    match form {
        MetricsFormat::OpenMetrics => value_of(text),
        MetricsFormat::Prometheus => text.replace('\\', "\\\\").replace('\n', "\\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        let sample = |playbook: &str, value| Sample { labels: vec![("playbook", playbook.into())], value };
        vec![
            Family {
                name: "salve_pages",
                unit: None,
                kind: MetricKind::Counter,
                help: "A \"page\".",
                samples: vec![sample("a\"b\\c\nd", 3.0)],
            },
            Family {
                name: "salve_beat_age_seconds",
                unit: Some("seconds"),
                kind: MetricKind::Gauge,
                help: "Age.",
                samples: vec![Sample { labels: Vec::new(), value: 0.25 }],
            },
            Family { name: "salve_none", unit: None, kind: MetricKind::Gauge, help: "None.", samples: Vec::new() },
        ]
    }

    #[test]
    fn open_metrics_has_units_and_an_end() {
        let right = "# TYPE salve_pages counter\n# HELP salve_pages A \\\"page\\\".\n\
                     salve_pages_total{playbook=\"a\\\"b\\\\c\\nd\"} 3\n\
                     # TYPE salve_beat_age_seconds gauge\n# UNIT salve_beat_age_seconds seconds\n\
                     # HELP salve_beat_age_seconds Age.\nsalve_beat_age_seconds 0.25\n# EOF\n";
        assert_eq!(write(&families(), MetricsFormat::OpenMetrics), right);
    }

    #[test]
    fn the_older_form_names_counters_whole_and_has_no_end() {
        let right = "# TYPE salve_pages_total counter\n# HELP salve_pages_total A \"page\".\n\
                     salve_pages_total{playbook=\"a\\\"b\\\\c\\nd\"} 3\n\
                     # TYPE salve_beat_age_seconds gauge\n\
                     # HELP salve_beat_age_seconds Age.\nsalve_beat_age_seconds 0.25\n";
        assert_eq!(write(&families(), MetricsFormat::Prometheus), right);
    }
}
