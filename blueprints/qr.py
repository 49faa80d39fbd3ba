"""An address as a QR code, for a telephone held up to the screen or to paper."""

import io

import segno
from flask import Response


def picture_of(address: str) -> Response:
    """The picture as SVG, black on white whatever the theme; not kept, since an address can be a key."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=2, light="white")
    return Response(drawn.getvalue(), mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})
