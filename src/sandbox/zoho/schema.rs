//! The fields of the simulated modules, as the CRM's standard layout has them.

/// How a field's value is formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Textarea,
    Email,
    Phone,
    Website,
    Picklist,
    MultiPicklist,
    Boolean,
    Date,
    DateTime,
    Integer,
    Lookup,
    Owner,
    Tags,
    Image,
}

impl Kind {
    /// `data_type` in the field metadata.
    pub(super) fn data_type(self) -> &'static str {
        match self {
            Self::Textarea => "textarea",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Website => "website",
            Self::Picklist => "picklist",
            Self::MultiPicklist => "multiselectpicklist",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Integer => "integer",
            Self::Lookup => "lookup",
            Self::Owner => "ownerlookup",
            Self::Text | Self::Tags => "text",
            Self::Image => "profileimage",
        }
    }

    /// `json_type` in the field metadata.
    pub(super) fn json_type(self) -> &'static str {
        match self {
            Self::MultiPicklist | Self::Tags => "jsonarray",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Lookup | Self::Owner => "jsonobject",
            Self::Text
            | Self::Textarea
            | Self::Email
            | Self::Phone
            | Self::Website
            | Self::Picklist
            | Self::Date
            | Self::DateTime
            | Self::Image => "string",
        }
    }

    /// The kind of a `data_type`, for fields added by a test.
    pub(super) fn named(data_type: &str) -> Option<Self> {
        [
            Self::Text,
            Self::Textarea,
            Self::Email,
            Self::Phone,
            Self::Website,
            Self::Picklist,
            Self::MultiPicklist,
            Self::Boolean,
            Self::Date,
            Self::DateTime,
            Self::Integer,
        ]
        .into_iter()
        .find(|kind| kind.data_type() == data_type)
    }

    /// Whether values are plain strings.
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Textarea
                | Self::Email
                | Self::Phone
                | Self::Website
                | Self::Picklist
                | Self::Date
        )
    }
}

/// One field of a module.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the field metadata has these as independent facts"
)]
pub(super) struct Field {
    pub(super) id: u64,
    pub(super) api_name: String,
    pub(super) label: String,
    pub(super) kind: Kind,
    /// Longest value, in characters.
    pub(super) length: usize,
    pub(super) read_only: bool,
    pub(super) mandatory: bool,
    pub(super) custom: bool,
    pub(super) unique: bool,
    /// The profile does not show the field to the user.
    pub(super) hidden: bool,
    /// Text that is stored encrypted: COQL may only ask whether it is null.
    pub(super) encrypted: bool,
    /// Health data that the API answers with null.
    pub(super) restricted: bool,
    pub(super) picklist: Vec<String>,
    /// The module that a lookup points to.
    pub(super) lookup: Option<&'static str>,
}

impl Field {
    pub(super) fn new(id: u64, api_name: &str, kind: Kind, length: usize) -> Self {
        Self {
            id,
            api_name: api_name.to_owned(),
            label: api_name.replace('_', " "),
            kind,
            length,
            read_only: false,
            mandatory: false,
            custom: false,
            unique: false,
            hidden: false,
            encrypted: false,
            restricted: false,
            picklist: Vec::new(),
            lookup: None,
        }
    }
}

const SOURCES: &[&str] = &[
    "Advertisement",
    "Cold Call",
    "Employee Referral",
    "External Referral",
    "Google Contacts",
    "Partner",
    "Trade Show",
    "Web",
];

/// Name, kind, length.
type Row = (&'static str, Kind, usize);

const CONTACTS: &[Row] = &[
    ("Owner", Kind::Owner, 120),
    ("First_Name", Kind::Text, 40),
    ("Last_Name", Kind::Text, 80),
    ("Full_Name", Kind::Text, 120),
    ("Salutation", Kind::Picklist, 120),
    ("Email", Kind::Email, 100),
    ("Secondary_Email", Kind::Email, 100),
    ("Title", Kind::Text, 100),
    ("Department", Kind::Text, 50),
    ("Phone", Kind::Phone, 50),
    ("Home_Phone", Kind::Phone, 30),
    ("Other_Phone", Kind::Phone, 30),
    ("Mobile", Kind::Phone, 30),
    ("Fax", Kind::Text, 30),
    ("Date_of_Birth", Kind::Date, 20),
    ("Assistant", Kind::Text, 50),
    ("Asst_Phone", Kind::Phone, 30),
    ("Account_Name", Kind::Lookup, 100),
    ("Reporting_To", Kind::Lookup, 100),
    ("Mailing_Street", Kind::Text, 250),
    ("Mailing_City", Kind::Text, 30),
    ("Mailing_State", Kind::Text, 30),
    ("Mailing_Zip", Kind::Text, 30),
    ("Mailing_Country", Kind::Text, 30),
    ("Other_Street", Kind::Text, 250),
    ("Other_City", Kind::Text, 30),
    ("Other_State", Kind::Text, 30),
    ("Other_Zip", Kind::Text, 30),
    ("Other_Country", Kind::Text, 30),
    ("Description", Kind::Textarea, 32000),
    ("Email_Opt_Out", Kind::Boolean, 5),
    ("Skype_ID", Kind::Text, 50),
    ("Twitter", Kind::Text, 50),
    ("Lead_Source", Kind::Picklist, 120),
    ("Tag", Kind::Tags, 2000),
    ("Record_Image", Kind::Image, 255),
];

const LEADS: &[Row] = &[
    ("Owner", Kind::Owner, 120),
    ("Company", Kind::Text, 200),
    ("First_Name", Kind::Text, 40),
    ("Last_Name", Kind::Text, 80),
    ("Full_Name", Kind::Text, 120),
    ("Salutation", Kind::Picklist, 120),
    ("Title", Kind::Text, 100),
    ("Email", Kind::Email, 100),
    ("Secondary_Email", Kind::Email, 100),
    ("Phone", Kind::Phone, 30),
    ("Mobile", Kind::Phone, 30),
    ("Fax", Kind::Text, 30),
    ("Website", Kind::Website, 255),
    ("Lead_Source", Kind::Picklist, 120),
    ("Lead_Status", Kind::Picklist, 120),
    ("Street", Kind::Text, 250),
    ("City", Kind::Text, 100),
    ("State", Kind::Text, 100),
    ("Zip_Code", Kind::Text, 30),
    ("Country", Kind::Text, 100),
    ("Description", Kind::Textarea, 32000),
    ("Email_Opt_Out", Kind::Boolean, 5),
    ("Skype_ID", Kind::Text, 50),
    ("Twitter", Kind::Text, 50),
    ("Tag", Kind::Tags, 2000),
];

const VENDORS: &[Row] = &[
    ("Owner", Kind::Owner, 120),
    ("Vendor_Name", Kind::Text, 120),
    ("Email", Kind::Email, 100),
    ("Phone", Kind::Phone, 30),
    ("Website", Kind::Website, 255),
    ("Category", Kind::Text, 50),
    ("Street", Kind::Text, 250),
    ("City", Kind::Text, 30),
    ("State", Kind::Text, 30),
    ("Zip_Code", Kind::Text, 30),
    ("Country", Kind::Text, 30),
    ("Description", Kind::Textarea, 32000),
    ("Tag", Kind::Tags, 2000),
];

const ACCOUNTS: &[Row] = &[
    ("Owner", Kind::Owner, 120),
    ("Account_Name", Kind::Text, 200),
    ("Phone", Kind::Phone, 30),
    ("Website", Kind::Website, 255),
    ("Description", Kind::Textarea, 32000),
    ("Tag", Kind::Tags, 2000),
];

const SYSTEM: &[Row] = &[
    ("Created_Time", Kind::DateTime, 120),
    ("Modified_Time", Kind::DateTime, 120),
    ("Created_By", Kind::Owner, 120),
    ("Modified_By", Kind::Owner, 120),
];

/// The modules, with the first number of their fields' ids.
pub(super) const MODULES: [&str; 4] = ["Contacts", "Leads", "Vendors", "Accounts"];

/// The fields of a module, numbered from `first_id`.
pub(super) fn fields_of(module: &str, first_id: u64) -> Vec<Field> {
    let rows = match module {
        "Contacts" => CONTACTS,
        "Leads" => LEADS,
        "Vendors" => VENDORS,
        _ => ACCOUNTS,
    };
    let mut fields = Vec::new();
    for (&(name, kind, length), id) in rows.iter().chain(SYSTEM).zip((first_id..).step_by(2)) {
        let mut field = Field::new(id, name, kind, length);
        let system = SYSTEM.iter().any(|row| row.0 == name);
        field.read_only = system || matches!(name, "Full_Name" | "Record_Image" | "Tag");
        field.mandatory = name == mandatory_name(module) || (module, name) == ("Leads", "Company");
        field.lookup = match name {
            "Account_Name" if kind == Kind::Lookup => Some("Accounts"),
            "Reporting_To" => Some("Contacts"),
            _ => None,
        };
        let values: &[&str] = match name {
            "Lead_Source" => SOURCES,
            "Salutation" => &["Mr.", "Mrs.", "Ms.", "Dr.", "Prof."],
            "Lead_Status" => &["Not Contacted", "Contacted", "Lost Lead", "Junk Lead"],
            _ => &[],
        };
        field.picklist = values.iter().map(|value| (*value).to_owned()).collect();
        fields.push(field);
    }
    fields
}

/// The field that names a record and must be filled.
pub(super) fn mandatory_name(module: &str) -> &'static str {
    match module {
        "Contacts" | "Leads" => "Last_Name",
        "Vendors" => "Vendor_Name",
        _ => "Account_Name",
    }
}

/// The field that upsert checks for duplicates by itself.
pub(super) fn duplicate_field(module: &str) -> &'static str {
    match module {
        "Contacts" | "Leads" => "Email",
        "Vendors" => "Vendor_Name",
        _ => "Account_Name",
    }
}
