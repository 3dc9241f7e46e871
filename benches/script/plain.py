"""One pass from the CRM to Google as a straightforward script does it, to compare with: python plain.py BASE_URL

Reads both sides in full, matches by e-mail address, and creates and updates through Google's own Python client, 200
contacts a call, which is what the API takes. It remembers nothing, looks for no duplicates beyond the address, and
starts from the beginning when it fails.
"""

import http.client
import json
import sys
import urllib.parse

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

BASE = sys.argv[1].rstrip("/")
CRM_FIELDS = (
    "Email,First_Name,Last_Name,Phone,Mobile,Home_Phone,Fax,Secondary_Email,Title,Department,Account_Name,"
    "Mailing_Street,Mailing_City,Mailing_State,Mailing_Zip,Mailing_Country,Other_Street,Other_City,Other_State,"
    "Other_Zip,Other_Country,Date_of_Birth,Description"
)
PERSON_FIELDS = "names,emailAddresses,phoneNumbers,organizations,addresses,birthdays,biographies"
BATCH = 200


def crm_records():
    """Every record of the module, 200 a page."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(BASE).netloc)
    query = {"fields": CRM_FIELDS, "per_page": 200}
    while True:
        connection.request(
            "GET",
            "/crm/v8/Contacts?" + urllib.parse.urlencode(query),
            headers={"authorization": "Zoho-oauthtoken sandbox-crm-token"},
        )
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 204:
            return
        assert answer.status == 200, (answer.status, body[:200])
        page = json.loads(body)
        yield from page["data"]
        if not page["info"]["more_records"]:
            return
        query["page_token"] = page["info"]["next_page_token"]


def google_people(people):
    """Every contact of the account, 1,000 a page, by address."""
    found, page = {}, None
    while True:
        answer = (
            people.connections()
            .list(resourceName="people/me", personFields=PERSON_FIELDS + ",metadata", pageSize=1000, pageToken=page)
            .execute()
        )
        for person in answer.get("connections", []):
            for address in person.get("emailAddresses", []):
                found[address["value"].strip().lower()] = person
        page = answer.get("nextPageToken")
        if page is None:
            return found


def person_of(record):
    """A record as Google has it."""
    text = lambda name: record.get(name) or ""
    phones = {"work": "Phone", "mobile": "Mobile", "home": "Home_Phone", "workFax": "Fax"}
    person = {
        "names": [{"givenName": text("First_Name"), "familyName": text("Last_Name")}],
        "emailAddresses": [
            {"value": text(name), "type": kind}
            for kind, name in (("work", "Email"), ("home", "Secondary_Email"))
            if text(name)
        ],
        "phoneNumbers": [{"value": text(name), "type": kind} for kind, name in phones.items() if text(name)],
    }
    account = record.get("Account_Name") or {}
    organization = {"name": account.get("name", ""), "title": text("Title"), "department": text("Department")}
    if any(organization.values()):
        person["organizations"] = [organization]
    addresses = []
    for kind, prefix in (("work", "Mailing"), ("home", "Other")):
        address = {
            "streetAddress": text(f"{prefix}_Street"),
            "city": text(f"{prefix}_City"),
            "region": text(f"{prefix}_State"),
            "postalCode": text(f"{prefix}_Zip"),
            "country": text(f"{prefix}_Country"),
        }
        if any(address.values()):
            addresses.append({"type": kind, **address})
    if addresses:
        person["addresses"] = addresses
    if text("Date_of_Birth"):
        year, month, day = text("Date_of_Birth").split("-")
        person["birthdays"] = [{"date": {"year": int(year), "month": int(month), "day": int(day)}}]
    if text("Description"):
        person["biographies"] = [{"value": text("Description"), "contentType": "TEXT_PLAIN"}]
    return person


def differs(person, known):
    """Whether one of our values is not there."""
    for field, items in person.items():
        there = known.get(field, [])
        for item in items:
            wanted = {name: value for name, value in item.items() if value}
            if not any(all(other.get(name) == value for name, value in wanted.items()) for other in there):
                return True
    return False


def main():
    service = build(
        "people", "v1", credentials=Credentials("sandbox-google-token"), client_options={"api_endpoint": BASE}
    )
    people = service.people()
    known = google_people(people)
    create, update = [], {}
    for record in crm_records():
        email = (record.get("Email") or "").strip().lower()
        if not email:
            continue
        person = person_of(record)
        if email not in known:
            create.append({"contactPerson": person})
        elif differs(person, known[email]):
            there = known[email]
            update[there["resourceName"]] = {**person, "etag": there["etag"], "metadata": there["metadata"]}
    for at in range(0, len(create), BATCH):
        body = {"contacts": create[at : at + BATCH], "readMask": "names"}
        people.batchCreateContacts(body=body).execute()
    names = sorted(update)
    for at in range(0, len(names), BATCH):
        body = {
            "contacts": {name: update[name] for name in names[at : at + BATCH]},
            "updateMask": PERSON_FIELDS,
            "readMask": "names",
        }
        people.batchUpdateContacts(body=body).execute()
    print(json.dumps({"created": len(create), "updated": len(names)}))


main()
