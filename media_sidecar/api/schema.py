"""Checks JSON against the schemas of the API's own description.

The part of JSON Schema that `document` uses and no more, so that the description and
the check cannot differ. Members nobody knows are allowed: the other side may be newer.
"""

import re

from ..errors import ApiError

KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def check(value, schema: dict, schemas: dict, name: str = "body") -> None:
    """Raise ApiError 400 `bad_request` that names what does not fit; not its value."""
    problem = find(value, schema, schemas, name)
    if problem:
        raise ApiError(400, "bad_request", f"{problem}.")


def find(value, schema: dict, schemas: dict, name: str) -> str:
    """What is wrong with `value`, as a sentence without its full stop; "" if nothing.

    `schemas` are those that `$ref` names by the last part of its path.
    """
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in schema:
        found = [find(value, choice, schemas, name) for choice in schema["anyOf"]]
        return "" if "" in found else found[-1]
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return f"{name} must be {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{name} must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        return _text(value, schema, name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, schema, name)
    if isinstance(value, list):
        return _list(value, schema, schemas, name)
    if isinstance(value, dict):
        return _object(value, schema, schemas, name)
    return ""


def _is(value, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind])


def _text(value: str, schema: dict, name: str) -> str:
    if len(value) < schema.get("minLength", 0):
        return f"{name} must not be empty"
    if len(value) > schema.get("maxLength", len(value)):
        return f"{name} is longer than {schema['maxLength']} characters"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return f"{name} must match {schema['pattern']}"
    return ""


def _number(value: float, schema: dict, name: str) -> str:
    if value < schema.get("minimum", value):
        return f"{name} must be {schema['minimum']} or more"
    if value > schema.get("maximum", value):
        return f"{name} must be {schema['maximum']} or less"
    return ""


def _list(value: list, schema: dict, schemas: dict, name: str) -> str:
    if len(value) > schema.get("maxItems", len(value)):
        return f"{name} has more than {schema['maxItems']} entries"
    for index, item in enumerate(value):
        problem = find(item, schema.get("items", {}), schemas, f"{name}[{index}]")
        if problem:
            return problem
    return ""


def _object(value: dict, schema: dict, schemas: dict, name: str) -> str:
    for member in schema.get("required", ()):
        if member not in value:
            return f"{name}.{member} is missing"
    for member, inner in schema.get("properties", {}).items():
        if member in value:
            problem = find(value[member], inner, schemas, f"{name}.{member}")
            if problem:
                return problem
    return ""
