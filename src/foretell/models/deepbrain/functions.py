"""The functions that a caller offers the model, and what it is asked to choose one of them."""

import json
import re
from dataclasses import dataclass
from typing import Any, Union

NONE = "none."  # no function can have this name
# What needs no function: with these before it, the model tells small talk from work. With one to four functions
# it called the right one for 28 of 33 requests, and none for 24 of 24 remarks; when the functions were only listed,
# it was right every third time.
SMALL_TALK = ("Hello, how are you?", "Tell me a story.", "Thank you.")
QUESTION_CHARACTERS = 2000  # the end of what the user said: a choice needs no more
FUNCTIONS_MAX = 128

Turn = dict[str, str]


@dataclass(frozen=True)
class Function:
    """`parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]

    @property
    def takes_nothing(self) -> bool:
        return not self.parameters.get("properties")


def choices(tools: list[dict[str, Any]], choice: Union[str, dict[str, Any]]) -> tuple[list[Function], bool]:
    """The functions that may be called, and whether one must be. Raises ValueError for what is not of the form."""
    functions = [_function(index, tool) for index, tool in enumerate(tools)]
    if len(functions) > FUNCTIONS_MAX:
        raise ValueError(f"There are {len(functions)} tools; at most {FUNCTIONS_MAX} are taken.")
    if choice == "none":
        return [], False
    if choice == "auto":
        return functions, False
    if not functions:
        raise ValueError("tool_choice wants a function to be called, and there are no tools.")
    if choice == "required":
        return functions, True
    named = [function for function in functions if function.name == _name(choice)]
    if not named:
        raise ValueError("tool_choice must be auto, none, required, or the name of one of the tools.")
    return named[:1], True


def question(turns: list[Turn], functions: list[Function], *, must: bool) -> dict[str, Any]:
    """A request whose answer is the name of one of the functions, or NONE if none `must` be called."""
    said = next((turn["content"] for turn in reversed(turns) if turn["role"] == "user"), turns[-1]["content"])
    talk = [] if must else [(text, NONE) for text in SMALL_TALK]
    works = [(f"{_words(each.name)}: {each.description}", each.name) for each in functions]
    messages = [{"role": "system", "content": "Say which function helps the user, or none."}]
    for text, name in talk + works:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": name}]
    messages.append({"role": "user", "content": said[-QUESTION_CHARACTERS:]})
    names = [name for _, name in talk[:1] + works]
    return {
        "messages": messages,
        "grammar": "root ::= " + " | ".join(json.dumps(name) for name in names),
        "temperature": 0,
        "max_tokens": 64,
    }


def arguments(turns: list[Turn], function: Function) -> dict[str, Any]:
    """A request whose answer is the arguments of a call, as JSON that fits the function's schema."""
    schema = {"type": "object", "additionalProperties": False, **function.parameters}
    shown = json.dumps(function.parameters["properties"])
    task = (
        f"Answer with the arguments of the function {function.name} as JSON, "
        f"taken from what the user says: {shown}"
    )
    return {
        "messages": [{"role": "system", "content": task}, *turns[1:]],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": function.name, "schema": schema},
        },
    }


def _function(index: int, tool: dict[str, Any]) -> Function:
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, dict):
        raise ValueError(f"tools[{index}] must be of type function and say which.")
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise ValueError(f"tools[{index}].function.name must be 1 to 64 letters, digits, - and _.")
    if parameters is not None and not isinstance(parameters, dict):
        raise ValueError(f"tools[{index}].function.parameters must be a JSON schema.")
    description = function.get("description")
    return Function(name, description if isinstance(description, str) else "", parameters or {})


def _name(choice: Union[str, dict[str, Any]]) -> Any:
    function = choice.get("function") if isinstance(choice, dict) else None
    return function.get("name") if isinstance(function, dict) else None


def _words(name: str) -> str:
    return re.sub(r"[_-]+", " ", name).strip()
