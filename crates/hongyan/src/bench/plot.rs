//! The plot of docs/benchmarks.md, drawn by hand: one bar a target, as far as it is reached, on a log scale.

use super::page::Outcome;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const LABEL: f64 = 360.0;
const ROW: f64 = 26.0;
const TOP: f64 = 44.0;
/// The scale goes from a tenth of the target to a hundred times as good.
const DECADES: (f64, f64) = (-1.0, 2.0);

/// The SVG.
pub fn plot(outcomes: &[Outcome]) -> String {
    let height = TOP + ROW * outcomes.len() as f64 + 16.0;
    let mut svg = format!(
        "<!-- Written by `hongyan bench all`. -->\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (factor, label) in [(0.1, "1/10"), (1.0, "target"), (10.0, "10 times better"), (100.0, "100 times")] {
        let (x, colour) = (place(factor), if factor == 1.0 { "#333" } else { "#ddd" });
        let anchor = if factor == 100.0 { "end" } else { "middle" };
        put(
            &mut svg,
            format_args!(
                "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>\n\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"#555\">{label}</text>",
                height - 16.0,
                TOP - 12.0
            ),
        );
    }
    for (row, outcome) in outcomes.iter().enumerate() {
        bar(&mut svg, TOP + ROW * row as f64, outcome);
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, y: f64, outcome: &Outcome) {
    let (from, to) = (place(1.0).min(place(outcome.reach())), place(1.0).max(place(outcome.reach())));
    let colour = if outcome.is_met() { "#2a7f62" } else { "#c2553d" };
    let text = y + 17.0;
    let label = outcome.what.replace('&', "&amp;").replace('<', "&lt;");
    put(
        svg,
        format_args!(
            "<text x=\"{:.1}\" y=\"{text:.1}\" text-anchor=\"end\">{label}</text>\n\
             <rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{text:.1}\" fill=\"#333\">{}</text>",
            LABEL - 12.0,
            y + 5.0,
            (to - from).max(2.0),
            ROW - 10.0,
            to + 6.0,
            outcome.shown()
        ),
    );
}

/// Where a factor lies.
fn place(factor: f64) -> f64 {
    let (low, high) = DECADES;
    let share = (factor.max(1e-9).log10().clamp(low, high) - low) / (high - low);
    LABEL + share * (WIDTH - LABEL - 80.0)
}

fn put(svg: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(svg, "{what}").expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_goes_right_when_the_target_is_met_and_left_when_not() {
        let outcome = |found| Outcome { what: "a < b", target: 10.0, found: Some(found), more: true };
        let svg = plot(&[outcome(100.0), outcome(5.0)]);
        assert!(svg.contains("a &lt; b") && svg.contains("#2a7f62") && svg.contains("#c2553d"));
        assert!(place(10.0) > place(1.0) && place(0.5) < place(1.0));
        assert!(place(0.0) >= LABEL && place(1e9) <= WIDTH);
    }
}
