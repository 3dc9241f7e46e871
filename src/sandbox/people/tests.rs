//! Whole calls against the simulated People API, without a server.
