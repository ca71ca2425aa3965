use kazasu_hal::{ReaderName, StationName, Technology};

/// What the station of all readers is called that no other station names.
const DEFAULT: &str = "main";

/// Which reader belongs to which station.
#[derive(Clone, Debug)]
pub struct Stations {
    default: StationName,
    listed: Vec<(StationName, Vec<String>)>,
    orders: Vec<(StationName, Vec<Technology>)>,
}

impl Default for Stations {
    /// One station, `main`, that has all readers.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Stations {
    /// Readers that no entry of `listed` names belong to the station `main`. An entry names readers
    /// by their stable name, or all readers of a way by its selector (`pcsc`).
    #[must_use]
    pub fn new(listed: Vec<(StationName, Vec<String>)>) -> Self {
        Self { default: StationName(DEFAULT.to_owned()), listed, orders: Vec::new() }
    }

    /// Which of two chips on one card counts, at stations that say so: the technology named first.
    #[must_use]
    pub fn with_orders(self, orders: Vec<(StationName, Vec<Technology>)>) -> Self {
        Self { orders, ..self }
    }

    /// The order of a station; empty where two cards stay two cards.
    #[must_use]
    pub fn order(&self, station: &StationName) -> &[Technology] {
        let order = self.orders.iter().find(|(name, _)| name == station);
        order.map(|(_, order)| &order[..]).unwrap_or_default()
    }

    /// The station of a reader that was found through `selector`.
    #[must_use]
    pub fn of(&self, reader: &ReaderName, selector: &str) -> &StationName {
        let names = |wanted: &str| {
            self.listed
                .iter()
                .find(|(_, readers)| readers.iter().any(|r| r == wanted))
                .map(|(station, _)| station)
        };
        names(&reader.0).or_else(|| names(selector)).unwrap_or(&self.default)
    }

    /// All stations, the default one first.
    #[must_use]
    pub fn names(&self) -> Vec<StationName> {
        let mut names = vec![self.default.clone()];
        for (station, _) in &self.listed {
            if !names.contains(station) {
                names.push(station.clone());
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_named_itself_wins_over_its_way_and_that_over_the_default() {
        let name = |s: &str| StationName(s.to_owned());
        let stations = Stations::new(vec![
            (name("hall"), vec!["pcsc".to_owned()]),
            (name("door"), vec!["pcsc:Two".to_owned()]),
        ]);
        let rows = [("pcsc:One", "hall"), ("pcsc:Two", "door"), ("pn532:uart:/dev/x", "main")];
        for (reader, station) in rows {
            let selector = reader.split(':').next().unwrap();
            assert_eq!(stations.of(&ReaderName(reader.to_owned()), selector), &name(station));
        }
        assert_eq!(stations.names(), [name("main"), name("hall"), name("door")]);
    }

    #[test]
    fn a_station_has_its_own_order() {
        let name = |s: &str| StationName(s.to_owned());
        let order = vec![Technology::Felica, Technology::Iso14443a];
        let stations = Stations::new(vec![(name("hall"), Vec::new())])
            .with_orders(vec![(name("hall"), order.clone())]);
        assert_eq!(stations.order(&name("hall")), order);
        assert_eq!(stations.order(&name("main")), []);
    }

    #[test]
    fn a_station_is_named_once() {
        let name = |s: &str| StationName(s.to_owned());
        let twice = ["hall", "main", "hall"].map(|n| (name(n), Vec::new())).to_vec();
        assert_eq!(Stations::new(twice).names(), [name("main"), name("hall")]);
    }
}
