"""What all factories have in common: fields with defaults, building, saving, batches, extension.

A factory is a class with one annotated attribute for each field. Its value is the default, or is
made for each object by a function: `display_name: Any = lazy(lambda this: this.fake.wandb_run())`.
A subclass says which defaults are others:

    class NightlyRuns(RunFactory):
        tags = ("nightly",)
        display_name = lazy(lambda this: f"nightly-{this.fake.commit_hash()[:7]}")

    NightlyRuns(wandb_factory)()                # makes one
    wandb_factory.register(NightlyRuns)         # from here on every `wandb_factory.run()` is one
    wandb_factory.run.extend(tags=["nightly"])  # the same without a class
"""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.rules.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self

    from pytest_wandb_automations.testing.factories.factory import Factory

__all__ = ["Fields", "NounFactory", "lazy"]

T = TypeVar("T")

_MUTABLE = (list, dict, set)


@dataclass(frozen=True)
class _Lazy:
    make: Callable[[Fields], Any]


def lazy(make: Callable[[Fields], Any]) -> Any:
    """Let a field be made for each object: `make` gets the object's `Fields`."""
    return _Lazy(make)


class Fields:
    """The fields of one object that is being made; each is made when it is first asked for.

    So a field can rest on another: `lazy(lambda this: f"https://{this.name}.example.com")`. `fake`
    is the factory's Faker, `factory` the factory itself.
    """

    def __init__(self, noun: NounFactory[Any], given: Mapping[str, Any]) -> None:
        self.factory = noun.factory
        self.fake = noun.factory.fake
        self.given = frozenset(given)
        """Names of the fields that the caller gave."""
        self._noun = noun
        self._values = dict(given)
        self._under_way: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._values:
            self._values[name] = self._made(name)
        return self._values[name]

    def _made(self, name: str) -> Any:
        self._noun.check_field(name)
        if name in self._under_way:
            circle = " → ".join([*self._under_way, name])
            raise InvalidInput(f"{self._noun.noun}: these fields wait for each other: {circle}")
        default = getattr(self._noun, name)
        if isinstance(default, _Lazy):
            self._under_way.append(name)
            made = default.make(self)
            self._under_way.pop()
            return made
        # No two objects share a list that a class body wrote down once.
        return copy.copy(cast("Any", default)) if isinstance(default, _MUTABLE) else default


class NounFactory(Generic[T]):
    """Makes things of one kind; `T` is what a call returns."""

    noun: ClassVar[str] = ""
    """The attribute of `Factory` under which it is known."""

    positional: ClassVar[tuple[str, ...]] = ()
    """Fields that may be given by position."""

    nullable: ClassVar[frozenset[str]] = frozenset()
    """Fields that may be `None`; any other that is given as `None` is made up."""

    fields: ClassVar[tuple[str, ...]] = ()
    """Names of all fields; filled in for each subclass."""

    def __init__(self, factory: Factory, *, saves: bool = True) -> None:
        self.factory = factory
        self.saves = saves

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        annotated = inspect.get_annotations(cls)
        own = [name for name, kind in annotated.items() if _is_field(name, kind)]
        cls.fields = tuple(dict.fromkeys([*cls.fields, *own]))
        for name, value in vars(cls).items():
            if not (name.startswith("_") or name in annotated or _is_no_default(name, value)):
                cls.check_field(name)

    def __call__(self, *args: Any, **fields: Any) -> T:
        """Make one; what is not given is made up."""
        this = self.fields_of(*args, **fields)
        draft = self.draft(this)
        return cast("T", self.save(draft, this) if self.saves else draft)

    def __repr__(self) -> str:
        verb = "makes" if self.saves else "builds"
        return f"<{type(self).__name__} {verb} {', '.join(self.fields)}>"

    def batch(self, size: int, *args: Any, **fields: Any) -> list[T]:
        """Make several, with what is given for each."""
        if size < 0:
            raise InvalidInput(f"{self.noun}: expected the size of a batch, got {size}")
        return [self(*args, **fields) for _ in range(size)]

    @property
    def build(self) -> Any:
        """The same factory, but what it makes is not saved: `NightlyRuns(factory).build()`."""
        return type(self)(self.factory, saves=False)

    def extend(self, **defaults: Any) -> Self:
        """Return a factory like this one with other defaults."""
        for name in defaults:
            self.check_field(name)
        extended = type(type(self).__name__, (type(self),), defaults)
        return cast("Self", extended(self.factory, saves=self.saves))

    def fields_of(self, *args: Any, **fields: Any) -> Fields:
        """Return the fields of an object that is still to be made."""
        if len(args) > len(self.positional):
            names = ", ".join(self.positional)
            raise InvalidInput(
                f"{self.noun}: {len(args)} fields given by position, which may be: {names}"
            )
        given = dict(zip(self.positional, args, strict=False))
        for name, value in fields.items():
            self.check_field(name)
            if name in given:
                raise InvalidInput(f"{self.noun}: {name!r} is given by position and by name")
            given[name] = value
        told = {
            name: value
            for name, value in given.items()
            if value is not None or name in self.nullable
        }
        return Fields(self, told)

    def draft(self, this: Fields) -> Any:
        """Make the object only; a subclass says how."""
        raise NotImplementedError

    def save(self, draft: Any, this: Fields, /) -> Any:
        """Put what `draft` made into the backend; a subclass says how."""
        raise NotImplementedError

    @classmethod
    def check_field(cls, name: str) -> None:
        """Refuse a name that no field has."""
        if name not in cls.fields:
            hint = nearest(name, cls.fields)
            known = ", ".join(cls.fields)
            raise InvalidInput(f"{cls.noun} has no field {name!r}{hint}; known are {known}")


_SETTINGS = frozenset({"noun", "positional", "nullable", "fields"})


def _is_field(name: str, kind: Any) -> bool:
    return not name.startswith("_") and "ClassVar" not in str(kind)


def _is_no_default(name: str, value: object) -> bool:
    behaviour = isinstance(value, (FunctionType, property, classmethod, staticmethod))
    return behaviour or name in _SETTINGS
