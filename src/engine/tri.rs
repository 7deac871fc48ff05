//! Three-valued logic: missing information is neither true nor false, and never passes.

/// Pass, fail, or not known (rules 3.3; Kleene's strong logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tri {
    /// It holds.
    Pass,
    /// It is contradicted.
    Fail,
    /// Not known: something is missing.
    Indeterminate,
}

impl Tri {
    /// What is known of a statement that holds or does not.
    pub fn known(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }

    /// Both: fails when one fails, passes only when both pass.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fail, _) | (_, Self::Fail) => Self::Fail,
            (Self::Pass, Self::Pass) => Self::Pass,
            _ => Self::Indeterminate,
        }
    }

    /// Either: passes when one passes, fails only when both fail.
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pass, _) | (_, Self::Pass) => Self::Pass,
            (Self::Fail, Self::Fail) => Self::Fail,
            _ => Self::Indeterminate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tri::{Fail as F, Indeterminate as I, Pass as P};

    #[test]
    fn truth_table_of_and() {
        let table = [
            (P, P, P),
            (P, I, I),
            (P, F, F),
            (I, P, I),
            (I, I, I),
            (I, F, F),
            (F, P, F),
            (F, I, F),
            (F, F, F),
        ];
        for (left, right, both) in table {
            assert_eq!(left.and(right), both, "{left:?} and {right:?}");
        }
    }

    #[test]
    fn truth_table_of_or() {
        let table = [
            (P, P, P),
            (P, I, P),
            (P, F, P),
            (I, P, P),
            (I, I, I),
            (I, F, I),
            (F, P, P),
            (F, I, I),
            (F, F, F),
        ];
        for (left, right, either) in table {
            assert_eq!(left.or(right), either, "{left:?} or {right:?}");
        }
    }
}
