"""A model author's Python file, read without running it: which names it has, and what each stands for."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from foretell.errors import Code, Error

Resolve = Callable[[str], str | None]
"""The source text of a module that lies beside the predictor; None for one that does not."""

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class SignatureError(Error):
    """The file says something that cannot be known without running it. The message names the place."""

    def __init__(self, source: Source, node: ast.AST | None, message: str) -> None:
        line = getattr(node, "lineno", None)
        super().__init__(Code.INVALID_REQUEST, f"{source.file}{f':{line}' if line else ''}: {message}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a name stands for: an expression or a definition, in the file that has it."""

    source: Source
    node: ast.expr | Definition


class Source:
    """One parsed file. `resolve` finds the files beside it."""

    def __init__(self, text: str, *, file: str, resolve: Resolve | None = None) -> None:
        """Raises `SignatureError` for what is not Python."""
        self.file = file
        self._resolve = resolve
        self._names: dict[str, ast.expr | Definition] = {}
        self._imports: dict[str, tuple[str, str]] = {}
        self._star_imports: list[str] = []
        self._siblings: dict[str, Source | None] = {}
        self._note(_parsed(self, text).body)

    def within(self, definition: ast.ClassDef) -> Source:
        """The same file as seen from inside a class, whose own names come first."""
        inner = object.__new__(Source)
        inner.__dict__.update(self.__dict__)
        inner._names = dict(self._names)
        inner._imports = dict(self._imports)
        inner._note(definition.body)
        return inner

    def find(self, node: ast.expr) -> Found | None:
        """What a name or a dotted name stands for; None for a builtin and for what comes from elsewhere."""
        if isinstance(node, ast.Name):
            return self._find_name(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        owner = self.find(node.value)
        if owner and isinstance(owner.node, ast.ClassDef):
            return owner.source._find_in_class(owner.node, node.attr)
        if isinstance(node.value, ast.Name):
            module, name = self._imports.get(node.value.id, ("", "?"))
            sibling = self._sibling(f"{module}.{name}".strip(".") if name else module)
            return sibling._find_name(node.attr) if sibling else None
        return None

    def word(self, node: ast.expr) -> str:
        """The last part of the name that `typing`, `cog` and their like have for it: `List` for `t.List`."""
        if isinstance(node, ast.Attribute):
            return node.attr
        if isinstance(node, ast.Name):
            return self._imports.get(node.id, ("", node.id))[1] or node.id
        return ""

    def _find_name(self, name: str) -> Found | None:
        if name in self._names:
            return Found(self, self._names[name])
        if name in self._imports:
            module, original = self._imports[name]
            sibling = self._sibling(module) if original else None
            return sibling._find_name(original) if sibling else None
        return self._find_starred(name)

    def _find_in_class(self, definition: ast.ClassDef, name: str) -> Found | None:
        inner = self.within(definition)
        found = inner._names.get(name)
        # What the class does not have itself, it has from the file around it.
        return Found(inner, found) if found is not None and found is not self._names.get(name) else None

    def _find_starred(self, name: str) -> Found | None:
        siblings = (self._sibling(module) for module in self._star_imports)
        return next((found for sibling in siblings if sibling and (found := sibling._find_name(name))), None)

    def _sibling(self, module: str) -> Source | None:
        if module not in self._siblings:
            # Before it is read: two files that import each other must not be read for ever.
            self._siblings[module] = None
            text = self._resolve(module) if self._resolve and module else None
            if text is not None:
                self._siblings[module] = self._beside(module, text)
        return self._siblings[module]

    def _beside(self, module: str, text: str) -> Source:
        sibling = object.__new__(Source)
        sibling._siblings = self._siblings
        file = module.replace(".", "/") + ".py"
        Source.__init__(sibling, text, file=file, resolve=self._resolve)
        return sibling

    def _note(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.Assign):
                self._note_assignment(statement.targets, statement.value)
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                self._note_assignment([statement.target], statement.value)
            elif isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                self._names[statement.name] = statement
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                self._note_import(statement)
            elif isinstance(statement, ast.Try | ast.If):
                # `try: import x except ImportError`, `if TYPE_CHECKING`: what is said first counts.
                self._note([*getattr(statement, "orelse", []), *statement.body])

    def _note_assignment(self, targets: list[ast.expr], value: ast.expr) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self._names[target.id] = value

    def _note_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                name = alias.asname or alias.name.split(".")[0]
                self._imports[name] = (alias.name if alias.asname else name, "")
            elif alias.name == "*":
                self._star_imports.append(statement.module or "")
            else:
                self._imports[alias.asname or alias.name] = (statement.module or "", alias.name)


def _parsed(source: Source, text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        place = ast.Constant(value=None, lineno=getattr(error, "lineno", None) or 1, col_offset=0)
        raise SignatureError(source, place, f"not Python: {getattr(error, 'msg', error)}") from error
