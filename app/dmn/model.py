"""Reads a DMN file (1.1 to 1.5), with the models that it imports, and runs its decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from app.dmn.boxed import Boxed
from app.dmn.errors import DmnError
from app.dmn.evaluate import Feel
from app.dmn.requirements import Run
from app.dmn.types import Types
from app.dmn.xml import children, load, local, name_of

MOST_MODELS = 50
RUN = ("decision", "decisionService", "businessKnowledgeModel")


class Model:
    """A DMN model, ready to run. Imported models lie in the same folder, or at their location."""

    def __init__(self, path: Path, above: dict[str, Model] | None = None) -> None:
        self.path, self.root = path, load(path)
        self.namespace = self.root.get("namespace", "")
        self.by_id = {e.get("id"): e for e in self.root if e.get("id")}
        loaded = {} if above is None else above
        loaded[self.namespace] = self
        if len(loaded) > MOST_MODELS:
            raise DmnError(f"{path}: more than {MOST_MODELS} models are imported")
        self.imports = self._imports(loaded)
        self.feel = self._feel()
        definitions = {name_of(e): e for e in children(self.root, "itemDefinition")}
        self.types = Types(definitions, self.feel.judge, self.feel.tell)
        self.types.imported = {name: model.types for name, model in self.imports.items()}
        self.feel.types = self.types
        self.boxed = Boxed(self.feel, self.types)

    def _feel(self) -> Feel:
        names = {name_of(e) for e in self.root.iter() if e.get("name")}
        names |= {" ".join(e.get("iteratorVariable", "").split()) for e in self.root.iter()}
        for model in self.imports.values():
            names |= set(model.feel.known)
        feel = Feel(names - {""})
        for model in self.imports.values():
            model.share(feel)
        return feel

    def share(self, feel: Feel) -> None:
        """Tell messages and places to the model that imports this one."""
        self.feel.messages, self.feel.places = feel.messages, feel.places
        for model in self.imports.values():
            model.share(feel)

    def _imports(self, loaded: dict[str, Model]) -> dict[str, Model]:
        found = {}
        for element in children(self.root, "import"):
            space = element.get("namespace", "")
            kind = element.get("importType", "")
            if "DMN" not in kind and kind:
                continue
            if space not in loaded:
                loaded[space] = Model(self._file(element, space), loaded)
            elif loaded[space].__dict__.get("boxed") is None:
                raise DmnError(f"{self.path}: the imports lead back to this model")
            found[name_of(element)] = loaded[space]
        return found

    def _file(self, element: Element, space: str) -> Path:
        folder = self.path.parent
        wanted = element.get("locationURI", "")
        beside = folder / wanted if wanted and ":" not in wanted else None
        if beside and beside.is_file() and beside.resolve().parent == folder.resolve():
            return beside
        for path in sorted(folder.glob("*.dmn")):
            try:
                if path != self.path and load(path).get("namespace") == space:
                    return path
            except DmnError:
                continue
        raise DmnError(
            f"{self.path}: the imported model '{element.get('name')}' ({space}) is not in {folder}"
        )

    def decisions(self) -> list[str]:
        """The names of the decisions, in the order of the file."""
        return [e.get("name") or e.get("id") or "" for e in children(self.root, "decision")]

    def run(self, given: dict[str, Any], name: str) -> Any:
        """One decision, decision service or function with these inputs."""
        for kind in RUN:
            for element in children(self.root, kind):
                if name in (element.get("name"), name_of(element), element.get("id")):
                    return Run(self, given).top(element)
        known = ", ".join(self.decisions()) or "none"
        raise DmnError(f"{self.path}: no decision '{name}'; there are: {known}")

    def find(self, href: str) -> tuple[Model, Element]:
        """The element that a reference names, and its model."""
        space, _, key = href.rpartition("#")
        models = [self, *self.all_imports()]
        for model in models:
            if space in ("", model.namespace) or (space == model.path.name):
                if key in model.by_id:
                    return model, model.by_id[key]
                if not space:
                    break
        raise DmnError(f"{self.path}: there is no element {href}")

    def all_imports(self) -> list[Model]:
        """The imported models, and those that they import."""
        found = list(self.imports.values())
        for model in self.imports.values():
            found += [m for m in model.all_imports() if m not in found]
        return found

    def name_of(self, other: Model) -> str | None:
        """The name under which this model imports another; None if it does not."""
        return next((name for name, model in self.imports.items() if model is other), None)


__all__ = ["Model", "children", "local"]
