//! Growth as a picture: processor time and peak memory against the number of records, both axes
//! logarithmic, so that linear growth is a line at 45 degrees.

use std::fmt::Write as _;

use super::cases::Point;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 40.0;
const GAP: f64 = 96.0;

/// One axis: the least and the greatest power of ten.
#[derive(Clone, Copy)]
struct Scale {
    low: i32,
    high: i32,
    length: f64,
}

impl Scale {
    fn around(values: &[f64], length: f64) -> Self {
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let most = values.iter().copied().fold(f64::MIN, f64::max);
        let low = least.log10().floor() as i32;
        let high = (most.log10().ceil() as i32).max(low + 1);
        Self { low, high, length }
    }

    fn place(self, value: f64) -> f64 {
        let span = f64::from(self.high - self.low);
        (value.log10() - f64::from(self.low)) / span * self.length
    }
}

/// The picture.
pub(crate) fn svg(points: &[Point]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        LEFT + WIDTH + GAP + WIDTH + 24.0,
        TOP + HEIGHT + 64.0,
    );
    panel(&mut out, 0.0, "processor time, seconds", points, |point| {
        point.usage.cpu.as_secs_f64()
    });
    panel(
        &mut out,
        WIDTH + GAP,
        "peak memory, megabytes",
        points,
        |point| point.usage.peak as f64 / 1e6,
    );
    out.push_str("</svg>\n");
    out
}

fn panel(out: &mut String, shift: f64, title: &str, points: &[Point], value: fn(&Point) -> f64) {
    let sizes: Vec<f64> = points.iter().map(|point| point.size as f64).collect();
    let values: Vec<f64> = points.iter().map(value).collect();
    let across = Scale::around(&sizes, WIDTH);
    let up = Scale::around(&values, HEIGHT);
    let left = LEFT + shift;
    let base = TOP + HEIGHT;
    let mut put = |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("memory");
    put(format_args!(
        "<text x=\"{left}\" y=\"22\" font-weight=\"bold\">{title}</text>\n"
    ));
    for power in across.low..=across.high {
        let x = left + across.place(10_f64.powi(power));
        put(format_args!(
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{base}\" stroke=\"#ddd\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            base + 18.0,
            10_u64.pow(u32::try_from(power).unwrap_or(0)),
        ));
    }
    for power in up.low..=up.high {
        let y = base - up.place(10_f64.powi(power));
        put(format_args!(
            "<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            left + WIDTH,
            left - 8.0,
            y + 4.0,
            10_f64.powi(power),
        ));
    }
    put(format_args!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">records in the CRM</text>\n",
        left + WIDTH / 2.0,
        base + 40.0
    ));
    for (pass, colour, down) in [("first pass", "#1f5fa8", 0.0), ("no-op", "#b5482a", 16.0)] {
        let line: Vec<String> = points
            .iter()
            .filter(|point| point.pass == pass)
            .map(|point| {
                let x = left + across.place(point.size as f64);
                let y = base - up.place(value(point));
                format!("{x:.1},{y:.1}")
            })
            .collect();
        put(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
            line.join(" ")
        ));
        for place in &line {
            let (x, y) = place.split_once(',').unwrap_or(("0", "0"));
            put(format_args!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/>\n"
            ));
        }
        put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{pass}</text>\n",
            left + 8.0,
            TOP + 14.0 + down
        ));
    }
}
