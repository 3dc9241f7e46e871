"""Edits, adds and deletes contacts on both sides of a sandbox, so that the next sync sends every kind of request.

    python stir.py BASE_URL
"""

import json
import sys
import urllib.request

BASE = sys.argv[1]


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, method=method, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


dump = call("GET", "/admin/dump")
crm = [record for record in dump["crm"]["contacts"] if record.get("Email")]
google = {}
for person in dump["google"]["contacts"]:
    for address in person.get("emailAddresses", []):
        if address.get("type") == "work":
            google[address["value"].lower()] = person
both = [record for record in crm if record["Email"].lower() in google and record.get("Lead_Source")]
assert len(both) >= 8, "the seeded books have too few linked contacts"
for at, record in enumerate(both[:4]):
    call("PATCH", f"/admin/crm/contacts/{record['id']}", {"Mobile": f"+49 151 77700{at}", "Title": "Stirred", "First_Name": "Stirred"})
for record in both[4:6]:
    call("DELETE", f"/admin/crm/contacts/{record['id']}")
for record in both[6:8]:
    call("PATCH", f"/admin/crm/contacts/{record['id']}", {"Lead_Source": None})
call("POST", "/admin/crm/contacts", {"Last_Name": "Stirred", "Email": f"new.in.crm{len(crm)}@example.com", "Lead_Source": both[0]["Lead_Source"]})
