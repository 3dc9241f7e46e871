//! Valid inputs of every target, made up.

pub(super) const PROFILES: &[&str] = &[
    "# sales\n[sync]\ndirection = \"two-way\"\non_conflict = \"hold\"\nfrequency = \"1h\"\nfirst_limit = 10000\nnext_limit = 500\non_delete = \"archive\"\n\
     full_every = \"24h\"\nregion = \"DE\"\nenforce = false\n\n[google]\naccount = \"me@example.com\" # mine\ngroup = \"CRM\"\n\
     endpoint = \"http://127.0.0.1:8801\"\n\n[crm]\nkind = \"zoho\"\nview = \"All Contacts\"\nmodule = \"Contacts\"\ndata_center = \"eu\"\n\
     client_id = \"1000.ABC\"\n[crm.defaults]\nLead_Source = \"Google Contacts\"\n\n[[map]]\ncrm = \"Email\"\ngoogle = \"email.work\"\nkey = true\n\
     [[map]]\ncrm = \"Mobile\"\ngoogle = \"phone.mobile\"\ndirection = \"google-to-crm\"\nwins = \"google\"\n",
    "[google]\ngroup = \"myContacts\"\nservice_account = \"key.json\"\nsubject = \"ada@example.com\"\n[crm]\nkind = \"zoho\"\nview = \"1\"\n",
    "map = [{crm = \"Email\", google = \"email\", key = true}, {crm = 'Other_City', google = '''address.home.city'''}]\n\
     sync = {direction = \"crm-to-google\", enforce = true, no_email = \"sync\"}\ngoogle.group = \"G\"\ncrm.kind = \"zoho\"\ncrm.view = \"V\"\r\n",
];

pub(super) const PROFILE_WORDS: &[&str] = &[
    "[sync]",
    "[google]",
    "[crm]",
    "[[map]]",
    "[crm.defaults]",
    "direction = ",
    "key = true\n",
    "google = ",
    "crm = ",
    "\"\"\"",
    "'''",
    "\"email.work\"",
    "\"crm-to-google\"",
    "\"90000h\"",
    "\"1h 30m\"",
    "\"http://example.com\"",
    "\"http://[::1]:9\"",
    "inf",
    "nan",
    "0x7f",
    "1979-05-27",
    "07:32:00",
    "\\u0000",
    "\\U0010FFFF",
    "token = \"secret\"\n",
    "{ a = 1 }",
    ".a.b.c = 1\n",
];

pub(super) const PATHS: &[&str] = &[
    "name.given",
    "name.suffix",
    "nickname",
    "email.work",
    "email",
    "phone.mobile",
    "phone.workFax",
    "url.blog",
    "im.jabber",
    "relation.spouse",
    "event.anniversary",
    "address.work.street",
    "address.home.country_code",
    "address.po_box",
    "address.a.b.city",
    "organization.department",
    "birthday",
    "note",
    "custom.Shoe size",
    "external_id.customer",
];

pub(super) const EMAILS: &[&str] = &[
    "ada@example.com",
    " Ada.Stone+news@Example.COM ",
    "j\u{f6}rg@b\u{fc}cher.example.org",
    "\u{130}stanbul@example.com",
    "a@xn--bcher-kva.example.com",
    "\u{200b}a@example.com\u{feff}",
    "\"quoted name\"@example.com",
    "a@b@example.com",
    "a@[127.0.0.1]",
    "e\u{301}@example.org",
];

pub(super) const EMAIL_WORDS: &[&str] = &[
    "@",
    "@example.com",
    "xn--",
    ".",
    "\u{3002}",
    "\u{ff20}",
    "\u{200d}",
    "\u{ad}",
    "\u{1e9e}",
    "\u{3a3}",
    "\u{fb00}",
    "\u{5d0}",
    "\u{661}",
    "mailto:",
];

pub(super) const PHONES: &[&str] = &[
    "+49 30 1234567",
    "030 / 123 45 67",
    "(020) 7946 0018 ext. 12",
    "+1-800-555-0199x5",
    "tel:+41446681800",
    "0049 (0)30 12 34",
    "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}",
    "+886 2 2345 6789;ext=3",
    "1-800-FLOWERS",
    "112",
    "+979 123 456 789",
    "+800 1234 5678",
];

pub(super) const PHONE_WORDS: &[&str] = &[
    "+",
    "00",
    "ext",
    ";ext=",
    " x ",
    "#",
    "tel:",
    ";phone-context=",
    "\u{ff0b}",
    "\u{ff11}",
    "\u{2010}",
    "(",
    ")",
    "/",
    "~",
    "*",
    "--02-29",
    "-12-31",
    "T23:59:60Z",
    "2024",
];

pub(super) const DATES: &[&str] = &[
    "1980-02-29",
    "--02-29",
    "2026-11-25T10:00:00+01:00",
    " 1999-12-31 ",
    "0001-01-01",
    "9999-12-31",
    "20260101",
    "a\r\nb\rc",
    "-009999-01-01",
];

pub(super) const GOOGLE: &[&str] = &[
    r##"{"resourceName":"people/c1","metadata":{"sources":[{"type":"PROFILE","id":"9","etag":"#p"},{"type":"CONTACT","id":"1","etag":"#e","updateTime":"2026-01-02T03:04:05.678Z"}],"deleted":false,"previousResourceNames":["people/c0"]},"names":[{"metadata":{"primary":true},"givenName":"Ada","familyName":"Stone","displayName":"Ada Stone"}],"emailAddresses":[{"value":"Ada@Example.com","type":"WORK"},{"value":"ada@example.org","type":"home"}],"phoneNumbers":[{"value":"+41 1","type":"work"},{"value":"+41 2","type":"mobile"}],"addresses":[{"type":"work","formattedValue":"Lane 1\nBasel","streetAddress":"Lane 1","city":"Basel"}],"organizations":[{"name":"Stone Ltd","title":"Owner"}],"userDefined":[{"key":"Shoe","value":"38"}],"biographies":[{"value":"x","contentType":"TEXT_PLAIN"}],"birthdays":[{"date":{"year":1980,"month":2,"day":29}}],"externalIds":[{"value":"7","type":"customer"}],"urls":[{"value":"http://example.com","type":"blog"}],"memberships":[{"contactGroupMembership":{"contactGroupResourceName":"contactGroups/a"}}],"clientData":[{"key":"crmsync","value":"crm7"}]}"##,
    r##"{"resourceName":"people/c2","metadata":{"sources":[{"type":"CONTACT","id":"2","etag":"#f"}],"deleted":true},"birthdays":[{"date":{"month":2,"day":30}}],"events":[{"type":"anniversary","date":{"year":0,"month":0,"day":0}}]}"##,
    r##"{"connections":[{"resourceName":"people/c1","metadata":{"sources":[{"type":"CONTACT","id":"1","etag":"#e","updateTime":"2026-01-02T03:04:05Z"}]},"emailAddresses":[{"value":"b@example.com","type":"work"}],"birthdays":[{"date":{"year":1980,"month":2,"day":29}}]}],"nextPageToken":"p","nextSyncToken":"s","totalItems":1}"##,
    r##"{"responses":[{"person":{"resourceName":"people/c1","metadata":{"sources":[{"type":"CONTACT","id":"1","etag":"#e"}]}},"requestedResourceName":"people/c1","httpStatusCode":200},{"requestedResourceName":"people/c9","httpStatusCode":404,"status":{"code":5,"message":"not found"}}]}"##,
    r##"{"createdPeople":[{"person":{"resourceName":"people/c1","metadata":{"sources":[{"type":"CONTACT","id":"1","etag":"#e"}]}},"httpStatusCode":200,"status":{}}]}"##,
    r##"{"updateResult":{"people/c1":{"person":{"resourceName":"people/c1","metadata":{"sources":[{"type":"CONTACT","id":"1","etag":"#e"}]}},"status":{"code":9,"message":"etag is different"}}}}"##,
    r#"{"contactGroups":[{"resourceName":"contactGroups/a","name":"CRM","formattedName":"CRM","groupType":"USER_CONTACT_GROUP","memberCount":3,"memberResourceNames":["people/c1"],"metadata":{"deleted":false}},{"resourceName":"contactGroups/myContacts","name":"myContacts","groupType":"SYSTEM_CONTACT_GROUP"}],"nextPageToken":"x"}"#,
    r#"{"notFoundResourceNames":["people/c3"],"canNotRemoveLastContactGroupResourceNames":["people/c4"]}"#,
];

pub(super) const GOOGLE_REFUSALS: &[&str] = &[
    r#"{"error":{"code":400,"message":"Invalid value \"ada@example.com\" at emailAddresses","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contacts[0].contact_person.email_addresses","description":"x"}]},{"contactErrors":{"0":{"code":3,"message":"bad"}}}]}}"#,
    r#"{"error":{"code":400,"message":"Sync token is expired.","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"EXPIRED_SYNC_TOKEN"}]}}"#,
    r#"{"error":{"code":403,"message":"Request had insufficient authentication scopes.","errors":[{"message":"x","reason":"insufficientPermissions"}],"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT","metadata":{"service":"people.googleapis.com"}}]}}"#,
    r#"{"error":{"code":429,"message":"Quota exceeded for 491234567 of user 'x'","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"30s"}]}}"#,
    r#"{"error":{"code":400,"message":"Request person.etag is different than the current person.etag. MY_CONTACTS_OVERFLOW_COUNT"}}"#,
];

pub(super) const NATIVE: &[&str] = &[
    r#"{"id":"1","lists":{"emailAddresses":[{"value":"a@example.com","type":"work"}],"names":[{"givenName":"Ada"}]}}"#,
    r#"{"id":"","lists":{}}"#,
];

pub(super) const TOKEN_ANSWERS: &[&str] = &[
    r#"{"access_token":"at","refresh_token":"rt","expires_in":3599,"scope":"openid https://www.googleapis.com/auth/contacts","token_type":"Bearer","id_token":"e30.eyJlbWFpbCI6Im1lQGV4YW1wbGUuY29tIn0.x","refresh_token_expires_in":604799}"#,
    r#"{"access_token":"1000.a","expires_in":3600,"api_domain":"https://www.zohoapis.eu","token_type":"Bearer","scope":"ZohoCRM.coql.READ,ZohoCRM.org.READ"}"#,
    r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked.","error_subtype":"invalid_rapt"}"#,
];

pub(super) const TOKEN_FILES: &[&str] = &[
    r#"{"provider":"google","kind":"user","access_token":"at","expires_at":"2026-11-25T10:00:00Z","refresh_token":"rt","scopes":["openid"],"client_id":"c","client_secret":"s","token_uri":"https://oauth2.example.com/token","revoke_uri":null,"api_domain":null,"accounts_server":null,"account":"me@example.com","issued_at":"2026-11-25T09:00:00Z","refresh_expires_at":"2026-12-01T00:00:00Z","key_file":null,"subject":null,"origin":null}"#,
    r#"{"provider":"google","kind":"user","refresh_token":"rt","client_id":"c","client_secret":"s","issued_at":"9999-12-30T22:00:00Z"}"#,
    r#"{"provider":"other","kind":"api-key","access_token":"k","issued_at":"-009999-01-02T01:59:59Z"}"#,
];

pub(super) const IMPORTS: &[&str] = &[
    r#"{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"rt"}"#,
    r#"{"type":"service_account","project_id":"p","private_key_id":"1","private_key":"k","client_email":"x@example.com","client_id":"1","auth_uri":"https://example.com/a","token_uri":"https://example.com/t"}"#,
    r#"{"installed":{"client_id":"c","project_id":"p","auth_uri":"https://example.com/a","token_uri":"https://example.com/t","client_secret":"s","redirect_uris":["http://localhost"]}}"#,
    r#"{"web":{"client_id":"c","client_secret":"s"}}"#,
    r#"{"provider":"zoho","kind":"imported","refresh_token":"rt","issued_at":"2026-11-25T09:00:00Z"}"#,
];

pub(super) const PASTED: &[&str] = &[
    "http://127.0.0.1:48017/?state=state&code=4/0Abc&scope=email%20openid",
    "http://127.0.0.1:48017/?error=access_denied&state=state",
    "?code=abc&state=state",
    "4/0AbcDef-_+x",
];

pub(super) const RETRY_AFTER: &[&str] = &[
    "30",
    "0",
    "18446744073709551615",
    "Wed, 25 Nov 2026 10:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "-1",
];

pub(super) const COLUMNS: &[&str] = &[
    r#"{"0":["ada@example.com",{"text":"+49 30 1","canon":"49301"}],"1":[null,"Ada"]}"#,
    r#"["ada@example.com","a@example.org"]"#,
    "[null]",
    r#"{"f":{"0":"ada@example.com","3":{"t":"x","c":"y"}},"u":[1,2],"l":"Ada"}"#,
    r#"{"kind":"ambiguous","key":"a@example.com","ids":{"google":["people/c1"],"crm":["5"]},"field":null,"reason":"r","hint":"h"}"#,
];
