"""Collect music: music21's corpora and folders of MIDI, MusicXML, ABC and Humdrum files.

Comes in: the name of a collection, a file or a folder. Goes out: Scores, with the train,
validation and test split by piece. What was read once is cached in the user's cache folder, in a
form that loads in a fraction of a second; encodings are never redistributed.

>>> from musicgan_edu import corpus
>>> train = corpus.load("chorales", split="train")

Lesson 03 collects, cleans and splits with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

import platformdirs

from musicgan_edu import cleaning
from musicgan_edu.corpus import chosen, cluster, midi, notation, shards, store, workers
from musicgan_edu.corpus.report import ImportReport, split_of, united
from musicgan_edu.score import ReadError, Score

__all__ = [
    "ImportReport",
    "cache_folder",
    "collect",
    "folder_of",
    "import_folder",
    "load",
    "names",
    "read",
    "read_all",
    "read_chorale",
    "split_of",
]

CACHE_VERSION = 1  # raise it when what reading gives changes
FORMATS = (*midi.FORMATS, *notation.FORMATS)
MAX_BEATS = 50_000  # about seven hours; beyond that a file is damaged, or not one piece
_CHORALES = "chorales"
_MASSES, _QUARTETS = "masses", "quartets"
_ALIASES = {"nottingham": "nottingham-dataset"}
_NOT_MUSIC = ("demos", "theoryExercises")  # folders of music21's corpus for its own tests
_MAX_FOLDERS = 20  # so many folders stay cached
_SPLITS = ("train", "validation", "test")
_Answer = tuple[int, list[Score] | str]  # of `workers.read_many`


def cache_folder() -> Path:
    """Where imported corpora are kept; `XDG_CACHE_HOME` moves it. Safe to delete."""
    return platformdirs.user_cache_path("musicgan_edu", appauthor=False) / "corpora"


def names() -> tuple[str, ...]:
    """The collections that `load` knows, all from the installed music21."""
    folders = [path.name for path in sorted(_music21_corpus().iterdir()) if _music_files(path)[0]]
    plain = {folder: alias for alias, folder in _ALIASES.items()}
    return (
        _CHORALES,
        _MASSES,
        _QUARTETS,
        *(plain.get(name, name) for name in folders if name not in _NOT_MUSIC),
    )


def load(
    name: str | os.PathLike[str] = _CHORALES,
    *,
    split: str | None = None,
    progress: bool = True,
    n_processes: int | None = None,
) -> list[Score]:
    """The Scores of a collection or of a folder, in path order, from the cache where it has them.

    A piece that changes metre or tempo gives several Scores with one `source`; a piece that
    repeats an earlier one, transposed or not, is in the earlier one's split.

    Parameters
    ----------
    name : "chorales" (Bach's in four voices and 4/4), "masses" (half of the movements of Palestrina's
        masses in four voices and 4/2, in halved values: 4/4), "quartets" (string quartets by Haydn, Mozart,
        Beethoven and Schumann, any metre), another of `names()`, several of them joined by + (`source` then
        begins with the collection's name), or a folder's path.
    split : "train", "validation", "test", or None for all.
    progress : show a bar while files are read, and say how many were left out.
    n_processes : as many processes read in parallel; None for one a core.

    Raises
    ------
    ReadError : for a name that is neither, a split that isn't one, or no music at all.
    """
    if split is not None and split not in _SPLITS:
        raise ReadError(f"corpus: split must be one of {', '.join(_SPLITS)} or None, got {split!r}")
    report = collect(name, progress=progress, n_processes=n_processes)
    if not report.scores:
        raise ReadError(f"corpus: no music found in {str(name)!r}\n{report}")
    if progress and report.rejected and not set(str(name).split("+")) <= set(names()):
        print(f"{len(report.rejected)} files left out; print(corpus.import_folder({str(name)!r})) says why")
    return [score for score in report.scores if split in (None, report.splits[score.source])]


def collect(
    name: str | os.PathLike[str] = _CHORALES,
    *,
    progress: bool = True,
    n_processes: int | None = None,
    scheduler: str | None = None,
) -> ImportReport:
    """Everything that `load` knows of a collection or folder: Scores, splits, what was left out.

    From the cache where it has them, else read (and cached). The parameters are `load`'s and `import_folder`'s.

    Raises
    ------
    ReadError : a name that is neither a folder nor one of `names()`; a scheduler that can't be worked with.
    """
    name = str(name)
    if (parts := name.split("+"))[1:] and set(parts) <= set(names()):
        return united(
            {
                part: collect(part, progress=progress, n_processes=n_processes, scheduler=scheduler)
                for part in parts
            }
        )
    is_folder = name not in names()
    root = Path(name).expanduser().resolve() if is_folder else _root_of(name)
    if is_folder and not root.is_dir():
        raise ReadError(f"corpus: {name!r} is neither a folder nor one of {', '.join(names())}")
    paths, ignored = _music_files(root)
    stamp = _stamp(root, paths, is_folder)
    cache = cache_folder() / f"{_slug(name, root, is_folder)}.npz"
    with contextlib.suppress(ReadError):  # no cache yet, or a damaged one
        return _cached(cache, stamp)
    if name == _CHORALES:
        paths = [path for path in paths if path.suffix == ".mxl"]  # two are there as .krn too
    if name == _MASSES:
        paths = [path for path in paths if chosen.is_chosen_mass(path)]
    if name == _QUARTETS:
        paths = [path for path in paths if chosen.is_of_a_quartet(path.relative_to(root))]
    timeout = 120 if is_folder else 3600  # music21's tune books are large, and trusted
    read = _reader(scheduler, n_processes, timeout)
    keep = cache.with_suffix(".shards")
    reading = shards.resumed(paths, read, keep=keep, root=root, versions=f"{_versions()} {timeout}")
    report = _gather(root, paths, _counted(reading, len(paths), progress))
    report = dataclasses.replace(report, ignored=tuple(path.name for path in ignored))
    if name == _CHORALES:
        report = chosen.only_chorales(report)
    if name == _MASSES:
        report = chosen.halved(report)
    if name == _QUARTETS:
        report = chosen.only_quartets(report)
    _keep(cache, stamp, report)
    shutil.rmtree(keep, ignore_errors=True)
    return report


def _reader(scheduler: str | None, n_processes: int | None, timeout: float) -> shards.Read:
    """What reads paths: processes of ours, or Dask's."""
    if scheduler is None:
        return functools.partial(workers.read_many, n_processes=n_processes, timeout=timeout)
    return functools.partial(
        cluster.read_many, check=_check_file, scheduler=scheduler, n_processes=n_processes, timeout=timeout
    )


def import_folder(
    path: str | os.PathLike[str],
    *,
    progress: bool = True,
    n_processes: int | None = None,
    scheduler: str | None = None,
) -> ImportReport:
    """Read every music file under a folder; `print` the result to see what was kept and why not.

    A file that can't be read never stops the others. An import that is stopped or killed goes on where it was:
    the same call reads only the files (by the hundred) that weren't finished.

    Parameters
    ----------
    progress : show a bar.
    n_processes : as many processes read in parallel; None for one a core, at most 8.
    scheduler : the address of a Dask cluster, "tcp://10.0.0.1:8786", whose workers have this package; or
        "processes" for Dask on this machine. The result is the same, bit for bit. Needs the extra `scale`.

    Raises
    ------
    ReadError : where `path` isn't a folder, or the scheduler can't be worked with.
    """
    folder = Path(path).expanduser().resolve()  # absolute: a folder called "bach" is no collection
    if not folder.is_dir():
        raise ReadError(f"corpus: {str(path)!r} is not a folder")
    return collect(folder, progress=progress, n_processes=n_processes, scheduler=scheduler)


def read(path: str | os.PathLike[str]) -> Score:
    """The one Score in a file.

    Raises
    ------
    ReadError : naming file and cause; also where the file holds several tunes, or changes its
        metre or tempo on the way: `read_all` gives those.
    """
    scores = read_all(path)
    if len(scores) > 1:
        raise ReadError(
            f"{Path(path).name}: holds {len(scores)} pieces (tunes, or stretches of one metre and "
            "tempo): corpus.read_all gives them all"
        )
    return scores[0]


def read_all(path: str | os.PathLike[str]) -> list[Score]:
    """Every Score in a file: its tunes, each split where metre or tempo changes.

    `source` is the file's name, with `#n` behind it for the nth tune of a file that holds many.
    `key` is estimated from the notes: the stated one is the tonic of the last bass note in 76 % of
    the chorales, the estimate in 86 %, and most MIDI files state none, or C major.

    Raises
    ------
    ReadError : naming file and cause.
    """
    path = Path(path)
    _check_file(path)
    is_midi = path.suffix.lower() in midi.FORMATS
    tunes = [midi.read_sections(path)] if is_midi else notation.read_tunes(path)
    scores = [
        score.replace(
            source=f"{path.name}#{n}" if len(tunes) > 1 else path.name,
            key=cleaning.estimate_key(score) if cleaning.has_pitches(score) else None,
        )
        for n, sections in enumerate(tunes, start=1)
        for score in sections
    ]
    if not scores:
        raise ReadError(f"{path.name}: no notes in it")
    if max(score.end for score in scores) > MAX_BEATS:
        raise ReadError(f"{path.name}: longer than {MAX_BEATS} beats: damaged, or not one piece")
    return scores


def read_chorale(name: str) -> Score:
    """One of Bach's four-part chorales, as `load` gives it, read alone: half a second, no cache.

    Parameters
    ----------
    name : its file's stem, such as "bwv66.6".

    Raises
    ------
    ReadError : no such file, or not in four voices and 4/4.
    """
    path = _root_of(_CHORALES) / f"{name}.mxl"
    report = chosen.only_chorales(ImportReport(tuple(read_all(path)), ()))
    if not report.scores:
        raise ReadError(f"corpus: {name!r} is no chorale of the collection: {report.rejected[0][1]}")
    return report.scores[0]


def _check_file(path: Path) -> None:
    """Refuse what no parser should be handed."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ReadError(f"{path.name}: not a kind of file that is read ({', '.join(FORMATS)})")
    try:
        status = path.stat()
    except OSError as error:
        raise ReadError(f"{path.name}: can't be opened ({error.strerror})") from error
    if not stat.S_ISREG(status.st_mode):
        raise ReadError(f"{path.name}: not a plain file")
    limit = midi.MAX_BYTES if suffix in midi.FORMATS else notation.MAX_BYTES
    if status.st_size > limit:
        raise ReadError(f"{path.name}: {status.st_size >> 20} MiB, more than {limit >> 20} MiB")
    if status.st_size == 0:
        raise ReadError(f"{path.name}: the file is empty")


def _cached(cache: Path, stamp: str) -> ImportReport:
    """The report that `_keep` wrote; ReadError where there is none, or one of another stamp."""
    scores, about = store.load(cache)
    if about["stamp"] != stamp:
        raise ReadError(f"corpus: {cache.name} is out of date")
    report = ImportReport(tuple(scores), tuple(map(tuple, about["rejected"])), tuple(about["ignored"]))
    vars(report)["splits"] = about["splits"]  # fills the cached property
    return report


def _keep(cache: Path, stamp: str, report: ImportReport) -> None:
    about = {"stamp": stamp, "rejected": report.rejected, "ignored": report.ignored, "splits": report.splits}
    with contextlib.suppress(OSError):  # without a writable cache the next call reads again
        store.save(cache, report.scores, about)
        for kind in ("npz", "shards"):
            folders = sorted(cache.parent.glob(f"folder-*.{kind}"), key=lambda path: path.stat().st_mtime)
            for oldest in folders[:-_MAX_FOLDERS]:  # of folders that may be long gone
                _remove(oldest)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _music21_corpus() -> Path:
    """The folder of music21's corpus, found without importing music21 (which takes a second)."""
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise ReadError("corpus: music21 is not installed: pip install music21")
    return Path(spec.submodule_search_locations[0]) / "corpus"


def folder_of(name: str) -> Path:
    """Where the installed music21 keeps a collection of `names()`; its files' names are below it."""
    if name not in names():
        raise ReadError(f"corpus: {name!r} is none of {', '.join(names())}")
    return _root_of(name)


def _root_of(name: str) -> Path:
    folders = {_CHORALES: "bach", _MASSES: "palestrina", _QUARTETS: "", **_ALIASES}
    return _music21_corpus() / folders.get(name, name)


def _music_files(root: Path) -> tuple[list[Path], list[Path]]:
    """Files under `root` in path order: those that are read, and the others; hidden ones in neither."""
    found: list[Path] = []
    others: list[Path] = []
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if not each.startswith((".", "__"))]
        for file in files:
            if not file.startswith("."):
                kept = found if Path(file).suffix.lower() in FORMATS else others
                kept.append(Path(folder, file))
    return _in_path_order(found, root), _in_path_order(others, root)


def _in_path_order(paths: Sequence[Path], root: Path) -> list[Path]:
    return sorted(paths, key=lambda path: path.relative_to(root).as_posix())


def _slug(name: str, root: Path, is_folder: bool) -> str:
    return f"folder-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}" if is_folder else name


def _stamp(root: Path, paths: Sequence[Path], is_folder: bool) -> str:
    """What a cache was made from; another stamp means: read again."""
    return shards.signature(_versions(), root, paths) if is_folder else _versions()


def _versions() -> str:
    return f"{CACHE_VERSION} music21 {importlib.metadata.version('music21')}"


def _counted(answers: Generator[_Answer], total: int, progress: bool) -> Iterator[_Answer]:
    """The answers as they come, under a progress bar; closes the workers whatever happens."""
    from tqdm.auto import tqdm

    with contextlib.closing(answers):
        yield from tqdm(answers, total=total, desc="reading", unit=" files", disable=not progress)


def _gather(root: Path, paths: Sequence[Path], answers: Iterable[_Answer]) -> ImportReport:
    """All answers in path order, each Score's `source` the path below `root` (and its `#n`)."""
    scores: list[Score] = []
    rejected: list[tuple[str, str]] = []
    for index, answer in sorted(answers, key=lambda pair: pair[0]):
        name = paths[index].relative_to(root).as_posix()
        if isinstance(answer, str):
            rejected.append((name, answer))
        else:
            end = len(paths[index].name)
            scores += [score.replace(source=name + score.source[end:]) for score in answer]
    return ImportReport(tuple(scores), tuple(rejected))
