//! Which call a request is: its name, cost, scope and query parameters.

use crate::sandbox::http::Request;

use super::quota::Cost;

/// A call of the People API or of Google's sign-in; names of people and groups as they stand in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Connections,
    Get(String),
    BatchGet,
    Create,
    Update(String),
    Delete(String),
    BatchCreate,
    BatchUpdate,
    BatchDelete,
    GroupsList,
    GroupGet(String),
    GroupCreate,
    GroupUpdate(String),
    GroupDelete(String),
    MembersModify(String),
    OauthAuth,
    OauthToken,
    OauthRevoke,
    UserInfo,
}

impl Route {
    /// The call that a method and path name; none is Google's HTML 404.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let method = request.method.as_str();
        let path = request.path.as_str();
        match (method, path) {
            ("GET", "/o/oauth2/v2/auth" | "/o/oauth2/auth") => return Some(Self::OauthAuth),
            ("POST", "/token") => return Some(Self::OauthToken),
            ("POST", "/revoke") => return Some(Self::OauthRevoke),
            ("GET", "/oauth2/v3/userinfo" | "/v1/userinfo") => return Some(Self::UserInfo),
            _ => {}
        }
        let path = path.strip_prefix("/v1/")?;
        match (method, path) {
            ("GET", "people/me/connections") => Some(Self::Connections),
            ("GET", "people:batchGet") => Some(Self::BatchGet),
            ("POST", "people:createContact") => Some(Self::Create),
            ("POST", "people:batchCreateContacts") => Some(Self::BatchCreate),
            ("POST", "people:batchUpdateContacts") => Some(Self::BatchUpdate),
            ("POST", "people:batchDeleteContacts") => Some(Self::BatchDelete),
            ("GET", "contactGroups") => Some(Self::GroupsList),
            ("POST", "contactGroups") => Some(Self::GroupCreate),
            _ => Self::of_named(method, path),
        }
    }

    fn of_named(method: &str, path: &str) -> Option<Self> {
        let one = |text: &str| !text.is_empty() && !text.contains('/');
        if let Some(rest) = path.strip_prefix("people/") {
            let (id, verb) = rest.split_once(':').unwrap_or((rest, ""));
            if !one(id) {
                return None;
            }
            let name = format!("people/{id}");
            return match (method, verb) {
                ("GET", "") => Some(Self::Get(name)),
                ("PATCH", "updateContact") => Some(Self::Update(name)),
                ("DELETE", "deleteContact") => Some(Self::Delete(name)),
                _ => None,
            };
        }
        let rest = path.strip_prefix("contactGroups/")?;
        if let Some(id) = rest.strip_suffix("/members:modify") {
            return (method == "POST" && one(id)).then(|| Self::MembersModify(id.to_owned()));
        }
        if !one(rest) || rest.contains(':') {
            return None;
        }
        match method {
            "GET" => Some(Self::GroupGet(rest.to_owned())),
            "PUT" => Some(Self::GroupUpdate(rest.to_owned())),
            "DELETE" => Some(Self::GroupDelete(rest.to_owned())),
            _ => None,
        }
    }

    /// The method's name, as logs and fault rules know it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connections => "connections.list",
            Self::Get(_) => "people.get",
            Self::BatchGet => "getBatchGet",
            Self::Create => "createContact",
            Self::Update(_) => "updateContact",
            Self::Delete(_) => "deleteContact",
            Self::BatchCreate => "batchCreateContacts",
            Self::BatchUpdate => "batchUpdateContacts",
            Self::BatchDelete => "batchDeleteContacts",
            Self::GroupsList => "contactGroups.list",
            Self::GroupGet(_) => "contactGroups.get",
            Self::GroupCreate => "contactGroups.create",
            Self::GroupUpdate(_) => "contactGroups.update",
            Self::GroupDelete(_) => "contactGroups.delete",
            Self::MembersModify(_) => "members.modify",
            Self::OauthAuth => "oauth.auth",
            Self::OauthToken => "oauth.token",
            Self::OauthRevoke => "oauth.revoke",
            Self::UserInfo => "oauth.userinfo",
        }
    }

    /// Changes contacts or groups.
    pub(crate) fn is_mutation(&self) -> bool {
        self.cost(false).writes > 0
    }

    /// What it costs; `first_page` for the first page of a full list.
    pub(crate) fn cost(&self, first_page: bool) -> Cost {
        let cost = |reads, writes| Cost {
            reads,
            writes,
            first_pages: 0,
        };
        match self {
            Self::Create | Self::Update(_) => cost(1, 1),
            Self::BatchCreate | Self::BatchUpdate => cost(6, 6),
            Self::Delete(_)
            | Self::GroupCreate
            | Self::GroupUpdate(_)
            | Self::GroupDelete(_)
            | Self::MembersModify(_) => cost(0, 1),
            Self::BatchDelete => cost(0, 10),
            Self::Connections => Cost {
                first_pages: u32::from(first_page),
                ..cost(1, 0)
            },
            Self::Get(_) | Self::BatchGet | Self::GroupsList | Self::GroupGet(_) => cost(1, 0),
            Self::OauthAuth | Self::OauthToken | Self::OauthRevoke | Self::UserInfo => cost(0, 0),
        }
    }

    /// The message of the request body; none for a call without one.
    pub(crate) fn body_message(&self) -> Option<&'static str> {
        match self {
            Self::Create | Self::Update(_) => Some("Person"),
            Self::BatchCreate => Some("BatchCreateContactsRequest"),
            Self::BatchUpdate => Some("BatchUpdateContactsRequest"),
            Self::BatchDelete => Some("BatchDeleteContactsRequest"),
            Self::GroupCreate => Some("CreateContactGroupRequest"),
            Self::GroupUpdate(_) => Some("UpdateContactGroupRequest"),
            Self::MembersModify(_) => Some("ModifyContactGroupMembersRequest"),
            Self::Connections
            | Self::Get(_)
            | Self::BatchGet
            | Self::Delete(_)
            | Self::GroupsList
            | Self::GroupGet(_)
            | Self::GroupDelete(_)
            | Self::OauthAuth
            | Self::OauthToken
            | Self::OauthRevoke
            | Self::UserInfo => None,
        }
    }

    /// The query parameters of its own.
    pub(crate) fn parameters(&self) -> &'static [&'static str] {
        match self {
            Self::Connections => &[
                "personFields",
                "pageSize",
                "pageToken",
                "requestSyncToken",
                "syncToken",
                "sources",
                "sortOrder",
            ],
            Self::Get(_) | Self::Create => &["personFields", "sources"],
            Self::BatchGet => &["resourceNames", "personFields", "sources"],
            Self::Update(_) => &["updatePersonFields", "personFields", "sources"],
            Self::GroupsList => &["groupFields", "pageSize", "pageToken", "syncToken"],
            Self::GroupGet(_) => &["groupFields", "maxMembers"],
            Self::GroupDelete(_) => &["deleteContacts"],
            Self::Delete(_)
            | Self::BatchCreate
            | Self::BatchUpdate
            | Self::BatchDelete
            | Self::GroupCreate
            | Self::GroupUpdate(_)
            | Self::MembersModify(_)
            | Self::OauthAuth
            | Self::OauthToken
            | Self::OauthRevoke
            | Self::UserInfo => &[],
        }
    }
}
