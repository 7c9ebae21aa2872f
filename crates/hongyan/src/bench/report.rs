//! What a bench found out: named figures in order, with the conditions they hold under.

use hongyan_client::load::Histogram;
use serde_json::{Map, Value};

/// Figures in the order in which people read them.
#[derive(Clone, Debug)]
pub struct Report {
    figures: Vec<(String, Value)>,
}

impl Report {
    /// A report of this bench; takes the conditions down, so make it before the load begins.
    pub fn new(bench: &str) -> Self {
        let mut report = Self { figures: Vec::new() };
        report.put("bench", bench);
        report.put("cores", std::thread::available_parallelism().map_or(0, usize::from));
        report.put("build", if cfg!(debug_assertions) { "debug" } else { "release" });
        report.put("version", env!("CARGO_PKG_VERSION"));
        report.put("load_average_before", first_number("/proc/loadavg"));
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        report.put("kernel", kernel.trim());
        report
    }

    /// Reads what `print` wrote, a line a figure.
    pub fn read(text: &str) -> Self {
        let figure = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            let value = value.trim();
            Some((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
        };
        Self { figures: text.lines().filter_map(figure).collect() }
    }

    /// Adds a figure.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.push((name.to_owned(), value.into()));
    }

    /// Adds a figure with two places.
    pub fn number(&mut self, name: &str, value: f64) {
        self.put(name, rounded(value));
    }

    /// Adds `{name}_p50_ms`, `_p99_ms`, `_p999_ms`, `_max_ms`.
    pub fn latencies(&mut self, name: &str, latencies: &Histogram) {
        for (part, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            self.put(&format!("{name}_{part}_ms"), fine(latencies.percentile_ms(share)));
        }
        self.put(&format!("{name}_max_ms"), fine(latencies.max_ms()));
    }

    /// The figures in order.
    pub fn figures(&self) -> &[(String, Value)] {
        &self.figures
    }

    /// The figures as one JSON object.
    pub fn to_json(&self) -> Value {
        Value::Object(self.figures.iter().cloned().collect::<Map<_, _>>())
    }

    /// Prints JSON, or a line a figure.
    pub fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.to_json());
            return;
        }
        for (name, value) in &self.figures {
            match value {
                Value::String(text) => println!("{name:<32} {text}"),
                Value::Array(rows) => rows.iter().for_each(|row| println!("{name:<32} {row}")),
                value => println!("{name:<32} {value}"),
            }
        }
    }
}

/// Two places.
pub fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Three places: milliseconds to the microsecond.
pub fn fine(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The first number of a file, or 0: a condition that cannot be read is no reason not to measure.
fn first_number(path: &str) -> f64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_printed_is_read_again() {
        let text = "bench                            idle\nsessions 12\nin_memory   true\nkernel 6.1 x\n";
        let expected = json!({"bench": "idle", "sessions": 12, "in_memory": true, "kernel": "6.1 x"});
        let report = Report::read(text);
        assert_eq!(report.to_json(), expected);
        assert_eq!(report.figures()[1].0, "sessions");
    }
}
