"""The chat templates of language models: whether there is one, and what it knows."""

from foretell.families.files import Files

CALLS = ("<tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "ipython")
STRANGE = "[ARGS]"
"""What stands in templates of models whose calls of functions are understood when they write them. Those that mark
their arguments in the strange way are not."""


def chat_template(files: Files) -> str:
    """The template in which a language model reads talk; "" for a model that only goes on with a text."""
    if "chat_template.jinja" in files.sizes:
        return files.read("chat_template.jinja").decode(errors="replace")
    found = files.table("chat_template.json").get("chat_template") or files.table(
        "tokenizer_config.json"
    ).get("chat_template")
    if isinstance(found, list):  # several, each with its name
        named = {each.get("name"): each.get("template") for each in found if isinstance(each, dict)}
        found = named.get("tool_use") or named.get("default")
    return found if isinstance(found, str) else ""


def knows_tools(template: str) -> bool:
    """Whether a model with this template calls functions in a way that is understood."""
    return "tools" in template and STRANGE not in template and any(mark in template for mark in CALLS)
