"""Holds recorded exchanges against Google's discovery document.

    python discovery_check.py BASE_URL     reads GET BASE_URL/admin/requests?full=1 (a sandbox that records bodies)
    python discovery_check.py --self-test  shows that it can fail

Checks every request to the simulated People API (path, method, query parameters, masks, body) and every JSON answer
against people.v1.json from the google-api-python-client package, which neither crmsync nor the sandbox has a hand in.
Requests that were refused on purpose (4xx) are checked only where the sandbox accepted them. Exit code 1 lists offences.
"""

import json
import pathlib
import re
import sys
import urllib.request

import googleapiclient

DOCUMENT = pathlib.Path(googleapiclient.__file__).parent / "discovery_cache/documents/people.v1.json"
DISCOVERY = json.loads(DOCUMENT.read_text(encoding="utf-8"))
SCHEMAS = DISCOVERY["schemas"]
SIGN_IN = ("/o/oauth2/", "/oauth2/", "/token", "/revoke", "/v1/userinfo")
# Masks whose paths the document lists in its prose ("Valid values are: * a * b").
PROSE = {"personFields", "readMask", "updatePersonFields", "updateMask", "groupFields", "readGroupFields", "updateGroupFields"}


def methods(resources=DISCOVERY["resources"]):
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from methods(resource.get("resources", {}))


def pattern(method):
    """The path of a method as a regular expression, its parameters held to their own patterns."""
    expression = ""
    for part in re.split(r"(\{\+?\w+\})", method["path"]):
        found = re.fullmatch(r"\{\+?(\w+)\}", part)
        if found:
            own = method["parameters"][found[1]].get("pattern", "^[^/]+$")
            expression += "(?:" + own.removeprefix("^").removesuffix("$") + ")"
        else:
            expression += re.escape(part)
    return re.compile("/" + expression)


METHODS = [(method["httpMethod"], pattern(method), method) for method in methods()]


def method_of(request):
    for verb, path, method in METHODS:
        if verb == request["method"] and path.fullmatch(request["path"]):
            return method
    return None


def prose_paths(text):
    listed = re.search(r"Valid (?:values|fields) are:?(.*)", text, re.S)
    if not listed:
        return set()
    return {ticked or starred for ticked, starred in re.findall(r"`(\w+)`|\*\s*(\w+)", listed[1])}


def check_mask(name, value, description, offend):
    allowed = prose_paths(description)
    for path in filter(None, (part.strip() for part in value.split(","))):
        if allowed and path not in allowed:
            offend(f"{name}: {path!r} is not a path of this mask")


def check_value(shape, value, place, offend, sent):
    if "$ref" in shape:
        check_message(shape["$ref"], value, place, offend, sent)
        return
    kind = shape.get("type")
    if sent and shape.get("readOnly"):
        sys.stderr.write(f"warning: {place} is read-only\n")
    if kind == "array":
        if not isinstance(value, list):
            offend(f"{place}: a list is wanted")
            return
        if not sent and not value:
            offend(f"{place}: an empty list is left out")
        for index, item in enumerate(value):
            check_value(shape["items"], item, f"{place}[{index}]", offend, sent)
    elif kind == "object":
        if not isinstance(value, dict):
            offend(f"{place}: a map is wanted")
            return
        inner = shape.get("additionalProperties", {})
        for key, item in value.items():
            check_value(inner, item, f"{place}[{key}]", offend, sent)
    elif kind == "string":
        if not isinstance(value, str):
            offend(f"{place}: text is wanted, got {value!r}")
        elif "enum" in shape and value not in shape["enum"]:
            offend(f"{place}: {value!r} is none of its values")
        elif shape.get("format") == "google-datetime" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
            offend(f"{place}: {value!r} is no time")
        elif shape.get("format") == "google-fieldmask":
            check_mask(place, value, shape.get("description", ""), offend)
    elif kind == "boolean":
        if not isinstance(value, bool):
            offend(f"{place}: true or false is wanted, got {value!r}")
    elif kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            offend(f"{place}: a number is wanted, got {value!r}")


def check_message(name, value, place, offend, sent):
    if not isinstance(value, dict):
        offend(f"{place}: {name} is wanted, got {type(value).__name__}")
        return
    known = SCHEMAS[name].get("properties", {})
    for key, item in value.items():
        if key not in known:
            offend(f"{place}.{key}: {name} has no such field")
        else:
            check_value(known[key], item, f"{place}.{key}", offend, sent)


def check_query(method, query, offend):
    known = {**DISCOVERY["parameters"], **{name: shape for name, shape in method.get("parameters", {}).items() if shape["location"] == "query"}}
    seen = {}
    for name, value in query:
        shape = known.get(name)
        if shape is None:
            offend(f"query: {name} is not a parameter")
            continue
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1 and not shape.get("repeated"):
            offend(f"query: {name} is given twice")
        if "enum" in shape and value not in shape["enum"]:
            offend(f"query: {name}={value!r} is none of its values")
        if shape["type"] == "integer" and not re.fullmatch(r"-?\d+", value):
            offend(f"query: {name}={value!r} is no number")
        if shape["type"] == "boolean" and value not in ("true", "false"):
            offend(f"query: {name}={value!r} is neither true nor false")
        if name in PROSE:
            check_mask(name, value, shape.get("description", ""), offend)


def offences(request):
    """What is wrong with one recorded exchange."""
    found = []

    def offend(text):
        found.append(f"#{request['n']} {request['method']} {request['path']}: {text}")

    if request["path"].startswith(SIGN_IN) or request["service"] != "google":
        return found
    status = request["status"]
    method = method_of(request)
    if method is None:
        offend("no such method")
        return found
    # What the sandbox refused was malformed, stale or hit by a fault; only what it let pass must be right.
    if status is None or not 200 <= status < 300:
        return found
    check_query(method, request["query"], offend)
    body = request.get("request_body")
    if "request" in method:
        check_message(method["request"]["$ref"], body or {}, "body", offend, sent=True)
    elif body:
        offend("a body is sent to a method without one")
    answer = request.get("answer_body")
    if answer is not None and not request.get("fault"):
        check_message(method["response"]["$ref"], answer, "answer", offend, sent=False)
    return found


def self_test():
    good = {
        "n": 1, "service": "google", "method": "PATCH", "path": "/v1/people/c1:updateContact", "status": 200, "fault": None,
        "query": [["updatePersonFields", "names"], ["personFields", "names,metadata"]],
        "request_body": {"etag": "%x", "names": [{"givenName": "A"}]},
        "answer_body": {"resourceName": "people/c1", "etag": "%y", "names": [{"givenName": "A", "metadata": {"primary": True}}]},
    }
    assert offences(good) == [], offences(good)
    spoilt = {
        "method": "POST",
        "path": "/v1/people/c1:update",
        "query": [["updateMask", "names"]],
        "request_body": {"givenName": "A"},
        "answer_body": {"names": {"givenName": "A"}},
    }
    for key, value in spoilt.items():
        assert offences({**good, key: value}), f"{key} passes spoilt"
    for mask in ("etag", "metadata,names"):
        assert offences({**good, "query": [["updatePersonFields", mask]]}), f"the mask {mask} passes"
    assert offences({**good, "query": [["personFields", "etag"]]}), "etag passes as a path"
    assert offences({**good, "answer_body": {"emailAddresses": []}}), "an empty list passes"
    assert offences({**good, "answer_body": {"metadata": {"sources": [{"type": "PHONE_BOOK"}]}}}), "an unknown value passes"
    batch = {
        **good, "method": "POST", "path": "/v1/people:batchUpdateContacts", "query": [], "answer_body": {},
        "request_body": {"contacts": {"people/c1": {"names": []}}, "updateMask": "names", "readMask": "names,metadata"},
    }
    assert offences(batch) == [], offences(batch)
    assert offences({**batch, "query": [["updateMask", "names"]]}), "a mask in the query of a batch passes"
    assert offences({**batch, "request_body": {**batch["request_body"], "contacts": [{}]}}), "a list instead of a map passes"
    assert offences({**batch, "request_body": {**batch["request_body"], "updateMask": "resourceName"}}), "resourceName passes as a path"
    sys.stdout.write("the checker can fail\n")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    with urllib.request.urlopen(f"{sys.argv[1].rstrip('/')}/admin/requests?full=1") as answer:
        log = json.load(answer)
    google = [request for request in log["requests"] if request["service"] == "google"]
    if not google:
        sys.stdout.write("no request to Google was recorded\n")
        return 1
    if not any(request["answer_body"] for request in google):
        sys.stdout.write("bodies were not recorded\n")
        return 1
    found = [offence for request in google for offence in offences(request)] + [json.dumps(entry) for entry in log["violations"]]
    for offence in found:
        sys.stdout.write(offence + "\n")
    sys.stdout.write(f"{len(google)} requests checked, {len(found)} offences\n")
    return 1 if found else 0


sys.exit(main())
