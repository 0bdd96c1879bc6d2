"""The commands that ask something of a study's result: their arguments, and what they print."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Action = Callable[[argparse.Namespace, str], int]


class Console(NamedTuple):
    """What the command line lends its commands.

    Parameters
    ----------
    study_path : callable
        The study meant by an argument, in a language.
    teller : callable
        What tells each step as it starts, in a language.
    cache : callable
        The folder of kept intakes, by the arguments.
    show : callable
        What prints an answer.
    """

    study_path: Callable[[Path | None, str], Path]
    teller: Callable[[str], Callable[[str], None]]
    cache: Callable[[argparse.Namespace], Path | None]
    show: Callable[[str], None]


def add_commands(
    command: Callable[[str, Action], argparse.ArgumentParser],
    words: Callable[[str], str],
    console: Console,
) -> None:
    """Add `explain`, `compare` and `judge`; what they do is imported when they are used.

    Parameters
    ----------
    command : callable
        Adds a command of a name that does something, and returns its parser.
    words : callable
        The text of a message of the command line.
    console : Console
        What they are lent.
    """
    explain = command("explain", lambda options, language: _explain(options, language, console))
    explain.add_argument("study", type=Path, help=words("explain-study"))
    explain.add_argument("block", nargs="+", help=words("explain-block"))
    explain.add_argument("--data", type=Path, help=words("data"))
    explain.add_argument(
        "--baseline", choices=("zero", "median"), default="zero", help=words("explain-baseline")
    )
    explain.add_argument("--top", type=float, help=words("explain-top"))
    compare = command("compare", lambda options, language: _compare(options, language, console))
    compare.add_argument("before", type=Path, help=words("compare-before"))
    compare.add_argument("after", type=Path, help=words("compare-after"))
    compare.add_argument("--top", type=float, default=0.1, help=words("compare-top"))
    judge = command("judge", lambda options, language: _judge(options, language, console))
    judge.add_argument("study", type=Path, help=words("judge-study"))
    judge.add_argument("--plan", type=Path, required=True, help=words("judge-plan"))
    judge.add_argument("--layer", help=words("judge-layer"))
    judge.add_argument("--data", type=Path, help=words("data"))
    for sub in (explain, compare, judge):
        sub.add_argument("--json", action="store_true", help=words("explain-json"))
        sub.add_argument("--out", type=Path, help=words("explain-out"))
        sub.add_argument("--fresh", action="store_true", help=words("fresh"))


def _explain(options: argparse.Namespace, language: str, console: Console) -> int:
    from targeting.explaining.commands import explain_file, hand_over

    text = explain_file(
        console.study_path(options.study, language),
        options.block,
        language=language,
        tell=console.teller(language),
        data=options.data,
        cache=console.cache(options),
        baseline=options.baseline,
        top=options.top,
        as_json=options.json,
    )
    console.show(hand_over(text, options.out, language))
    return 0


def _compare(options: argparse.Namespace, language: str, console: Console) -> int:
    from targeting.explaining.commands import compare_files, hand_over

    paths = [console.study_path(path, language) for path in (options.before, options.after)]
    text = compare_files(
        *paths,
        language=language,
        tell=console.teller(language),
        cache=console.cache(options),
        top=options.top,
        as_json=options.json,
    )
    console.show(hand_over(text, options.out, language))
    return 0


def _judge(options: argparse.Namespace, language: str, console: Console) -> int:
    from targeting.explaining.commands import hand_over, judge_file

    text = judge_file(
        console.study_path(options.study, language),
        options.plan,
        language=language,
        tell=console.teller(language),
        layer=options.layer,
        data=options.data,
        cache=console.cache(options),
        as_json=options.json,
    )
    console.show(hand_over(text, options.out, language))
    return 0
