"""The `targeting` command: parses, prints, sets the exit code. Heavy imports wait for their use."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from targeting import __version__
from targeting.collecting import collect_seldom_here
from targeting.explaining.arguments import Console, add_commands
from targeting.i18n import LANGUAGES, catalogue, say
from targeting.problems import Problem, TargetingError

if TYPE_CHECKING:
    from targeting.model import Result
    from targeting.sources.fetched import Wanted
    from targeting.study import Study

OK, BUG, WRONG = 0, 1, 2
DIFFERS = 1  # an index rebuilt is not the one published
LISTS = ("indicators", "methods", "facility-kinds", "published")
METHOD_KINDS = (
    "reader",
    "population",
    "measure",
    "treatment",
    "normalizer",
    "weigher",
    "aggregator",
    "classifier",
    "delineator",
    "hotspot",
    "scan",
)
WITHOUT = ("denue", "conapo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 done, 2 the study or its files need mending, 1 a defect of ours (or, of `reproduce`,
        an index that is not the one published).
    """
    _plain_streams()
    if arguments is None:
        collect_seldom_here()
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = _language(given)
    options = _parser(language).parse_args(given)
    try:
        return int(options.action(options, language))
    except TargetingError as error:
        _complain(error, language)
        return WRONG
    except OSError as error:
        values = {"given": error.filename or "–", "detail": error.strerror or str(error)}
        _complain(TargetingError([Problem("unwritable", "files", values)]), language)
        return WRONG
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 (the last door: say what happened, keep the trace)
        print(say("cli.bug", language), file=sys.stderr)
        traceback.print_exc()
        return BUG


def _plain_streams() -> None:
    """Write accents whatever the console's code page."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _language(given: Sequence[str]) -> str:
    """Language of the messages: --lang, else TARGETING_LANG, else the system's, else Spanish."""
    wanted = os.environ.get("TARGETING_LANG") or os.environ.get("LANG") or "es"
    for position, word in enumerate(given):
        if word == "--lang" and position + 1 < len(given):
            wanted = given[position + 1]
        elif word.startswith("--lang="):
            wanted = word.partition("=")[2]
    return wanted[:2] if wanted[:2] in LANGUAGES else "es"


def _parser(language: str) -> argparse.ArgumentParser:
    def words(key: str) -> str:
        return say(f"cli.{key}", language)

    _speak(language)
    parser = argparse.ArgumentParser(prog="targeting", description=words("about"))
    version = f"targeting {__version__}"
    parser.add_argument("--version", action="version", version=version, help=words("version"))
    parser.add_argument("--lang", choices=LANGUAGES, help=words("lang"))
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--lang", choices=LANGUAGES, help=words("lang"))
    commands = parser.add_subparsers(title=words("commands"), required=True, metavar="")

    def command(name: str, action: object) -> argparse.ArgumentParser:
        text = words(f"command-{name}")
        sub = commands.add_parser(name, help=text, description=text, parents=[shared])
        sub.set_defaults(action=action)
        return sub

    new = command("new", _new)
    new.add_argument("folder", type=Path, help=words("folder"))
    for name, action in (("check", _check), ("run", _run)):
        sub = command(name, action)
        sub.add_argument("study", type=Path, nargs="?", help=words("study"))
        sub.add_argument("--data", type=Path, help=words("data"))
        if name == "run":
            sub.add_argument("--out", type=Path, help=words("out"))
            sub.add_argument("--internal", action="store_true", help=words("internal"))
            sub.add_argument("--phone", action="store_true", help=words("phone"))
            sub.add_argument("--picture", type=Path, action="append", help=words("picture"))
        else:
            sub.add_argument("--report", type=Path, help=words("report"))
        sub.add_argument("--fresh", action="store_true", help=words("fresh"))
    fetch = command("fetch", _fetch)
    fetch.add_argument("code", help=words("code"))
    fetch.add_argument("--into", type=Path, required=True, help=words("into"))
    fetch.add_argument(
        "--without", choices=WITHOUT, action="append", default=[], help=words("without")
    )
    fetch.add_argument("--replace", action="store_true", help=words("replace"))
    fetch.add_argument("--print", action="store_true", help=words("print"))
    fetch.add_argument("--base-url", help=argparse.SUPPRESS)
    listing = command("list", _list)
    listing.add_argument("what", choices=LISTS, help=words("what"))
    reproduce = command("reproduce", _reproduce)
    reproduce.add_argument("id", help=words("reproduce-id"))
    reproduce.add_argument("file", type=Path, help=words("reproduce-file"))
    reproduce.add_argument("--json", action="store_true", help=words("reproduce-json"))
    reproduce.add_argument("--beside", type=Path, help=words("reproduce-beside"))
    reproduce.add_argument("--columns", type=Path, help=words("reproduce-columns"))
    reproduce.add_argument("--sheet", help=words("reproduce-sheet"))
    add_commands(command, words, Console(_study_path, _teller, _cache, print))
    index = command("index", _index)
    index.add_argument("folder", type=Path, nargs="+", help=words("index-folder"))
    index.add_argument("--out", type=Path, required=True, help=words("index-out"))
    sample = command("sample", _sample)
    sample.add_argument("--blocks", type=int, help=words("blocks"), metavar="N")
    sample.add_argument("--seed", type=int, help=words("seed"))
    sample.add_argument("--out", type=Path, required=True, help=words("sample-out"))
    sample.add_argument("--without-plants", action="store_true", help=words("without-plants"))
    sample.add_argument("--abroad", action="store_true", help=words("abroad"))
    return parser


def _speak(language: str) -> None:
    """Give argparse's own words in the reader's language (it looks them up through `_`)."""
    known = {key[9:]: text for key, text in catalogue(language).items() if key[:9] == "argparse."}
    setattr(argparse, "_", lambda text: known.get(text, text))  # noqa: B010 (not in its stubs)


def _complain(error: TargetingError, language: str, heading: str = "cli.problems") -> None:
    count = len(error.problems)
    print(say(heading, language, count=count), file=sys.stderr)
    for problem in error.problems:
        print(f"  - {problem.text(language)}", file=sys.stderr)


def _study_path(given: Path | None, language: str) -> Path:
    """Path of the study meant: the one named, the one here, or the made city's."""
    if given is not None:
        return given / "study.yaml" if given.is_dir() else given
    for here in (Path("study.yaml"), Path("data/study.yaml"), Path("ciudad-ejemplo/study.yaml")):
        if here.is_file():
            return here
    folder = Path("ciudad-ejemplo")
    _write_city(folder, language)
    return folder / "study.yaml"


def _write_city(folder: Path, language: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TargetingError([Problem("folder-not-empty", "new", {"given": str(folder)})])
    from targeting.sample import write_city

    print(say("cli.making", language, folder=folder), file=sys.stderr)
    write_city(folder)


def _new(options: argparse.Namespace, language: str) -> int:
    _write_city(options.folder, language)
    study = options.folder / "study.yaml"
    print(say("cli.new-done", language, study=study))
    return OK


def _sample(options: argparse.Namespace, language: str) -> int:
    from targeting.sample import write_city, write_generic_city

    if options.blocks is not None and not 500 <= options.blocks <= 2_500_000:
        values = {"given": options.blocks, "expected": "500 … 2,500,000"}
        raise TargetingError([Problem("out-of-range", "--blocks", values)])
    given = {"blocks": options.blocks, "seed": options.seed, "plants": not options.without_plants}
    settings = {key: value for key, value in given.items() if value is not None}
    files = (write_generic_city if options.abroad else write_city)(options.out, **settings)
    print(say("cli.sample-done", language, count=len(files), folder=options.out))
    return OK


def _fetch(options: argparse.Namespace, language: str) -> int:
    from datetime import date

    from targeting.sources.mx.publishers import fetch_municipality, wanted_files

    def tell(event: str, **values: object) -> None:
        words = {k: _said(v, language) for k, v in values.items()}
        print(say(f"fetch.{event}", language, **words), file=sys.stderr)

    try:
        chosen = {"without": options.without, "base_url": options.base_url}
        wanted = wanted_files(options.code, **chosen)
        if options.print:
            _print_places(wanted, options.into, language)
            return OK
        city = fetch_municipality(
            options.code,
            options.into,
            today=date.today().isoformat(),
            replace_files="when newer" if options.replace else "never",
            tell=tell,
            **chosen,
        )
    except TargetingError as error:
        _complain(error, language, "fetch.problems")
        failed = {problem.where for problem in error.problems if problem.code[:4] == "not-"}
        if failed:
            lacking = [one for one in wanted if one.key in failed]
            _print_places(lacking, options.into, language)
        return WRONG
    tell("study" if city.study_written else "study-kept", file=city.study)
    print(say("fetch.ready", language, folder=options.into, study=city.study))
    return OK


def _said(value: object, language: str) -> object:
    """Return a value of a message, itself said when it is the key of one."""
    return say(str(value), language) if str(value).startswith("expected.") else value


def _print_places(wanted: Iterable[Wanted], into: Path, language: str) -> None:
    """Print where each file is offered, and where to put it when it is fetched by hand."""
    from targeting.sources.mx.publishers import places_of

    print(say("fetch.by-hand-how", language))
    for one in wanted:
        year = one.year or say("fetch.newest-year", language)
        values = {"name": one.names[language], "source": one.source, "year": year}
        print(say("fetch.what", language, terms=one.terms, page=one.page, **values))
        for address, place in places_of(one, into):
            print(say("fetch.place", language, address=address, place=place))


def _check(options: argparse.Namespace, language: str) -> int:
    path = _study_path(options.study, language)
    study = _check_whole(path, options, language) if options.report else None
    if study is None:
        from targeting.pipeline import check
        from targeting.render import head_lines

        study, report = check(path, options.data)
        print("\n".join(head_lines(report, language)))
        print("  " + say("intake.terminal.ask", language))
    print(say("cli.check-done", language, title=study.title[language]))
    return OK


def _check_whole(path: Path, options: argparse.Namespace, language: str) -> Study:
    """Read everything, and write the account of it."""
    from targeting.pipeline import check_whole
    from targeting.render import (
        check_folder,
        intake_lines,
        intake_record,
        public_intake,
        write_intake,
    )

    unwritable = check_folder(options.report)
    if unwritable:
        raise TargetingError(replace(problem, where="--report") for problem in unwritable)
    tell = _teller(language)
    study, territory = check_whole(path, options.data, tell=tell, cache=_cache(options))
    print("\n".join(intake_lines(territory.intake, language)))
    about: dict[str, Any] = {"title": study.title, "language": study.language, "made": study.made}
    about["publish"] = study.publish
    told = public_intake(territory, study.publish)
    files = write_intake(intake_record(told, territory.crs, **about), options.report)
    print("  " + say("intake.terminal.whole", language, file=files[0]))
    return study


def _teller(language: str) -> Callable[[str], None]:
    return lambda step: print(say(f"cli.step-{step}", language), file=sys.stderr)


def _cache(options: argparse.Namespace) -> Path | None:
    """Return the folder of kept intakes: the user's own, or the one TARGETING_CACHE names."""
    if options.fresh:
        return None
    from platformdirs import user_cache_path

    chosen = os.environ.get("TARGETING_CACHE")
    return Path(chosen) if chosen else user_cache_path("targeting") / "intakes"


def _run(options: argparse.Namespace, language: str) -> int:
    from targeting.pipeline import run
    from targeting.render import (
        doubt_lines,
        finding_lines,
        hold_out_lines,
        hotspot_lines,
        intake_lines,
        plan_lines,
    )
    from targeting.render.sharing import check_pictures, write_picture

    path = _study_path(options.study, language)
    out = options.out or path.parent / "results"
    pictures = options.picture or []
    if pictures and (problems := check_pictures(pictures)):
        raise TargetingError(problems)
    tell = _teller(language)
    more = {"internal": options.internal, "phone": options.phone}
    kept = _cache(options)
    result, files = run(path, out, options.data, tell=tell, cache=kept, **more)
    print("\n".join(intake_lines(result.territory.intake, language)))
    print("  " + say("intake.terminal.whole", language, file=out / "intake.html"))
    _print_polygons(result, language)
    told = [*plan_lines(result, language), *doubt_lines(result, language)]
    told += finding_lines(result, language)
    told += [*hotspot_lines(result, language), *hold_out_lines(result, language)]
    print("\n".join(told))
    for picture in pictures:
        write_picture((out / "map.svg").read_text(encoding="utf-8"), picture)
    page = next(file for file in files if file.suffix == ".html")
    if options.internal:
        print(say("cli.internal-done", language, page=out / "internal" / "internal.html"))
    print(say("cli.run-done", language, folder=out, page=page.resolve()))
    return OK


def _index(options: argparse.Namespace, language: str) -> int:
    from targeting.render.sharing import write_index

    write_index(options.folder, options.out, language=language)
    print(say("cli.index-done", language, count=len(options.folder), page=options.out))
    return OK


def _print_polygons(result: Result, language: str) -> None:
    table = result.polygons.polygons
    if table.empty:
        print(say("cli.no-polygons", language))
        return
    print(say("cli.polygons", language, count=len(table)))
    for number, row in table.iterrows():
        values = {"number": number, "people": row["population"], "score": row["score"]}
        print("  " + say("cli.polygon", language, area=row["area_km2"], **values))


def _reproduce(options: argparse.Namespace, language: str) -> int:
    from targeting.published import read_columns, report_json, report_lines, reproduce

    try:
        columns = read_columns(options.columns)
        about = {"beside": options.beside, "columns": columns, "sheet": options.sheet}
        answer = reproduce(options.id, options.file, **about)
    except TargetingError as error:
        _complain(error, language, "reproduce.problems")
        return WRONG
    print(report_json(answer) if options.json else "\n".join(report_lines(answer, language)))
    return OK if answer.agrees else DIFFERS


def _list(options: argparse.Namespace, language: str) -> int:
    if options.what == "published":
        from targeting.published import listing_lines

        print("\n".join(listing_lines(language)))
    elif options.what == "indicators":
        from targeting.catalogue import catalogue

        for key, record in catalogue().items():
            print(f"{key:34} {record['dimension']:16} {record['name'][language]}")
    elif options.what == "facility-kinds":
        from targeting.facility_kinds import facility_kinds

        for key, kind in facility_kinds().items():
            norm = f"{kind.norm_m:,.0f} m" if kind.norm_m else "–"
            print(f"{key:20} {norm:>8}  {kind.label(language)}")
    else:
        from targeting import registry

        for group in METHOD_KINDS:
            for name in registry.names(group):
                settings = ", ".join(registry.settings(group, name)) or "–"
                print(f"{group:11} {name:22} {settings}")
    return OK
