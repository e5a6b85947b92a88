"""Choose one version of every plugin that a plugin needs, directly or through others.

The search goes through the names breadth-first, in alphabetical order, and gives each the first
candidate with which all others still have one: the newest that fits. At a dead end it returns to
the latest decision that took part in it and records the combination, so that it is not tried again
(conflict-directed backjumping with learning). It finds a solution whenever there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field

from plugport.installer.errors import (
    DependencyConflictError,
    DependencyLimitError,
    DependencyNotFoundError,
)
from plugport.spec.errors import PlugportError
from plugport.spec.ranges import Range
from plugport.spec.text import quote_text
from plugport.spec.versions import Version

MAX_NAMES = 1_000
# Comparisons of versions and choices. Most real sets need some thousands; the largest known needs
# 2,700,000 (2 s).
MAX_STEPS = 10_000_000
# Bounds the memory of what the search learns.
_MAX_LEARNED = 50_000
_MAX_LEARNED_NAMES = 32
_MAX_LISTED = 8


class Candidate(Struct, frozen=True):
    """A version that could be chosen. `dependencies` maps the names of plugins to npm ranges."""

    name: str
    version: Version
    dependencies: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The candidate for messages: `name@version`."""
        return f"{self.name}@{self.version}"


# Returns the candidates of a name, best first; none if there is no such plugin. Their own name
# differs from the requested one if the plugin was renamed.
LoadCandidates = Callable[[str], Sequence[Candidate]]


class Solution(Struct, frozen=True):
    """The chosen candidates by name. `present_names` has the names of renamed plugins by their old."""

    chosen: Mapping[str, Candidate]
    present_names: Mapping[str, str]

    def list_needed(self, name: str) -> list[str]:
        """The present names of all that the chosen candidate of a name needs, sorted."""
        needed = self.chosen[name].dependencies
        return sorted({self.present_names.get(each, each) for each in needed} - {name})


def solve_dependencies(
    roots: Sequence[Candidate],
    load: LoadCandidates,
    installed: Mapping[str, Candidate] | None = None,
) -> Solution:
    """Return the chosen candidates, with all `roots` among them. The roots have different names.

    Installed plugins come first among the candidates of their name, and are loaded without `load`.
    Those that nobody in the solution needs stay, so no choice may break their dependencies. Raises
    `DependencyNotFoundError`, `DependencyConflictError`, `DependencyLimitError`, and the errors of
    `load`.
    """
    return _Search(roots, load, installed or {}).run()


class _Need(Struct, frozen=True):
    """A chosen candidate needs a name in a range."""

    by: Candidate
    text: str


class _Rejection(Struct, frozen=True):
    """Why a candidate does not fit: a sentence about a name, and the chosen names in its way."""

    names: set[str]
    about: str
    reason: str


class _Frame(Struct):
    """A decision about one name: what is left to try, and the names to which dead ends are due."""

    name: str
    candidates: Iterator[Candidate]
    conflict: set[str] = field(default_factory=set)
    rejection: _Rejection | None = None
    queue_length: int = 0
    needed: list[str] = field(default_factory=list)


_Pair = tuple[str, str]


class _Search:
    def __init__(
        self, roots: Sequence[Candidate], load: LoadCandidates, installed: Mapping[str, Candidate]
    ) -> None:
        self._roots = {root.name: root for root in roots}
        self._labels = " and ".join(f"`{root.label}`" for root in roots)
        self._load = load
        self._installed = {
            name: each for name, each in installed.items() if name not in self._roots
        }
        self._replaced = {name: installed[name] for name in self._roots if name in installed}
        self._loaded: dict[str, Sequence[Candidate]] = {}
        self._matching: dict[tuple[str, str], int] = {}
        self._aliases: dict[str, str] = {name: name for name in self._roots}
        self._chosen: dict[str, Candidate] = {}
        self._needs: dict[str, list[_Need]] = {}
        # Every name that is needed, in the order of decision; the frames decide a prefix of it.
        self._queue: list[str] = []
        self._frames: list[_Frame] = []
        # By candidate: the other parts of combinations that have no solution.
        self._nogoods: dict[_Pair, list[tuple[_Pair, ...]]] = {}
        self._learned = 0
        self._steps = 0
        self._first_error: PlugportError | None = None

    def run(self) -> Solution:
        # All of them first, so that they are compared with each other.
        self._chosen.update(self._roots)
        for root in self._roots.values():
            rejection = self._reject(root)
            if rejection is not None:
                rejection.names.add(root.name)
                raise self._build_error(rejection)
            self._choose(_Frame(root.name, iter(())), root)
        while True:
            if len(self._frames) < len(self._queue):
                name = self._queue[len(self._frames)]
                frame = _Frame(name, self._iter_fitting(name), queue_length=len(self._queue))
            elif broken := self._find_broken():
                # Any decision may have led there, so only the last one is undone.
                self._first_error = self._first_error or broken
                frame = self._return_to(set(self._chosen))
            else:
                renamed = {old: new for old, new in self._aliases.items() if old != new}
                return Solution(self._chosen, renamed)
            while not self._advance(frame):
                frame = self._return_from(frame)
            self._frames.append(frame)

    def _advance(self, frame: _Frame) -> bool:
        """Choose the next candidate of a frame that fits. Returns False at a dead end."""
        for candidate in frame.candidates:
            self._count_steps(1 + len(candidate.dependencies))
            names = self._find_nogood(candidate)
            if names is None:
                rejection = self._reject(candidate)
                if rejection is None:
                    self._choose(frame, candidate)
                    return True
                frame.rejection = frame.rejection or rejection
                names = rejection.names
            frame.conflict |= names
        return False

    def _choose(self, frame: _Frame, candidate: Candidate) -> None:
        self._chosen[candidate.name] = candidate
        needed = {self._find_name(name): text for name, text in candidate.dependencies.items()}
        for name in sorted(needed.keys() - {candidate.name}):
            self._needs.setdefault(name, []).append(_Need(candidate, needed[name]))
            frame.needed.append(name)
            if name not in self._queue and name not in self._roots:
                self._queue.append(name)

    def _return_from(self, frame: _Frame) -> _Frame:
        """Leave a dead end: return to the latest decision that has a part in it."""
        names = frame.conflict | {need.by.name for need in self._needs[frame.name]}
        if self._first_error is None:
            needs = self._needs[frame.name]
            self._first_error = self._build_error(
                frame.rejection or _Rejection(names, frame.name, self._describe(frame.name, needs))
            )
        self._learn([(name, str(self._chosen[name].version)) for name in names])
        return self._return_to(names)

    def _learn(self, pairs: list[_Pair]) -> None:
        """Record a combination of choices that has no solution."""
        if len(pairs) > _MAX_LEARNED_NAMES or self._learned >= _MAX_LEARNED:
            return
        self._learned += 1
        for pair in pairs:
            others = tuple(each for each in pairs if each != pair)
            self._nogoods.setdefault(pair, []).append(others)

    def _return_to(self, names: set[str]) -> _Frame:
        while self._frames:
            frame = self._frames.pop()
            del self._chosen[frame.name]
            for name in frame.needed:
                self._needs[name].pop()
            frame.needed.clear()
            del self._queue[frame.queue_length :]
            if frame.name in names:
                frame.conflict |= names - {frame.name}
                return frame
        assert self._first_error is not None
        raise self._first_error

    def _iter_fitting(self, name: str, *texts: str) -> Iterator[Candidate]:
        """The candidates of a name in these ranges and in those of all who need it."""
        texts += tuple(need.text for need in self._needs.get(name, ()))
        installed = self._installed.get(name)
        if installed is not None and all(_is_in_range(installed.version, each) for each in texts):
            yield installed
        # Only now: often no request is needed.
        candidates = self._load_once(name)
        # Bit N stands for candidate N. Most of the time of a search is spent here.
        mask = (1 << len(candidates)) - 1
        for text in texts:
            mask &= self._find_matching(name, text)
        while mask:
            lowest = mask & -mask
            yield candidates[lowest.bit_length() - 1]
            mask ^= lowest

    def _find_matching(self, name: str, text: str) -> int:
        """The bits of the loaded candidates of a name that are in a range."""
        key = (name, text)
        if key not in self._matching:
            candidates = self._load_once(name)
            self._count_steps(len(candidates))
            self._matching[key] = sum(
                1 << n for n, each in enumerate(candidates) if _is_in_range(each.version, text)
            )
        return self._matching[key]

    def _load_once(self, name: str) -> Sequence[Candidate]:
        if name not in self._loaded:
            if len(self._loaded) >= MAX_NAMES:
                raise DependencyLimitError(
                    f"More than {MAX_NAMES:,} other plugins are needed by {self._labels}"
                )
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _find_name(self, name: str) -> str:
        """The present name of a plugin that may have been renamed."""
        if name in self._installed:
            return name
        if name not in self._aliases:
            candidates = self._load_once(name)
            present = candidates[0].name if candidates else name
            self._aliases[name] = present
            self._loaded.setdefault(present, candidates)
        return self._aliases[name]

    def _reject(self, candidate: Candidate) -> _Rejection | None:
        """Why a candidate contradicts what is chosen, by its dependencies; None if it fits."""
        for written, text in sorted(candidate.dependencies.items()):
            name = self._find_name(written)
            chosen = candidate if name == candidate.name else self._chosen.get(name)
            if chosen is not None:
                if not _is_in_range(chosen.version, text):
                    needs = [*self._needs.get(name, ()), _Need(candidate, text)]
                    reason = f"{_list_needs(name, needs)}, but `{chosen.version}` does not fit"
                    return _Rejection({name} - {candidate.name}, name, reason)
            elif next(self._iter_fitting(name, text), None) is None:
                needs = self._needs.get(name, [])
                reason = self._describe(name, [*needs, _Need(candidate, text)])
                return _Rejection({need.by.name for need in needs}, name, reason)
        return None

    def _find_nogood(self, candidate: Candidate) -> set[str] | None:
        """The other names of a combination without a solution that a candidate completes."""
        for pairs in self._nogoods.get((candidate.name, str(candidate.version)), ()):
            self._count_steps(1)
            if all(
                (chosen := self._chosen.get(name)) and str(chosen.version) == version
                for name, version in pairs
            ):
                return {name for name, _ in pairs}
        return None

    def _find_broken(self) -> PlugportError | None:
        """The error for an installed plugin outside the solution that a choice would break."""
        for name, plugin in self._installed.items():
            if name in self._chosen:
                continue
            for needed, text in plugin.dependencies.items():
                chosen = self._chosen.get(needed)
                if chosen is None or _is_in_range(chosen.version, text):
                    continue
                before = self._replaced.get(needed) or self._installed.get(needed)
                # What is installed may not fit already; only a change can be refused.
                if before is None or before.version != chosen.version:
                    return DependencyConflictError(
                        f"The installed `{plugin.label}` needs {_format_need(needed, text)}, but"
                        f" {self._labels} would install `{chosen.label}`",
                        hint=f"Remove or update `{name}` first.",
                        context={"name": needed},
                    )
        return None

    def _build_error(self, rejection: _Rejection) -> PlugportError:
        # One plugin alone asks for what does not exist; several may contradict each other.
        is_conflict = len(rejection.names) > 1 or bool(rejection.names - self._roots.keys())
        kind = DependencyConflictError if is_conflict else DependencyNotFoundError
        return kind(
            f"The dependencies of {self._labels} cannot be installed: {rejection.reason}",
            hint=self._list(rejection.about),
            context={"name": rejection.about},
        )

    def _describe(self, name: str, needs: Sequence[_Need]) -> str:
        listed = _list_needs(name, needs)
        if not self._load_once(name):
            return f"{listed}, but the registry has no installable release of `{name}`"
        return f"{listed}, but no release of `{name}` fits"

    def _list(self, name: str) -> str | None:
        versions = sorted((each.version for each in self._load_once(name)), reverse=True)
        more = ", …" if len(versions) > _MAX_LISTED else ""
        listed = ", ".join(map(str, versions[:_MAX_LISTED]))
        return f"Installable versions of {quote_text(name)}: {listed}{more}." if listed else None

    def _count_steps(self, number: int) -> None:
        self._steps += number
        if self._steps > MAX_STEPS:
            raise DependencyLimitError(
                f"The dependencies of {self._labels} have no solution in {MAX_STEPS:,} steps",
                hint="Install some of its dependencies first, each in a version that fits.",
            )


def _list_needs(name: str, needs: Sequence[_Need]) -> str:
    listed = [
        f"`{need.by.label}` needs {_format_need(name, need.text)}" for need in needs[:_MAX_LISTED]
    ]
    return ", ".join(listed) + (", …" if len(needs) > _MAX_LISTED else "")


def _format_need(name: str, text: str) -> str:
    # The range is the text of a registry, or of the record in a cloned project.
    return quote_text(f"{name} {text}")


@lru_cache(maxsize=10_000)
def _parse_range(text: str) -> Range | None:
    try:
        return Range.parse(text)
    except PlugportError:
        return None


def _is_in_range(version: Version, text: str) -> bool:
    """Whether a version is in a range; never in a text that is no range."""
    parsed = _parse_range(text)
    return parsed is not None and version in parsed
