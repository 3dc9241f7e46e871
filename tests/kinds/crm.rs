//! What the promises need to know of a CRM: how a profile names it, and what a person does at its screens.

/// A CRM with nobody in it, and its own view of what is there.
pub(crate) trait Crm {
    /// The word in `crm.kind`.
    fn kind(&self) -> &'static str;
    /// The profile's keys besides the kind and the view: dotted names with their texts.
    fn keys(&self) -> Vec<(&'static str, String)>;
    /// The list of everybody.
    fn view(&self) -> &'static str;
    /// The secret that signs in.
    fn secret(&self) -> &'static str;
    /// The field of the match key.
    fn key_field(&self) -> &'static str;
    /// Someone was added a day ago; their identifier.
    fn add(&self, given: &str, family: &str, email: &str) -> String;
    /// A person changes someone's given name.
    fn rename(&self, id: &str, given: &str);
    /// A person deletes someone.
    fn delete(&self, id: &str);
    /// Who has this first address, whatever its case.
    fn ids(&self, email: &str) -> Vec<String>;
    /// Someone's given name.
    fn given(&self, id: &str) -> String;
    /// How many are there.
    fn count(&self) -> usize;
    /// The next create is carried out and its answer lost.
    fn lose_an_answer(&self);
    /// The next create is carried out and not answered at all.
    fn hold_an_answer(&self);
    /// Whether that has happened.
    fn holds(&self) -> bool;
    /// The user may not create any more; false where that cannot be arranged.
    fn deny_creating(&self) -> bool;
    /// How many calls changed something so far.
    fn writes(&self) -> usize;
}
