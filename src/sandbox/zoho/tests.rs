//! Tests of the simulated CRM.
