"""Snippets: a request as one types it, in three languages."""

import json
from typing import Any

INDENT = 4


def snippets(
    method: str, url: str, *, body: Any = None, file: str = "", has_key: bool = True
) -> dict[str, str]:
    """The same request in each language, by its name. `file` is the name of the part that is a file."""
    return {
        "curl": _curl(method, url, body, file, has_key=has_key),
        "Python": _python(method, url, body, file, has_key=has_key),
        "JavaScript": _javascript(method, url, body, file, has_key=has_key),
    }


def _curl(method: str, url: str, body: Any, file: str, *, has_key: bool) -> str:
    is_plain = method == "GET" or body is not None or (file and method == "POST")
    parts = [f"curl {url}" if is_plain and method in {"GET", "POST"} else f"curl -X {method} {url}"]
    if has_key:
        parts.append('-H "x-api-key: $FORETELL_API_KEY"')
    if body is not None:
        parts.append('-H "content-type: application/json"')
        parts.append(f"-d '{_json(body)}'")
    if file:
        parts.append(f"-F {file}=@picture.png")
    return " \\\n  ".join(parts)


def _json(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False).replace("'", "'\\''")


def _python(method: str, url: str, body: Any, file: str, *, has_key: bool) -> str:
    lines = [f"answer = requests.{method.lower()}(", f'    "{url}",']
    if has_key:
        lines.append('    headers={"x-api-key": os.environ["FORETELL_API_KEY"]},')
    if body is not None:
        lines.append(f"    json={_literal(body, INDENT)},")
    if file:
        lines.append(f'    files={{"{file}": open("picture.png", "rb")}},')
    imports = "import os\n\nimport requests\n\n" if has_key else "import requests\n\n"
    return imports + "\n".join([*lines, ")", "answer.raise_for_status()", "print(answer.json())"])


def _literal(value: Any, indent: int) -> str:
    """A Python expression of a JSON value, with each field on a line of its own."""
    inner = " " * (indent + INDENT)
    if isinstance(value, dict) and value:
        fields = (
            f"{inner}{json.dumps(name)}: {_literal(each, indent + INDENT)},\n" for name, each in value.items()
        )
        return f"{{\n{''.join(fields)}{' ' * indent}}}"
    if isinstance(value, list) and value:
        return f"[{', '.join(_literal(each, indent + INDENT) for each in value)}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _javascript(method: str, url: str, body: Any, file: str, *, has_key: bool) -> str:
    headers = ['"x-api-key": process.env.FORETELL_API_KEY'] if has_key else []
    headers += ['"content-type": "application/json"'] if body is not None else []
    options = [] if method == "GET" else [f'  method: "{method}",']
    if headers:
        options.append(f"  headers: {{ {', '.join(headers)} }},")
    if body is not None:
        options.append("  body: JSON.stringify(" + _json_inside(body) + "),")
    if file:
        options.append("  body: form,")
    call = "".join(f"{line}\n" for line in options)
    ending = f", {{\n{call}}}" if call else ""
    form = _form(file) if file else ""
    return f'{form}const answer = await fetch("{url}"{ending});\nconsole.log(await answer.json());'


def _form(file: str) -> str:
    return (
        'import { openAsBlob } from "node:fs";\n\nconst form = new FormData();\n'
        f'form.append("{file}", await openAsBlob("picture.png"), "picture.png");\n\n'
    )


def _json_inside(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False).replace("\n", "\n  ")
