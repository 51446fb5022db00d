"""What inboxes have in common: messages in the order in which they were sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast, overload

if TYPE_CHECKING:
    from typing_extensions import Self

    from pytest_wandb_automations.delivery.postbox import Postbox

__all__ = ["Inbox"]


class _Sent(Protocol):
    @property
    def automation(self) -> str: ...
    @property
    def automation_id(self) -> str: ...


_T = TypeVar("_T", bound=_Sent)


class Inbox(Sequence[_T]):
    """A list of what automations sent, newest last, that can be narrowed but not changed."""

    _one: ClassVar[str]
    """What it holds, in words."""

    def __init__(self, postbox: Postbox, sent: Sequence[_T] = ()) -> None:
        self._postbox = postbox
        self._sent = list(sent)

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> _T | Self:
        if isinstance(index, slice):
            return self._only(self._sent[index])
        try:
            return self._sent[index]
        except IndexError:
            raise IndexError(f"no {self._one} at [{index}]: {self._count()}") from None

    def __len__(self) -> int:
        return len(self._sent)

    def __iter__(self) -> Iterator[_T]:
        return iter(list(self._sent))

    def __eq__(self, other: object) -> bool:
        # So that what is narrowed in two ways can be compared, and with a list.
        return isinstance(other, Sequence) and self._sent == list(cast("Sequence[Any]", other))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._sent!r}>"

    @property
    def last(self) -> _T:
        """The newest one; an `IndexError` says so when there is none."""
        return self[-1]

    def of(self, automation: Any) -> Self:
        """Return those of one automation, given by name or object.

        A name is the one that the automation had at the time.
        """
        if isinstance(automation, str):
            return self._only([sent for sent in self if sent.automation == automation])
        return self._only([sent for sent in self if sent.automation_id == automation.id])

    def clear(self) -> None:
        """Forget what was sent; routes stay."""
        self._sent.clear()

    def _only(self, sent: Sequence[_T]) -> Self:
        return type(self)(self._postbox, sent)

    def _count(self) -> str:
        return f"{len(self)} so far" if self._sent else "none was sent"
