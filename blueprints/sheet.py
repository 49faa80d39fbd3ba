"""The one writer of tables that people take along: CSV that no spreadsheet takes for a formula (safety rule 40)."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what spreadsheets begin a formula with
MARK = "\ufeff"  # so that Excel reads the bytes as UTF-8


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The table as a download."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(word) for word in head])
    writer.writerows([harmless(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(MARK + text.getvalue(), mimetype="text/csv", headers=headers)


def harmless(value: object) -> str:
    """As text; what would be a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
