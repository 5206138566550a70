//! Chance from a seed: the same seed gives the same world on every machine.

/// `SplitMix64`: small, fast, and good enough to choose faults by.
#[derive(Debug, Clone, Default)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// Both ends included.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// True so many times in a thousand.
    pub fn permille(&mut self, rate: u64) -> bool {
        rate > 0 && self.below(1000) < rate
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.index(from.len())]
    }

    /// A wait with this mean, exponential in steps of 1/64: what independent mishaps keep between them.
    pub fn wait(&mut self, mean: u64) -> u64 {
        // -ln(u) for u at the middle of each 64th, times 1000.
        const STEPS: [u64; 64] = [
            4852, 3753, 3243, 2906, 2655, 2454, 2287, 2144, 2019, 1907, 1807, 1717, 1633, 1557, 1485, 1418, 1356, 1297,
            1241, 1189, 1139, 1091, 1046, 1002, 961, 921, 882, 845, 809, 775, 741, 709, 677, 647, 618, 589, 561, 534,
            507, 481, 456, 431, 407, 383, 360, 338, 315, 294, 272, 252, 231, 211, 191, 172, 153, 134, 116, 98, 80, 63,
            45, 28, 12, 4,
        ];
        1 + mean * STEPS[self.index(64)] / 1000
    }
}

/// One seed from two: worlds of one run differ, and each can be run again alone.
pub fn mix(seed: u64, index: u64) -> u64 {
    let mut rng = Rng::new(seed ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93));
    rng.next() ^ rng.next().rotate_left(17)
}
