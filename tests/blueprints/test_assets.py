"""The sheet and the script: joined from their parts, kept by browsers for as long as their address."""

import gzip
import re

import pytest

from blueprints import assets


@pytest.mark.parametrize(("name", "kind"), [("watch.css", "text/css"), ("app.js", "text/javascript")])
def test_all_parts_are_sent_as_one(client, name, kind):
    response = client.get(assets.static(name))
    assert response.mimetype == kind
    folder = assets.STATIC / name.partition(".")[2]
    for part in folder.iterdir():
        assert assets.small(name, part.read_bytes()).strip() in response.data, f"{part.name} is not among the joined"
    assert response.cache_control.max_age == assets.YEAR


@pytest.mark.parametrize("name", assets.PACKED)
def test_packed_for_whoever_can_unpack_it(client, name):
    plain, packed = (client.get(assets.static(name), headers={"Accept-Encoding": way}) for way in ("", "br, gzip"))
    assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
    assert gzip.decompress(packed.data) == plain.data
    assert packed.mimetype == plain.mimetype
    assert "Accept-Encoding" in packed.vary


def test_comments_stay_at_home(client):
    for name in ("app.js", "link.js", "app.css", "link.css"):
        sent = client.get(assets.static(name)).data
        assert not re.findall(rb"(?m)/\*|^\s*//", sent), name


def test_another_content_has_another_address(client):
    page = client.get("/login").text
    addresses = set(re.findall(r"/static/[^\"#]+", page))
    assert addresses
    assert all(re.search(r"\?v=[0-9a-f]{10}$", address) for address in addresses), addresses
    assert all(client.get(address).status_code == 200 for address in addresses)
