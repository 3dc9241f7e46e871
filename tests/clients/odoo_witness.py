"""Drives the simulated Odoo of the tests with OdooRPC and with Odoo's own library, so that it is not merely our own belief.

Usage: odoo_witness.py http://127.0.0.1:PORT18 http://127.0.0.1:PORT19     (works on what it adds itself)
"""

import sys
from urllib.parse import urlsplit

import odoolib
import odoorpc
from odoolib.tools import AuthenticationError, JsonRPCException
from odoorpc.error import RPCError

import witness
from witness import check

DATABASE, LOGIN, KEY = "company", "sync@example.com", "odoo-api-key-for-tests"


def refused(call, words, what):
    try:
        call()
    except RPCError as error:
        check(words in str(error), f"{what}: {error}")
    else:
        raise SystemExit(f"FAILED: {what} is not refused")


def drive(base, version):
    address = urlsplit(base)
    odoo = odoorpc.ODOO(address.hostname, protocol="jsonrpc", port=address.port)
    check(odoo.version == f"{version}.0", "the version is told")
    refused(lambda: odoo.login(DATABASE, LOGIN, "wrong"), "Wrong login", "a wrong key")
    odoo.login(DATABASE, LOGIN, KEY)
    check(odoo.env.uid == 7 and odoo.env.lang == "en_US", "who is signed in")

    partner = odoo.env["res.partner"]
    check(("mobile" in partner.fields_get(["mobile"])) == (version == 18), "mobile is gone in 19")
    one = partner.create({"name": "Ada Example", "email": "ada@example.com"})
    many = partner.create([{"name": f"P{number}", "email": f"p{number}@example.com"} for number in range(5)])
    check(isinstance(one, int) and len(many) == 5, "one and several are created")
    check(sorted(partner.search([("email", "ilike", "EXAMPLE.com")])) == sorted([one, *many]), "found by address")
    check(partner.search_count([("id", "in", many)]) == 5, "counted")
    rows = partner.search_read([("id", "in", many)], ["name", "write_date", "phone"], limit=2, order="id")
    check([row["name"] for row in rows] == ["P0", "P1"], "a page in order")
    check(rows[0]["write_date"] == rows[1]["write_date"] and len(rows[0]["write_date"]) == 19, "one time, in seconds")
    check(rows[0]["phone"] is False, "a blank is false")

    check(partner.write([one], {"city": "Berlin", "country_id": 57}) is True, "changed")
    row = partner.read([one], ["city", "country_id", "category_id"])[0]
    check((row["city"], row["country_id"], row["category_id"]) == ("Berlin", [57, "Germany"], []), "read back")
    record = partner.browse(one)
    check((record.name, record.city) == ("Ada Example", "Berlin"), "a record of the library's own")

    refused(lambda: partner.create([{"name": "Kept"}, {"email": "x"}]), "require a name", "a batch with one bad row")
    check(partner.search([("name", "=", "Kept")]) == [], "the batch was rolled back")
    refused(lambda: partner.search([("nofield", "=", 1)]), "Invalid field", "an unknown field")
    refused(lambda: odoo.execute("res.partner", "_private", []), "Private", "a private method")

    partner.write([one], {"active": False})
    check(partner.search([("id", "=", one)]) == [], "archived ones are not found")
    check(partner.search([("id", "=", one), ("active", "in", [True, False])]) == [one], "unless asked for")
    hidden = odoo.execute_kw("res.partner", "search", [[("id", "=", one)]], {"context": {"active_test": False}})
    check(hidden == [one], "or by the context")
    partner.unlink(many)
    check(partner.read(many, ["name"]) == [], "what is deleted is not read")
    refused(lambda: partner.write(many, {"city": "x"}), "does not exist", "writing what is deleted")


def own_library(base, protocol):
    """Odoo's own library speaks both interfaces."""
    address = urlsplit(base)

    def connect(key):
        return odoolib.get_connection(
            hostname=address.hostname, port=address.port, protocol=protocol, database=DATABASE, login=LOGIN, password=key
        )

    try:
        connect("wrong").get_model("res.partner").search([])
    except AuthenticationError:
        check(True, "a wrong key")
    else:
        raise SystemExit("FAILED: a wrong key is accepted")
    connection = connect(KEY)
    check(connection.get_user_context()["uid"] == 7, "who is signed in")
    partner = connection.get_model("res.partner")
    made = partner.create([{"name": "Own One", "email": "own@example.com"}, {"name": "Own Two"}])
    check(len(made) == 2, "created")
    check(partner.search([("name", "ilike", "own ")]) == made, "found")
    rows = partner.search_read([("id", "in", made)], ["name", "email"])
    check([row["email"] for row in rows] == ["own@example.com", False], "read")
    check(partner.write(made, {"city": "Rome"}) is True, "changed")
    check([row["city"] for row in partner.read(made, ["city"])] == ["Rome", "Rome"], "read by number")
    try:
        partner.create([{"name": "Kept"}, {"email": "x"}])
    except (JsonRPCException, ValueError) as error:
        check("require a name" in str(error), f"a batch with one bad row: {error}")
    else:
        raise SystemExit("FAILED: a nameless row is accepted")
    check(partner.search([("name", "=", "Kept")]) == [], "the batch was rolled back")
    check(partner.unlink(made) is True, "deleted")


drive(sys.argv[1], 18)
drive(sys.argv[2], 19)
own_library(sys.argv[1], "jsonrpc")
own_library(sys.argv[2], "json2")
print(f"OdooRPC {odoorpc.__version__} and odoo-client-lib: {witness.made} checks")
