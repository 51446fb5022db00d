"""A plot as SVG: the values, what each automation compares them with, and where it fired."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_wandb_automations.rules.wording import cut_middle, shown_number
from pytest_wandb_automations.testing.page.markup import Markup, joined, tag
from pytest_wandb_automations.testing.page.scales import Scale, scale_over, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_wandb_automations.testing.timeline.story import Curve, Firing, Line, Plot

__all__ = ["render_plot"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 22, 42
_COLOURS = 4
_FAR = 3.0
"""A limit that is so many times the spread of the values away is not drawn, but told."""


class _Size(NamedTuple):
    """Of a picture. Its letters are as large as the page's, so each width has one of its own."""

    name: str
    width: int
    height: int
    ticks: int


_SIZES = (_Size("wide", 860, 280, 8), _Size("narrow", 340, 220, 4))


class _Paper(NamedTuple):
    """Both axes of a plot, and the size of its picture."""

    x: Scale
    y: Scale
    size: _Size

    @property
    def bottom(self) -> int:
        """Where the axis is."""
        return self.size.height - _BOTTOM

    @property
    def right(self) -> int:
        """Where lines end."""
        return self.size.width - _RIGHT


def render_plot(plot: Plot) -> Markup:
    """Draw a metric, for wide screens and for narrow ones, with a caption that says it in words."""
    names = _names(plot)
    papers = [_paper(plot, size) for size in _SIZES]
    return tag(
        "figure",
        *(_picture(plot, paper, names) for paper in papers),
        _caption(plot, papers[0], names),
    )


def _picture(plot: Plot, paper: _Paper, names: Sequence[str]) -> Markup:
    return tag(
        "svg",
        *_shades(plot, paper, names),
        *_axes(plot, paper),
        *_limits(plot, paper, names),
        *_values(plot.points, paper, "values"),
        *_firings(plot, paper, names),
        viewBox=f"0 0 {paper.size.width} {paper.size.height}",
        role="group",
        aria_label=_told(plot),
        class_=f"plot {paper.size.name}",
    )


def _paper(plot: Plot, size: _Size) -> _Paper:
    numbers = [y for _, y in plot.points if y is not None]
    numbers += [y for curve in plot.curves for _, y in curve.compared if y is not None]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    reach = _FAR * ((high / 2 - low / 2) or abs(high) / 2 or 0.5)
    limits = [limit for curve in plot.curves for limit in curve.limits]
    known = [y for limit in limits for _, y in limit if y is not None]
    near = [y for y in known if low - reach <= y <= high + reach]
    x = scale_over((x for x, _ in plot.points), _LEFT, size.width - _RIGHT)
    y = scale_over([*numbers, *near], size.height - _BOTTOM, _TOP, margin=0.08)
    return _Paper(x, y, size)


def _names(plot: Plot) -> list[str]:
    """Return the automations of a plot; the place of each is its colour."""
    found = [curve.automation for curve in plot.curves]
    return list(dict.fromkeys([*found, *(firing.automation for firing in plot.firings)]))


def _colour(names: Sequence[str], automation: str) -> str:
    return f"c{names.index(automation) % _COLOURS}"


def _told(plot: Plot) -> str:
    numbers = [y for _, y in plot.points if y is not None]
    span = f", {_number(min(numbers))} to {_number(max(numbers))}" if numbers else ""
    return f"{plot.metric} by {plot.x}: {plot.values} value{'' if plot.values == 1 else 's'}{span}"


def _axes(plot: Plot, paper: _Paper) -> Iterator[Markup]:
    bottom, right = paper.bottom, paper.right
    for tick in ticks(paper.y, 5):
        y = paper.y(tick)
        yield tag("line", x1=_LEFT, x2=right, y1=y, y2=y, class_="grid")
        yield tag("text", _number(tick), x=_LEFT - 8, y=y + 4, class_="tick y")
    for tick in ticks(paper.x, paper.size.ticks):
        if tick == int(tick):
            yield tag("text", _number(tick), x=paper.x(tick), y=bottom + 18, class_="tick x")
    yield tag("line", x1=_LEFT, x2=right, y1=bottom, y2=bottom, class_="axis")
    yield tag("text", plot.x, x=right, y=bottom + 36, class_="label x")
    yield tag("text", cut_middle(plot.metric, 40), x=_LEFT, y=_TOP - 8, class_="label y")


def _limits(plot: Plot, paper: _Paper, names: Sequence[str]) -> Iterator[Markup]:
    for curve in plot.curves:
        colour = _colour(names, curve.automation)
        yield from _values(curve.compared, paper, f"compared {colour}")
        for limit in curve.limits:
            known = [y for _, y in limit if y is not None]
            if not known or not any(y in paper.y for y in known):
                continue
            yield tag(
                "path",
                d=_path(_stretched(limit, plot), paper),
                class_=f"limit {colour}",
                data_automation=curve.automation,
                data_limit=repr(known[-1]),
            )


def _stretched(limit: Line, plot: Plot) -> Line:
    """Let a line that is one point, or the same everywhere, go from side to side."""
    if len({y for _, y in limit}) > 1:
        return limit
    return ((plot.points[0][0], limit[0][1]), (plot.points[-1][0], limit[0][1]))


def _values(line: Line, paper: _Paper, class_: str) -> Iterator[Markup]:
    """Draw a line, and dots for points that have no neighbour to be drawn to."""
    if not line:
        return
    yield tag("path", d=_path(line, paper), class_=class_)
    for place, (x, y) in enumerate(line):
        around = [line[near][1] for near in (place - 1, place + 1) if 0 <= near < len(line)]
        if y is not None and all(near is None for near in around):
            yield tag("circle", cx=paper.x(x), cy=paper.y(y), r=2.5, class_=f"dot {class_}")
        if y is None and class_ == "values":
            told = tag("title", f"no number at {_number(x)}")
            mark = f"M{paper.x(x):g} {paper.bottom}v-7"
            yield tag("path", told, d=mark, class_="gap", data_step=_number(x))


def _path(line: Line, paper: _Paper) -> str:
    """Return the path of a line that is interrupted where there is no number."""
    parts: list[str] = []
    pen_down = False
    for x, y in line:
        if y is not None:
            parts.append(f"{'L' if pen_down else 'M'}{paper.x(x):g} {paper.y(y):g}")
        pen_down = y is not None
    return "".join(parts)


def _shades(plot: Plot, paper: _Paper, names: Sequence[str]) -> Iterator[Markup]:
    for firing in plot.firings:
        left, right = paper.x(firing.begins), paper.x(firing.step)
        yield tag(
            "rect",
            x=left,
            y=_TOP,
            width=max(right - left, 0.5),
            height=paper.bottom - _TOP,
            class_=f"window {_colour(names, firing.automation)}",
            data_from=_number(firing.begins),
            data_to=_number(firing.step),
        )


def _firings(plot: Plot, paper: _Paper, names: Sequence[str]) -> Iterator[Markup]:
    for firing in plot.firings:
        x, y = paper.x(firing.step), paper.y(firing.value)
        failed = " failed" if firing.state == "FAILED" else ""
        told = _firing_in_words(plot, firing)
        yield tag(
            "g",
            tag("title", told),
            tag("line", x1=x, x2=x, y1=_TOP, y2=paper.bottom),
            tag("circle", cx=x, cy=y, r=5),
            class_=f"firing {_colour(names, firing.automation)}{failed}",
            role="img",
            tabindex="0",
            aria_label=told,
            data_automation=firing.automation,
            data_step=_number(firing.step),
        )


def _firing_in_words(plot: Plot, firing: Firing) -> str:
    failed = ", and its action failed" if firing.state == "FAILED" else ""
    value = f"{plot.metric} = {_number(firing.value)}"
    return f"{firing.automation} fired at {plot.x} {_number(firing.step)}, {value}{failed}"


def _caption(plot: Plot, paper: _Paper, names: Sequence[str]) -> Markup:
    head = tag("p", tag("b", plot.metric), f" of run {plot.run}, {_count(plot)}")
    items = [
        tag("li", tag("span", class_=f"key {_colour(names, name)}"), *_legend(plot, paper, name))
        for name in names
    ]
    return tag("figcaption", head, tag("ul", *items))


def _legend(plot: Plot, paper: _Paper, automation: str) -> Iterator[Markup]:
    yield tag("b", automation)
    for curve in plot.curves:
        if curve.automation == automation:
            yield joined(" ", tag("code", curve.condition), _beyond(curve, paper))
    steps = [_number(f.step) for f in plot.firings if f.automation == automation]
    if not steps:
        yield joined(" never fired")
    else:
        listed = ", ".join(steps[:8]) + (f" and {len(steps) - 8} more" if len(steps) > 8 else "")
        yield joined(f" fired at {plot.x}{'' if len(steps) == 1 else 's'} {listed}")


def _beyond(curve: Curve, paper: _Paper) -> str:
    """Tell of a limit that is too far away to be drawn."""
    known = [y for limit in curve.limits for _, y in limit if y is not None]
    if not known or any(y in paper.y for y in known):
        return ""
    return f" (far {'above' if known[-1] > paper.y.high else 'below'}, at {_number(known[-1])})"


def _count(plot: Plot) -> str:
    missing = sum(y is None for _, y in plot.points)
    count = f"{plot.values} value{'' if plot.values == 1 else 's'}"
    return f"{count}, with gaps where it is no number" if missing else count


def _number(number: float) -> str:
    whole = number == int(number) if abs(number) < 1e15 else False
    return str(int(number)) if whole else shown_number(number)
