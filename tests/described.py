"""Answers compared with what the OpenAPI document says of them."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import httpx
import jsonschema_rs
from starlette.routing import BaseRoute

from foretell.api.reference.document import document

OUTSIDE = {"ENDPOINT_NOT_FOUND", "METHOD_NOT_ALLOWED"}
"""Refusals that belong to no operation."""


class Described:
    """The document of an API, as something that its answers can be held against."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def check(self, answer: httpx.Response) -> None:
        """Fails unless the document knows the status and the form of an answer in JSON."""
        is_said = answer.request.method not in {"HEAD", "OPTIONS"}
        if not is_said or answer.headers.get("content-type") != "application/json":
            return
        if "content-length" not in answer.headers:  # it comes in pieces, which the test reads
            return
        answer.read()
        found = self._operation(answer.request.method, answer.request.url.path)
        body = answer.json()
        if found is None:
            is_of_v1 = answer.request.url.path.startswith("/v1/") and answer.status_code != 400
            assert not is_of_v1 or body["error"].get("error_id") in OUTSIDE, answer.request.url
            return
        name, operation = found
        about = f"{name} answered {answer.status_code}"
        known = operation["responses"]
        assert str(answer.status_code) in known, f"{about}, which it does not say: {answer.text}"
        contents = known[str(answer.status_code)]["content"]
        if "application/json" in contents:
            self._fits(f"{name} {answer.status_code}", contents["application/json"]["schema"], body)

    def _fits(self, name: str, schema: dict[str, Any], body: Any) -> None:
        if name not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            self._validators[name] = jsonschema_rs.validator_for(whole)
        problems = [
            f"{each.instance_path}: {each.message}" for each in self._validators[name].iter_errors(body)
        ]
        assert not problems, (name, problems)

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        path = re.sub("/{2,}", "/", path).rstrip("/") or "/"
        for pattern, template, methods in self._paths:
            if pattern.fullmatch(path) and method.lower() in methods:
                return f"{method} {template}", methods[method.lower()]
        return None

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
        found = []
        for template, methods in self._document["paths"].items():
            # A model's slug may be `vendor/slug`; no other parameter has a slash.
            pattern = re.sub(r"\{(\w+)\}", lambda name: ".+" if name[1] == "slug" else "[^/]+", template)
            found.append((re.compile(pattern), template, methods))
        return found

    @cached_property
    def _document(self) -> dict[str, Any]:
        return document(self._routes, [], origin="http://127.0.0.1:8900")
