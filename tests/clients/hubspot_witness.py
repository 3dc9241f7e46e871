"""Drives the simulated HubSpot of the tests with HubSpot's own client, so that it is not merely our own belief.

Usage: hubspot_witness.py http://127.0.0.1:PORT     (works on what it adds itself)
"""

import sys

import hubspot
from hubspot.crm import contacts, lists
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.lists.exceptions import ApiException as ListsException

import witness
from witness import check

TOKEN = "pat-na1-made-up-token-for-tests"


def refused(call, status, words, what):
    try:
        call()
    except (ApiException, ListsException) as error:
        check(error.status == status and words in str(error.body), f"{what}: {error}")
        return error
    raise SystemExit(f"FAILED: {what} is not refused")


def new(properties, trace=None):
    return contacts.SimplePublicObjectBatchInputForCreate(properties=properties, object_write_trace_id=trace)


def create(api, inputs):
    body = contacts.BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    return api.batch_api.create(batch_input_simple_public_object_batch_input_for_create=body)


def read(api, ids, properties, archived=False, by=None):
    inputs = [contacts.SimplePublicObjectId(id=one) for one in ids]
    body = contacts.BatchReadInputSimplePublicObjectId(
        inputs=inputs, properties=properties, properties_with_history=[], id_property=by
    )
    return api.batch_api.read(batch_read_input_simple_public_object_id=body, archived=archived)


def drive_contacts(api):
    # The library checks every answer against its models: what is missing or of another type raises here.
    made = create(api, [new({"email": f"W{n}@Example.com", "lastname": f"Witness {n}"}, f"trace-{n}") for n in range(5)])
    check(made.status == "COMPLETE" and len(made.results) == 5, "a batch is created")
    traces = {one.object_write_trace_id: one for one in made.results}
    check(sorted(traces) == [f"trace-{n}" for n in range(5)], "every result carries the mark of its input")
    check(all(traces[f"trace-{n}"].properties["lastname"] == f"Witness {n}" for n in range(5)), "marks and results belong together")
    ids = [traces[f"trace-{n}"].id for n in range(5)]

    error = refused(lambda: create(api, [new({"email": "free@example.com"}), new({"email": "w0@example.com"})]), 409, "Existing ID: " + ids[0], "a taken address")
    check('"category":"CONFLICT"' in error.body.replace(" ", ""), "it is a conflict")
    refused(lambda: create(api, [new({"email": "no address"})]), 400, "INVALID_EMAIL", "a wrong address")
    refused(lambda: create(api, [new({"nonesuch": "x", "lastname": "X"})]), 400, "PROPERTY_DOESNT_EXIST", "an unknown property")
    refused(lambda: create(api, [new({"lastname": "X"})] * 101), 400, "100", "a batch that is too large")

    found = read(api, ids[:2] + ["999999999"], ["email", "phone"])
    check(found.num_errors == 1 and found.errors[0].category == "OBJECT_NOT_FOUND", "what is not there is an error among results")
    check(found.errors[0].context["ids"] == ["999999999"], "and named")
    one = next(one for one in found.results if one.id == ids[0])
    check(one.properties["email"] == "w0@example.com" and one.properties["phone"] is None, "addresses in lower case, blanks as null")
    check("lastname" not in one.properties, "what is not asked for is absent")
    by_address = read(api, ["w1@example.com"], ["email"], by="email")
    check([one.id for one in by_address.results] == [ids[1]], "found by address")

    inputs = [contacts.SimplePublicObjectBatchInput(id=ids[2], properties={"phone": "+41446681800", "lastname": ""})]
    body = contacts.BatchInputSimplePublicObjectBatchInput(inputs=inputs)
    changed = api.batch_api.update(batch_input_simple_public_object_batch_input=body)
    check(changed.results[0].properties["phone"] == "+41446681800", "changed")
    single = api.basic_api.get_by_id(ids[2], properties=["phone", "lastname"])
    check((single.properties["phone"], single.properties["lastname"]) == ("+41446681800", None), "an empty text clears")
    check(api.basic_api.get_by_id("w3@example.com", id_property="email").id == ids[3], "one by its address")

    page = api.basic_api.get_page(limit=2, properties=["email"])
    seen = [one.id for one in page.results]
    while page.paging:
        page = api.basic_api.get_page(limit=2, after=page.paging.next.after, properties=["email"])
        seen += [one.id for one in page.results]
    check(seen == ids, "every contact once, page by page")

    def search(limit, behind="0"):
        behind = contacts.Filter(property_name="hs_object_id", operator="GT", value=behind)
        changed = contacts.Filter(property_name="lastmodifieddate", operator="GTE", value="0")
        request = contacts.PublicObjectSearchRequest(
            filter_groups=[contacts.FilterGroup(filters=[changed, behind])],
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            properties=["hs_object_id"],
            limit=limit,
        )
        return api.search_api.do_search(public_object_search_request=request)

    result = search(2)
    check(result.total == 5 and [one.id for one in result.results] == ids[:2], "a search counts and orders")
    check(result.paging.next.after == "2", "and says where it goes on")
    check([one.id for one in search(200, ids[1]).results] == ids[2:], "behind an identifier")
    refused(lambda: search(201), 400, "200", "a page that is too large")

    gone = contacts.BatchInputSimplePublicObjectId(inputs=[contacts.SimplePublicObjectId(id=ids[4])])
    api.batch_api.archive(batch_input_simple_public_object_id=gone)
    refused(lambda: api.basic_api.get_by_id(ids[4]), 404, "not found", "a deleted contact")
    check(read(api, [ids[4]], ["email"], archived=True).results[0].archived_at is not None, "deleted ones stay readable")
    check([one.id for one in api.basic_api.get_page(archived=True).results] == [ids[4]], "and are listed")
    return ids


def drive_merge(api, ids):
    merged = contacts.PublicMergeInput(primary_object_id=ids[0], object_id_to_merge=ids[1])
    survivor = api.basic_api.merge(public_merge_input=merged)
    check(survivor.id == ids[0], "the first remains")
    check(api.basic_api.get_by_id(ids[1]).id == ids[0], "the former identifier answers with it")
    found = read(api, [ids[1]], ["hs_merged_object_ids", "hs_additional_emails"]).results[0]
    check(found.id == ids[0] and found.properties["hs_merged_object_ids"] == ids[1], "in a batch too")
    check(found.properties["hs_additional_emails"] == "w1@example.com", "with both addresses")


def drive_lists(client, ids):
    api = client.crm.lists
    request = lists.ListCreateRequest(object_type_id="0-1", processing_type="MANUAL", name="Witnesses")
    made = api.lists_api.create(list_create_request=request).list
    check(made.processing_type == "MANUAL" and made.name == "Witnesses", "a list is made")
    done = api.memberships_api.add(made.list_id, [ids[0], ids[2], "999999999"])
    check(sorted(done.records_ids_added) == sorted([ids[0], ids[2]]), "who is added")
    check(done.record_ids_missing == ["999999999"], "and who is not there")
    page = api.memberships_api.get_page(made.list_id, limit=1)
    check(page.total == 2 and page.results[0].membership_timestamp is not None, "members come as identifiers")
    rest = api.memberships_api.get_page(made.list_id, limit=250, after=page.paging.next.after)
    check([one.record_id for one in page.results + rest.results] == [ids[0], ids[2]], "page by page")
    request = lists.ListSearchRequest(list_ids=[], offset=0, query="witn", count=10, processing_types=[], additional_properties=[], sort="")
    found = api.lists_api.do_search(list_search_request=request)
    check([one.name for one in found.lists] == ["Witnesses"] and not found.has_more, "lists are searched by name")
    more = found.lists[0].additional_properties
    check(more["hs_list_size"] == "2" and "hs_last_record_added_at" in more, "with their size and last change")
    done = api.memberships_api.remove(made.list_id, [ids[2]])
    check(done.record_ids_removed == [ids[2]], "who is taken out")


def drive_sign_in(base):
    wrong = hubspot.Client.create(access_token="wrong", host=base)
    wrong.config["host"] = base
    refused(lambda: wrong.crm.contacts.basic_api.get_page(), 401, "INVALID_AUTHENTICATION", "a wrong token")
    client = hubspot.Client.create(access_token=TOKEN, host=base)
    names = {one.name for one in client.crm.properties.core_api.get_all("contacts").results}
    check({"email", "firstname", "lastname", "phone"} <= names, "the properties")


def main(base):
    client = hubspot.Client.create(access_token=TOKEN, host=base)
    drive_sign_in(base)
    ids = drive_contacts(client.crm.contacts)
    drive_merge(client.crm.contacts, ids)
    drive_lists(client, ids)
    print(f"hubspot-api-client: {witness.made} checks passed")


main(sys.argv[1])
