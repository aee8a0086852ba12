//! Plots as inline SVG: two axes, and dots, lines and steps in them. Colours are classes of the page's style.

use std::fmt::Write as _;

use crate::text::html::escaped;

/// Width and height of a plot, in its own units.
const SIZE: (f64, f64) = (340.0, 260.0);

/// The plotting area: left, top, right, bottom.
const AREA: (f64, f64, f64, f64) = (56.0, 26.0, 330.0, 216.0);

/// A plot in the making.
#[derive(Debug)]
pub(super) struct Plot {
    marks: String,
    x: (f64, f64),
    y: (f64, f64),
    title: String,
    labels: (String, String),
    /// Said beside the title to readers who do not see it.
    about: String,
    /// Texts at the left end, the middle and the right end of the horizontal axis, in place of its numbers.
    x_texts: Option<[String; 3]>,
}

impl Plot {
    /// A plot of these ranges, with a title and labels of the axes; a range of one value is widened.
    pub(super) fn new(title: &str, labels: (&str, &str), x: (f64, f64), y: (f64, f64)) -> Self {
        let wide = |(low, high): (f64, f64)| if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
        let labels = (labels.0.to_owned(), labels.1.to_owned());
        let (marks, about) = (String::new(), String::new());
        Self { marks, x: wide(x), y: wide(y), title: title.to_owned(), labels, about, x_texts: None }
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (left, top, right, bottom) = AREA;
        let share = |v: f64, (low, high): (f64, f64)| ((v - low) / (high - low)).clamp(0.0, 1.0);
        (left + share(x, self.x) * (right - left), bottom - share(y, self.y) * (bottom - top))
    }

    /// Dots.
    pub(super) fn dots(mut self, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        for point in points {
            let (x, y) = self.at(point);
            let _ = write!(self.marks, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>");
        }
        self
    }

    /// A line through points, of a class: `line`, `second` or `guide`.
    pub(super) fn line(mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let points: Vec<String> =
            points.into_iter().map(|point| self.at(point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(self.marks, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
        self
    }

    /// Bars from 0 up: (left, right, height).
    pub(super) fn bars(mut self, bars: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        for (from, to, height) in bars {
            let ((left, top), (right, bottom)) = (self.at((from, height)), self.at((to, 0.0)));
            let (width, height) = ((right - left - 0.5).max(0.5), bottom - top);
            let _ = write!(
                self.marks,
                "<rect class=\"bar\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            );
        }
        self
    }

    /// Shades how many values lie between each two edges: (edges, count).
    pub(super) fn shade(mut self, cells: impl IntoIterator<Item = ((f64, f64), u64)> + Clone) -> Self {
        // Below the line that is drawn over it.
        const TALLEST: f64 = 0.35;
        let most = cells.clone().into_iter().map(|cell| cell.1).max().unwrap_or(0).max(1);
        for ((from, to), count) in cells {
            #[expect(clippy::cast_precision_loss, reason = "counts of a picture")]
            let height = TALLEST * (count as f64 / most as f64) * (AREA.3 - AREA.1);
            let (left, right) = (self.at((from, self.y.0)).0, self.at((to, self.y.0)).0);
            let (top, width) = (AREA.3 - height, right - left);
            let _ = write!(
                self.marks,
                "<rect class=\"shade\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            );
        }
        self
    }

    /// Adds to what is said to readers who do not see it.
    pub(super) fn about(self, about: &str) -> Self {
        Self { about: format!(": {about}"), ..self }
    }

    /// Texts in place of the numbers of the horizontal axis, at its left end, middle and right end.
    pub(super) fn x_texts(self, texts: [String; 3]) -> Self {
        Self { x_texts: Some(texts), ..self }
    }

    /// The SVG, with a text for readers who do not see it.
    pub(super) fn svg(self) -> String {
        let (left, top, right, bottom) = AREA;
        let (width, height) = SIZE;
        let title = escaped(&self.title);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}{}\"><text class=\"title\" \
             x=\"{left}\" y=\"14\">{title}</text><path class=\"axis\" d=\"M{left} {top}V{bottom}H{right}\"/>",
            escaped(&self.about)
        );
        for (tick, share) in [0.0, 0.5, 1.0].into_iter().enumerate() {
            let value = |(low, high): (f64, f64)| low + share * (high - low);
            let (x, _) = self.at((value(self.x), self.y.0));
            let (_, y) = self.at((self.x.0, value(self.y)));
            let x_text = self.x_texts.as_ref().map_or_else(|| short(value(self.x)), |texts| escaped(&texts[tick]));
            let y_text = short(value(self.y));
            let anchor = if share < 0.1 {
                "start"
            } else if share > 0.9 {
                "end"
            } else {
                "middle"
            };
            let _ = write!(
                svg,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"230\" text-anchor=\"{anchor}\">{x_text}</text>\
                 <text class=\"tick\" x=\"51\" y=\"{:.1}\" text-anchor=\"end\">{y_text}</text>",
                y + 3.5
            );
        }
        let (x_label, y_label) = (escaped(&self.labels.0), escaped(&self.labels.1));
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"193\" y=\"250\" text-anchor=\"middle\">{x_label}</text>\
             <text class=\"label\" transform=\"translate(12 121) rotate(-90)\" text-anchor=\"middle\">{y_label}</text>{}</svg>",
            self.marks
        );
        svg
    }
}

/// The range of some numbers; 0 to 1 of none.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// At most 1,000 of the places below `n`, evenly spread.
pub(super) fn some(n: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(n.div_ceil(1_000).max(1))
}

/// A number of an axis, to three digits.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return format!("{value:.1e}");
    }
    let digits = if size >= 100.0 || size == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2 + usize::from(size < 0.1)
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
