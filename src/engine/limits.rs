//! Limits of the work one claim may cause. Running into one is never a failure of the claim: it
//! gives indeterminate with the limit's name (rule S-11).

answer! {
    /// Limits of one claim.
    #[derive(Copy, PartialEq, Eq)]
    Limits {
        /// Longest upward path, in calibrations. Real hierarchies have 4 to 10 steps (JCRB and
        /// national hierarchy schemes); 32 leaves room for every one seen and stops a chain that only
        /// a faulty or hostile record can make.
        depth: u32,
        /// Calibrations looked at for one claim. A pressure balance with all its auxiliary
        /// instruments reaches some hundred; 20,000 keeps the worst claim within tens of
        /// milliseconds.
        calibrations: u32,
        /// Results of one standard that are checked when a claim names no point. A multifunction
        /// calibrator has some hundred rows.
        parts: u32,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 32, calibrations: 20_000, parts: 2_000 }
    }
}
