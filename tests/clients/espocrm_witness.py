"""Drives the simulated EspoCRM of the tests with a client that others wrote, so that it is not merely our own belief.

Usage: espocrm_witness.py http://127.0.0.1:PORT     (works on what it adds itself)

The library is small, and its listing loses the rows, so most checks look at the answers as its request methods parse them
(`data` holds the object or the rows), and at the exceptions that it makes of refusals.
"""

import logging
import sys

from espocrm import EspoCRMClient
from espocrm import exceptions
from espocrm.auth import APIKeyAuth
from espocrm.config import ClientConfig

import witness
from witness import check

KEY = "espo-api-key-for-tests"


def refused(call, status, what):
    try:
        call()
    except exceptions.EspoCRMError as error:
        check(getattr(error, "status_code", None) == status, f"{what}: {error!r}")
        return error
    raise SystemExit(f"FAILED: {what} is not refused")


def connect(base, key=KEY):
    config = ClientConfig(base_url=base, api_key=key, max_retries=0)
    return EspoCRMClient(base, APIKeyAuth(key), config=config)


def main():
    base = sys.argv[1]
    logging.disable(logging.CRITICAL)
    refused(lambda: connect(base, "another-key-of-nobody").get("App/user"), 401, "another key")
    client = connect(base)
    check(client.test_connection(), "the client takes it for an EspoCRM")
    user = client.get("App/user")["data"]
    check(user["acl"]["table"]["Contact"]["create"] == "yes", "the user's rights by scope and action")

    made = client.crud.create("Contact", {"firstName": "Wilma", "lastName": "Witness", "emailAddress": "wilma@example.com"})
    one = made.data["id"]
    check(made.success and one, "a contact is created")
    read = client.crud.read("Contact", one)
    check(read.data["id"] == one and read.data["lastName"] == "Witness", "and read by its id")
    raw = client.get(f"Contact/{one}")["data"]
    check(raw["emailAddress"] == "wilma@example.com", "its address")
    check(raw["emailAddressData"][0]["primary"] is True, "the same with its mark")
    check(len(raw["modifiedAt"]) == len("2026-01-02 03:04:05"), "times in whole seconds, without a zone")

    twin = {"firstName": "Wilma", "lastName": "Witness", "emailAddress": "wilma@example.com"}
    refused(lambda: client.post("Contact", data=twin), 409, "a look-alike")
    refused(lambda: client.post("Contact", data={"firstName": "Nobody"}), 400, "a contact without a last name")

    changed = client.crud.update("Contact", one, {"title": "Clerk"}, partial=False)
    check(changed.success, "a change")
    check(client.get(f"Contact/{one}")["data"]["title"] == "Clerk", "is there")
    check(client.get(f"Contact/{one}")["data"]["firstName"] == "Wilma", "and the rest is as before")

    for n in range(3):
        client.post("Contact", data={"lastName": f"Row {n}", "emailAddress": f"row{n}@example.com"})
    where = {
        "where[0][type]": "equals",
        "where[0][attribute]": "emailAddress",
        "where[0][value]": "row1@example.com",
    }
    found = client.get("Contact", params=where)
    check([row["lastName"] for row in found["data"]] == ["Row 1"], "a contact is found by its address")
    pages = [client.get("Contact", params={"maxSize": 2, "offset": at, "orderBy": "id", "order": "asc"}) for at in (0, 2)]
    ids = [row["id"] for page in pages for row in page["data"]]
    check(len(ids) == 4 and len(set(ids)) == 4 and ids == sorted(ids), "pages follow each other")
    check(pages[0]["total"] == 4, "with the count of all")
    check(client.crud.list("Contact").total == 4, "which the client's own listing reads")

    check(client.delete(f"Contact/{one}")["data"] is True, "a contact is deleted")
    refused(lambda: client.get(f"Contact/{one}"), 404, "and gone")
    refused(lambda: client.get("Contact/nobody0000000001"), 404, "as one that never was")
    print(f"espocrm-client agrees in {witness.made} checks")


main()
