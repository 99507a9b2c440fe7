"""Try every word of the vocabulary with extreme values, in separate processes, and list crashes and slow calls.

python tools/try_extremes.py 40 --seed 3
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / part) for part in ("", "tests/models/language/vocabulary")]

import extreme_lines  # noqa: E402


def main() -> None:
    """Run so many lines per word; report each crash as it happens."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int, help="lines for each word")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--words", default="", help="only words with names that contain this")
    parser.add_argument("--family", default="", help="only words of this family")
    given = parser.parse_args()
    words = [word for word in extreme_lines.words() if given.words in word.name and given.family in word.family]
    lines = [line for word in words for line in extreme_lines.extreme_lines(word, given.lines, given.seed)]
    print(f"{len(lines):,} lines of {len(words)} words", flush=True)

    def told(number: int, how: str) -> None:
        print(how, lines[number], flush=True)

    died = extreme_lines.in_children(len(lines), lambda number: extreme_lines.try_line(lines[number]), 20, told=told)
    print(f"{len(died)} died")


if __name__ == "__main__":
    main()
