//! docs/overload.svg and docs/overload.md, written by the command that measured what they show.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::machine;
use super::overload::possible;
use super::report::ms;

/// Load and what came of it.
pub(crate) struct Point {
    /// Open loop: load over the peak. Closed loop: connections.
    pub(crate) x: f64,
    /// Answers a second.
    pub(crate) goodput: f64,
    /// Answers a second at most, before and after: the machine changes while it is measured.
    pub(crate) peak: f64,
    /// Refusals a second.
    pub(crate) refused: f64,
    /// Of answers; in an open loop from the moment the request was due.
    pub(crate) p99: Duration,
}

/// What was measured in one run.
pub(crate) struct Curves {
    /// CPU of a refusal over CPU of an answer.
    pub(crate) rho: f64,
    pub(crate) open: Vec<Point>,
    pub(crate) closed: Vec<Point>,
}

/// Writes both files into `directory`.
pub(crate) fn write(directory: &Path, curves: &Curves) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join("overload.svg"), svg(curves))?;
    fs::write(directory.join("overload.md"), markdown(curves))
}

fn markdown(curves: &Curves) -> String {
    let Curves { rho, open, closed } = curves;
    let mut text = format!(
        "# Overload\n\nWhat is still answered when more is asked than can be done. Bodies of 100 rows, a random forest of \
         1,000 trees (about a\nmillisecond of work a body), the default limits; the server on one core, the generator on \
         another one.\nWritten by `make overload-plot`; the promises are `make promises SCENARIOS=overload`'s.\n\n\
         Machine: {}, shared, in the cloud. A refusal costs {rho:.3} of an answer. Each point's peak is what a closed loop \
         got\njust before and just after it.\n\n\
         ![goodput against load](overload.svg)\n\n\
         Work has permits; who gets none within 250 ms is refused. So a client that comes back at once is refused four \
         times a\nsecond at most, and goodput falls by what refusals cost and by nothing else.\n\n\
         Open loop: requests come at a fixed rate, whatever the server does. Latency counts from the moment a request \
         was due.\n\n\
         | load / peak | answers/s | peak | of peak | refusals/s | p99 of answers |\n|---|---|---|---|---|---|\n",
        machine::processor()
    );
    for p in open {
        let _ = writeln!(text, "| {} | {}", p.x, cells(p));
    }
    text += "\nClosed loop: each connection asks again as soon as it is answered or refused.\n\n\
             | connections | answers/s | peak | of peak | refusals/s | p99 of answers |\n|---|---|---|---|---|---|\n";
    for p in closed {
        let _ = writeln!(text, "| {} | {}", p.x, cells(p));
    }
    text
}

fn cells(p: &Point) -> String {
    let Point { goodput, peak, refused, p99, .. } = p;
    format!("{goodput:.0} | {peak:.0} | {:.0} % | {refused:.0} | {} |", 100.0 * goodput / peak, ms(*p99))
}

/// One panel's frame, in pixels, and the range of its x axis.
struct Panel {
    left: f64,
    most: f64,
    title: &'static str,
    label: &'static str,
    ticks: Vec<(f64, String)>,
}

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 220.0;
const TOP: f64 = 50.0;
/// The top of the y axis, as a part of the peak.
const CEILING: f64 = 1.2;

impl Panel {
    fn x(&self, x: f64) -> f64 {
        self.left + WIDTH * x / self.most
    }

    fn y(part: f64) -> f64 {
        TOP + HEIGHT * (1.0 - part.min(CEILING) / CEILING)
    }

    fn frame(&self) -> String {
        let (left, bottom, right) = (self.left, TOP + HEIGHT, self.left + WIDTH);
        let mut svg = format!("<text x='{left}' y='{}' class='title'>{}</text>\n", TOP - 16.0, self.title);
        for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let y = Self::y(part);
            let _ = writeln!(svg, "<path d='M{left} {y:.1}H{right}' class='grid'/>");
            let _ =
                writeln!(svg, "<text x='{}' y='{:.1}' class='end'>{:.0} %</text>", left - 6.0, y + 4.0, part * 100.0);
        }
        for (at, text) in &self.ticks {
            let _ = writeln!(svg, "<text x='{:.1}' y='{}' class='mid'>{text}</text>", self.x(*at), bottom + 18.0);
        }
        let _ =
            writeln!(svg, "<text x='{}' y='{}' class='mid'>{}</text>", left + WIDTH / 2.0, bottom + 38.0, self.label);
        svg
    }

    fn line(&self, class: &str, points: impl Iterator<Item = (f64, f64)>) -> String {
        let points: Vec<String> = points.map(|(x, part)| format!("{:.1},{:.1}", self.x(x), Self::y(part))).collect();
        format!("<polyline class='{class}' points='{}'/>\n", points.join(" "))
    }

    fn dots(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        points.fold(String::new(), |mut svg, (x, part)| {
            let _ = writeln!(svg, "<circle cx='{:.1}' cy='{:.1}' r='3'/>", self.x(x), Self::y(part));
            svg
        })
    }
}

/// Goodput against load: an open loop on the left, a closed one on the right.
fn svg(curves: &Curves) -> String {
    let ticks = |all: &[f64]| all.iter().map(|x| (*x, format!("{x} ×"))).collect();
    let open = Panel {
        left: 60.0,
        most: 5.0,
        title: "Open loop: goodput against offered load",
        label: "offered load over peak",
        ticks: ticks(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
    };
    let doublings = |n: f64| n.log2();
    let closed = Panel {
        left: 470.0,
        most: 10.0,
        title: "Closed loop: goodput against connections",
        label: "connections, each asking again at once",
        ticks: [1, 4, 16, 64, 256, 1_024].map(|n| (doublings(f64::from(n)), n.to_string())).into(),
    };
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 830 330' font-family='sans-serif' font-size='12'>\n\
         <style>.title{font-weight:bold;font-size:13px}.end{text-anchor:end}.mid{text-anchor:middle}\
         .grid{stroke:#ddd}.ideal{fill:none;stroke:#999;stroke-dasharray:4 4}.good{fill:none;stroke:#06c;\
         stroke-width:2}circle{fill:#06c}</style>\n<rect width='830' height='330' fill='#fff'/>\n",
    );
    let of_peak = |p: &Point| p.goodput / p.peak;
    svg += &open.frame();
    svg += &open.line("ideal", (0..=50).map(|i| f64::from(i) / 10.0).map(|k| (k, possible(k, curves.rho))));
    svg += &open.line("good", curves.open.iter().map(|p| (p.x, of_peak(p))));
    svg += &open.dots(curves.open.iter().map(|p| (p.x, of_peak(p))));
    svg += &closed.frame();
    svg += &closed.line("good", curves.closed.iter().map(|p| (doublings(p.x), of_peak(p))));
    svg += &closed.dots(curves.closed.iter().map(|p| (doublings(p.x), of_peak(p))));
    let note = "dashed: what refusals leave, (1 − kρ)/(1 − ρ)";
    let _ = writeln!(svg, "<text x='60' y='325' fill='#777'>{note}, ρ = {:.3}</text>\n</svg>", curves.rho);
    svg
}
