//! How far colours are apart, and for whom: what the tests of the themes compute with.

use ratatui::style::Color;

/// How somebody sees, as a matrix over linear RGB.
pub struct Sight {
    pub name: &'static str,
    matrix: [[f64; 3]; 3],
}

/// G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision
/// Deficiency", IEEE Transactions on Visualization and Computer Graphics 15 (6), 2009: severity 1.0.
pub const SIGHTS: [Sight; 4] = [
    Sight { name: "full colour vision", matrix: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] },
    Sight {
        name: "protanopia",
        matrix: [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    },
    Sight {
        name: "deuteranopia",
        matrix: [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    },
    Sight {
        name: "tritanopia",
        matrix: [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    },
];

/// A colour as 24 bits; the sixteen that every terminal sets for itself have none.
pub fn bits(colour: Color) -> Option<[u8; 3]> {
    match colour {
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index @ 232..) => Some([8 + 10 * (index - 232); 3]),
        Color::Indexed(index @ 16..) => {
            let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
            let cube = index - 16;
            Some([step(cube / 36), step(cube / 6 % 6), step(cube % 6)])
        }
        _ => None,
    }
}

/// Turns sRGB into linear light, after IEC 61966-2-1.
fn linear(colour: [u8; 3]) -> [f64; 3] {
    colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

fn times(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// WCAG 2.2, "contrast ratio": from 1 to 21.
pub fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour| {
        let [red, green, blue] = linear(colour);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other): (f64, f64) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// How far two colours are apart for somebody who sees so: CIEDE2000.
pub fn distance(one: [u8; 3], other: [u8; 3], sight: &Sight) -> f64 {
    let seen = |colour| lab(times(&sight.matrix, linear(colour)).map(|part| part.clamp(0.0, 1.0)));
    ciede2000(seen(one), seen(other))
}

/// From linear sRGB to CIELAB under D65.
fn lab(linear: [f64; 3]) -> [f64; 3] {
    const XYZ: [[f64; 3]; 3] = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    let root = |t: f64| {
        if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
    };
    let [x, y, z] = times(&XYZ, linear);
    let (x, y, z) = (root(x / 0.950_47), root(y), root(z / 1.088_83));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research and Application 30 (1),
/// 2005.
#[allow(clippy::many_single_char_names, reason = "the names are those of the paper")]
fn ciede2000([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - seventh(f64::midpoint(a1.hypot(b1), a2.hypot(b2))));
    let (a1, a2) = (a1 * (1.0 + g), a2 * (1.0 + g));
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let grey = c1 * c2 < 1e-12;
    let turn = if grey { 0.0 } else { (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0 };
    let h = if grey { h1 + h2 } else { (h1 + turn / 2.0).rem_euclid(360.0) };
    let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0) - 0.20 * cos(4.0 * h - 63.0);
    let off = (l - 50.0).powi(2);
    let (dl, dc) = ((l2 - l1) / (1.0 + 0.015 * off / (20.0 + off).sqrt()), (c2 - c1) / (1.0 + 0.045 * c));
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin() / (1.0 + 0.015 * c * t);
    let rotation = (60.0 * (-((h - 275.0) / 25.0).powi(2)).exp()).to_radians().sin();
    (dl * dl + dc * dc + dh * dh - 2.0 * seventh(c) * rotation * dc * dh).sqrt()
}

#[test]
fn the_distance_is_that_of_the_published_pairs() {
    // from the data that Sharma, Wu and Dalal give for testing implementations
    for (one, other, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, 2.4900, -0.0010], [50.0, -2.4900, 0.0009], 7.1792),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([22.7233, 20.0904, -46.6940], [23.0331, 14.9730, -42.5619], 2.0373),
        ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
    ] {
        let found = ciede2000(one, other);
        assert!((found - expected).abs() < 1e-4, "{one:?} {other:?}: {found}, not {expected}");
    }
}

#[test]
fn what_is_grey_stays_grey_and_red_and_green_come_together() {
    for sight in &SIGHTS {
        assert!(distance([128; 3], [128; 3], sight) < 1e-9);
        let seen = lab(times(&sight.matrix, linear([200; 3])));
        assert!(seen[1].abs() < 0.1 && seen[2].abs() < 0.1, "{}: {seen:?}", sight.name);
    }
    let (red, green) = ([200, 90, 60], [130, 125, 50]);
    assert!(distance(red, green, &SIGHTS[2]) < distance(red, green, &SIGHTS[0]) / 2.0);
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([0x77; 3], [255; 3]) - 4.48).abs() < 0.005);
}
