"""Drives the sandbox's CRM with Zoho's official Python SDK, so that the sandbox is not merely our own belief.

Usage: zoho_witness.py http://127.0.0.1:PORT     (needs /admin/crm/{op}; works on what it adds itself)
"""

import datetime
import json
import sys
import tempfile
import urllib.request

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.api.logger import Logger
from zohocrmsdk.src.com.zoho.crm.api.coql import BodyWrapper as CoqlBody
from zohocrmsdk.src.com.zoho.crm.api.coql import CoqlOperations
from zohocrmsdk.src.com.zoho.crm.api.coql import APIException as CoqlException
from zohocrmsdk.src.com.zoho.crm.api.custom_views import (
    CustomViewsOperations,
    GetCustomViewParam,
    GetCustomViewsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.fields import FieldsOperations, GetFieldsParam
from zohocrmsdk.src.com.zoho.crm.api.header_map import HeaderMap
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.parameter_map import ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.record import (
    APIException,
    BodyWrapper,
    DeletedRecordsWrapper,
    DeleteRecordsParam,
    GetDeletedRecordsParam,
    GetRecordsHeader,
    GetRecordsParam,
    Record,
    RecordCountParam,
    RecordOperations,
    SearchRecordsParam,
    SuccessResponse,
)
from zohocrmsdk.src.com.zoho.crm.api.users import GetUsersParam, UsersOperations

import witness
from witness import check

BASE = sys.argv[1].rstrip("/")
SCOPES = (
    "ZohoCRM.modules.contacts.ALL,ZohoCRM.coql.READ,ZohoCRM.settings.ALL,"
    "ZohoCRM.users.READ,ZohoCRM.org.READ,ZohoSearch.securesearch.READ"
)


def admin(op, body):
    request = urllib.request.Request(
        f"{BASE}/admin/crm/{op}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def params(**values):
    out = ParameterMap()
    for name, (param, value) in values.items():
        out.add(param, value)
    return out


def sign_in(folder):
    code = admin("grant_code", {"scopes": SCOPES})["code"]
    store = FileStore(f"{folder}/tokens.csv")
    token = OAuthToken(
        client_id="1000.SANDBOX",
        client_secret="sandbox-secret",
        grant_token=code,
        find_user=False,
    )
    Initializer.initialize(
        environment=DataCenter.Environment(BASE, BASE + "/oauth/v2/token", BASE),
        token=token,
        store=store,
        resource_path=folder,
        logger=Logger.get_instance(level=Logger.Levels.NOTSET),
    )


def new_record(**fields):
    record = Record()
    for name, value in fields.items():
        record.add_key_value("_".join(part.capitalize() for part in name.split("_")), value)
    return record


def body_of(*records):
    body = BodyWrapper()
    body.set_data(list(records))
    body.set_trigger([])
    return body


def outcomes(response):
    return response.get_object().get_data()


def main():
    folder = tempfile.mkdtemp()
    # The first access token is as good as expired when it comes; the SDK has to refresh it.
    admin("switch", {"token_ttl_seconds": 4})
    sign_in(folder)
    contacts = RecordOperations("Contacts")
    count = contacts.record_count(ParameterMap())
    check(count.get_status_code() == 200, "a first call with the grant code")
    before = admin("tokens", {"action": "list"})
    admin("switch", {"token_ttl_seconds": 3600})
    check(contacts.record_count(ParameterMap()).get_status_code() == 200, "a call with a refreshed token")
    after = admin("tokens", {"action": "list"})
    check(len(after["access"]) == len(before["access"]) + 1, "the refresh made one access token")
    check(len(after["refresh"]) == len(before["refresh"]), "and no refresh token")

    # Two new records and one without a last name: a mixed answer, aligned with the input.
    mixed = contacts.create_records(
        body_of(
            new_record(last_name="Witness", first_name="Ada", email="ada.witness@example.com"),
            new_record(first_name="Nameless"),
            new_record(last_name="Witness", first_name="Bo", email="bo.witness@example.com"),
        )
    )
    check(mixed.get_status_code() == 207, "a mixed create is 207")
    first, second, third = outcomes(mixed)
    check(isinstance(first, SuccessResponse) and isinstance(third, SuccessResponse), "two are created")
    check(isinstance(second, APIException), "one is refused")
    check(second.get_code().get_value() == "MANDATORY_NOT_FOUND", "for want of a name")
    check(second.get_details()["api_name"] == "Last_Name", "which the details name")
    ada, bo = first.get_details()["id"], third.get_details()["id"]
    made = first.get_details()["Modified_Time"]
    check(isinstance(made, datetime.datetime) and made.tzinfo is not None, "times have an offset")

    good = contacts.create_records(body_of(new_record(last_name="Witness", first_name="Cy")))
    check(good.get_status_code() == 201, "a clean create is 201")
    bad = contacts.create_records(body_of(new_record(last_name="x" * 81)))
    check(bad.get_status_code() == 400, "when all fail the answer is 400")
    check(str(outcomes(bad)[0].get_details()["maximum_length"]) == "80", "an over-long name is refused")

    one = contacts.get_record(int(ada), params(f=(GetRecordsParam.fields, "Last_Name,Email")), HeaderMap())
    check(one.get_status_code() == 200, "one record is read")
    check(one.get_object().get_data()[0].get_key_value("Email") == "ada.witness@example.com", "its e-mail")

    # List views.
    views = CustomViewsOperations().get_custom_views(params(m=(GetCustomViewsParam.module, "Contacts")))
    views = views.get_object().get_custom_views()
    names = {view.get_system_name(): view.get_id() for view in views}
    check("ALLVIEWS" in names and "COOWNERVIEW" in names, "system views are told")
    customers = next(view for view in views if view.get_name() == "Customers")
    detail = CustomViewsOperations().get_custom_view(
        customers.get_id(), params(m=(GetCustomViewParam.module, "Contacts"))
    )
    criteria = detail.get_object().get_custom_views()[0].get_criteria()
    check(criteria.get_field().get_api_name() == "Lead_Source", "a view tells its criteria")

    # Pages of a view by token, each record once.
    for number in range(3):
        batch = [new_record(last_name=f"Paged{number}-{i}") for i in range(100)]
        check(contacts.create_records(body_of(*batch)).get_status_code() == 201, "a batch of 100")
    seen, page_token = [], None
    while True:
        query = params(
            f=(GetRecordsParam.fields, "Last_Name"),
            c=(GetRecordsParam.cvid, str(names["ALLVIEWS"])),
            p=(GetRecordsParam.per_page, 200),
        )
        if page_token:
            query.add(GetRecordsParam.page_token, page_token)
        page = contacts.get_records(query, HeaderMap())
        check(page.get_status_code() == 200, "a page of a view")
        seen += [record.get_id() for record in page.get_object().get_data()]
        info = page.get_object().get_info()
        check(info.get_count() == len(page.get_object().get_data()), "the page is counted")
        page_token = info.get_next_page_token()
        if not info.get_more_records():
            break
    check(len(seen) == len(set(seen)) and len(seen) > 300, "each record once over the pages")
    check(seen == sorted(seen, reverse=True), "ids descend")

    # Nothing new, nothing there.
    headers = HeaderMap()
    future = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    headers.add(GetRecordsHeader.if_modified_since, future)
    none = contacts.get_records(params(f=(GetRecordsParam.fields, "Last_Name")), headers)
    check(none.get_status_code() == 304, "nothing modified is 304")
    empty = contacts.search_records(params(e=(SearchRecordsParam.email, "nobody@nowhere.example")), HeaderMap())
    check(empty.get_status_code() == 204, "nothing found is 204")
    wrong = contacts.get_records(ParameterMap(), HeaderMap())
    check(wrong.get_object().get_code().get_value() == "REQUIRED_PARAM_MISSING", "fields are mandatory")

    # Update, then an update that comes too late.
    updated = contacts.update_records(body_of(with_id(ada, title="Analyst"), with_id(bo, title="Baker")), HeaderMap())
    check(updated.get_status_code() == 200, "two are updated")
    headers = HeaderMap()
    # The SDK knows no name for this header; `HeaderMap.add` would turn the value into "None".
    headers.request_headers["If-Unmodified-Since"] = "2020-01-01T00:00:00+00:00"
    late = contacts.update_record(int(ada), body_of(new_record(title="Too late")), headers)
    check(late.get_status_code() == 412, "a late update is 412")
    check(outcomes(late)[0].get_code().get_value() == "ALREADY_MODIFIED", "and says why")

    # COQL.
    def coql(query):
        body = CoqlBody()
        body.set_select_query(query)
        return CoqlOperations().get_records(body)

    answer = coql(
        f"select Email, Title, Modified_Time from Contacts#{names['ALLVIEWS']} "
        "where (Email in ('ada.witness@example.com','bo.witness@example.com') and id > 0) order by id limit 2000"
    )
    rows = answer.get_object().get_data()
    check([row.get_key_value("Title") for row in rows] == ["Analyst", "Baker"], "COQL on a view")
    check(answer.get_object().get_info().get_more_records() is False, "with its info")
    check(coql("select id from Contacts where Email = 'no@example.net'").get_status_code() == 204, "empty COQL is 204")
    refused = coql(f"select id from Contacts#{names['COOWNERVIEW']} where id is not null")
    check(isinstance(refused.get_object(), CoqlException), "a co-owner view is refused")
    check(refused.get_object().get_code().get_value() == "INVALID_QUERY", "as an invalid query")
    three = coql("select id from Contacts where id > 0 and id > 1 and id > 2")
    check(three.get_object().get_code().get_value() == "SYNTAX_ERROR", "three criteria need brackets")

    # Metadata.
    fields = FieldsOperations().get_fields(params(m=(GetFieldsParam.module, "Contacts"))).get_object().get_fields()
    last = next(field for field in fields if field.get_api_name() == "Last_Name")
    check(last.get_length() == 80 and last.get_system_mandatory() is True, "field metadata")
    me = UsersOperations().get_users(params(t=(GetUsersParam.type, "CurrentUser"))).get_object().get_users()
    check(len(me) == 1 and me[0].get_email() == "admin@example.com", "who am I")
    count = contacts.record_count(params(c=(RecordCountParam.cvid, str(names["ALLVIEWS"]))))
    check(count.get_object().get_count() == len(seen), "a view's members are counted")

    # Deletion, and the feed that tells of it.
    gone = contacts.delete_records(params(i=(DeleteRecordsParam.ids, f"{ada},{bo}")), HeaderMap())
    check(gone.get_status_code() == 200, "two are deleted")
    again = contacts.delete_records(params(i=(DeleteRecordsParam.ids, str(ada))), HeaderMap())
    check(again.get_status_code() == 400, "once only")
    feed = contacts.get_deleted_records(params(t=(GetDeletedRecordsParam.type, "all")), HeaderMap())
    check(isinstance(feed.get_object(), DeletedRecordsWrapper), "the feed is read")
    told = {str(entry.get_id()): entry for entry in feed.get_object().get_data()}
    check(str(ada) in told and str(bo) in told, "it tells of both")
    check(told[str(ada)].get_display_name() == "Ada Witness", "by name")
    missing = contacts.get_record(int(ada), ParameterMap(), HeaderMap())
    check(missing.get_status_code() == 204, "a deleted record is gone")
    print(f"zoho_witness: {witness.made} checks passed")


def with_id(record_id, **fields):
    record = new_record(**fields)
    record.set_id(int(record_id))
    return record


if __name__ == "__main__":
    main()
