//! The one table in which all measures end.

use super::Outcome;

/// One figure of salve's beside what it is held against.
#[derive(Debug)]
pub struct Row {
    /// What is measured, with its unit.
    pub measure: String,
    /// Less is better, for this figure and the next two.
    pub salve: f64,
    /// The least that it can be.
    pub floor: Option<f64>,
    /// A peer's figure, or why there is none.
    pub peer: Result<f64, String>,
    /// What it should be.
    pub goal: Goal,
}

/// The most that salve's figure should be, as a part of another one.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    OfFloor(f64),
    OfPeer(f64),
}

impl Row {
    /// Salve's part of what the goal is about; or why there is none.
    fn ratio(&self) -> Result<(f64, &'static str), String> {
        let of = |other: f64, name| match self.salve / other {
            ratio if ratio.is_finite() => Ok((ratio, name)),
            _ => Err(format!("measured too briefly: no figure for the {name}")),
        };
        match self.goal {
            Goal::OfFloor(_) => of(self.floor.ok_or("no floor")?, "floor"),
            Goal::OfPeer(_) => of(self.peer.clone()?, "peer"),
        }
    }
}

/// With the load under which all of it was measured.
pub fn print(rows: &[Row]) -> Outcome<()> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let processors = std::thread::available_parallelism()?;
    println!("\nload average {load} on {processors} processors: other work makes every figure worse, salve's the most");
    println!("{:<46} {:>9} {:>9} {:>9}  {:<14} {:<8}", "measure", "salve", "floor", "peer", "ratio", "goal");
    for row in rows {
        let figure = |figure: Option<f64>| figure.map_or("-".into(), |figure| format!("{figure:.3}"));
        let (salve, floor, peer) =
            (figure(Some(row.salve)), figure(row.floor), figure(row.peer.as_ref().ok().copied()));
        let (Goal::OfFloor(goal) | Goal::OfPeer(goal)) = row.goal;
        let end = match row.ratio() {
            Ok((ratio, of)) => {
                let verdict = if ratio <= goal { "met" } else { "missed" };
                format!("{:<14} {:<8} {verdict}", format!("{ratio:.3} of {of}"), format!("<= {goal}"))
            }
            Err(why) => why,
        };
        println!("{:<46} {salve:>9} {floor:>9} {peer:>9}  {end}", row.measure);
    }
    Ok(())
}
