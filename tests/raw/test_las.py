"""Claims of a `.las` and `.laz` that the file has no bytes for; `tests/datasets/test_folder.py` reads whole ones."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Callable

import laspy
import lazrs
import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.raw.las import read_las

POINTS = 120
# Places in the header of LAS 1.4, table 3, and, from the start of the record of LASzip, of what it says.
MINOR, START, RECORDS, FORMAT, POINT_BYTES, SCALES, EXTENDED, COUNT = 25, 96, 100, 104, 105, 131, 243, 247
COMPRESSOR, CHUNK, ITEMS, FIRST_ITEM = 0, 12, 32, 34
Damage = Callable[[bytes], bytes]


def write(file: Path, point_format: int = 7, points: int = POINTS) -> bytes:
    """Write points on a diagonal, one record after them, and one attribute more than the format has."""
    header = laspy.LasHeader(point_format=point_format, version="1.4")
    header.add_extra_dim(laspy.ExtraBytesParams("height", "u2"))
    header.scales = np.full(3, 0.5)
    cloud = laspy.LasData(header)
    cloud.x = cloud.y = cloud.z = np.arange(points) / 2
    cloud.classification = np.arange(points) % 20
    cloud.height = np.arange(points) * 3
    cloud.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("mine", 1, "notes", b"flown in March")])
    cloud.write(str(file))
    return file.read_bytes()


def put(place: int, code: str, *values: float) -> Damage:
    return lambda content: content[:place] + struct.pack(code, *values) + content[place + struct.calcsize(code) :]


def start_of(content: bytes) -> int:
    return int(struct.unpack_from("<I", content, START)[0])


def in_record(place: int, code: str, *values: int) -> Damage:
    """Return what changes the record of LASzip, which is the last one before the points."""
    return lambda content: put(content.index(b"laszip encoded") + 52 + place, code, *values)(content)


def in_chunks(place: int, code: str, *values: int) -> Damage:
    """Return what changes the points' bytes, which begin with the place of the table of chunks."""
    return lambda content: put(start_of(content) + place, code, *values)(content)


def in_table(place: int, code: str, *values: int) -> Damage:
    return lambda content: put(struct.unpack_from("<q", content, start_of(content))[0] + place, code, *values)(
        content
    )


@pytest.mark.parametrize("point_format", [0, 1, 3, 6, 7, 8, 10])
@pytest.mark.parametrize("ending", ["las", "laz"])
def test_every_point_format_is_read(tmp_path: Path, ending: str, point_format: int) -> None:
    write(tmp_path / f"a.{ending}", point_format)
    found = read_las(tmp_path / f"a.{ending}", ["coord", "classification", "height"])
    assert found["coord"].tolist() == [[place / 2] * 3 for place in range(POINTS)]
    assert found["classification"].tolist() == [place % 20 for place in range(POINTS)]
    assert found["height"].tolist() == [place * 3 for place in range(POINTS)]


@pytest.mark.parametrize("ending", ["las", "laz"])
def test_more_points_than_a_chunk_has_are_read(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"a.{ending}", points=120_000)
    assert read_las(tmp_path / f"a.{ending}", ["height"])["height"].sum() == (np.arange(120_000) * 3 % 2**16).sum()


def test_record_after_the_points_may_claim_any_length(tmp_path: Path) -> None:
    content = write(tmp_path / "a.las")
    place = struct.unpack_from("<Q", content, EXTENDED - 8)[0]
    (tmp_path / "a.las").write_bytes(put(EXTENDED, "<I", 2**32 - 1)(put(place + 20, "<Q", 2**63 - 1)(content)))
    assert len(read_las(tmp_path / "a.las", ["height"])["height"]) == POINTS


def test_cloud_written_to_what_cannot_be_sought_in_is_read(tmp_path: Path) -> None:
    content = write(tmp_path / "a.laz", 0)
    place = content[start_of(content) : start_of(content) + 8]
    # Without the record after the points, since the place of the table has to be what the file ends with.
    end = struct.unpack_from("<Q", content, EXTENDED - 8)[0]
    content = put(EXTENDED - 8, "<QI", 0, 0)(content[:end])
    (tmp_path / "a.laz").write_bytes(in_chunks(0, "<q", -1)(content) + place)
    assert len(read_las(tmp_path / "a.laz", ["height"])["height"]) == POINTS


def write_in_chunks(file: Path, sizes: tuple[int, ...], chunk_size: int) -> None:
    """Write points on a diagonal as layered chunks of some sizes, with a size of chunks that says they vary."""
    plain, out = io.BytesIO(), io.BytesIO()
    cloud = laspy.LasData(laspy.LasHeader(point_format=6, version="1.4"))
    cloud.x = cloud.y = cloud.z = np.arange(sum(sizes)) / 2
    cloud.classification[:] = 2
    cloud.write(plain)
    content = plain.getvalue()
    points = np.frombuffer(content[start_of(content) :], np.uint8).reshape(sum(sizes), -1)
    vlr = lazrs.LazVlr.new_for_compression(6, 0, True)
    record = put(CHUNK, "<I", chunk_size)(bytes(vlr.record_data()))
    head = struct.pack("<H16sHH32s", 0, b"laszip encoded", 22204, len(record), b"") + record
    header = put(START, "<II", 375 + len(head), 1)(put(FORMAT, "<B", 0x80 + 6)(content[:375]))
    out.write(header + head)
    compressor = lazrs.LasZipCompressor(out, vlr)
    for place, chunk in enumerate(np.split(points, np.cumsum(sizes)[:-1])):
        if place:
            compressor.finish_current_chunk()
        compressor.compress_many(np.ascontiguousarray(chunk).reshape(-1))
    compressor.done()
    file.write_bytes(out.getvalue())


@pytest.mark.parametrize("chunk_size", [0, 2**32 - 1])
@pytest.mark.parametrize("sizes", [(30,), (7, 13, 10)])
def test_chunks_of_variable_size_are_read(tmp_path: Path, sizes: tuple[int, ...], chunk_size: int) -> None:
    write_in_chunks(tmp_path / "a.laz", sizes, chunk_size)
    assert read_las(tmp_path / "a.laz", ["coord"])["coord"].tolist() == [[place / 2] * 3 for place in range(30)]


def test_points_of_laszip_1_that_are_not_in_chunks_are_read(tmp_path: Path) -> None:
    content = in_record(COMPRESSOR, "<H", 1)(write(tmp_path / "a.laz", 3))
    start = start_of(content)
    (table,) = struct.unpack_from("<q", content, start)
    (tmp_path / "a.laz").write_bytes(put(EXTENDED - 8, "<QI", 0, 0)(content[:start] + content[start + 8 : table]))
    found = read_las(tmp_path / "a.laz", ["coord", "height"])
    assert found["coord"].tolist() == [[place / 2] * 3 for place in range(POINTS)]
    assert found["height"].tolist() == [place * 3 for place in range(POINTS)]


OTHER_CODE_PAGE: dict[str, tuple[bytes, bytes]] = {
    "owner": (b"a program", b"\xb2\xe2program"),
    "description": (b"of a survey", b"H\xf6hen, M\xe4rz"),
    "name of an attribute": (b"deviation", b"Abst\xe4nde."),
    "description of an attribute": (b"in metres", b"in M\xe4ter."),
    "coordinate system": (b'PROJCS["Res', b'PROJCS["R\xe9s'),
}


@pytest.mark.parametrize("ending", ["las", "laz"])
@pytest.mark.parametrize("name", OTHER_CODE_PAGE)
def test_records_of_another_code_page_are_read(tmp_path: Path, ending: str, name: str) -> None:
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.add_extra_dims(
        [laspy.ExtraBytesParams("deviation", "f8", "in metres"), laspy.ExtraBytesParams("height", "u2")]
    )
    crs = b'PROJCS["Reseau geodesique"]\0'
    header.vlrs += [laspy.VLR("a program", 7, "of a survey", b"x"), laspy.VLR("LASF_Projection", 2112, "", crs)]
    cloud = laspy.LasData(header)
    cloud.x = cloud.y = cloud.z = np.arange(20) / 2
    cloud.height = np.arange(20) * 3
    cloud.write(str(tmp_path / f"a.{ending}"))
    content = (tmp_path / f"a.{ending}").read_bytes()
    assert OTHER_CODE_PAGE[name][0] in content
    (tmp_path / f"a.{ending}").write_bytes(content.replace(*OTHER_CODE_PAGE[name]))
    found = read_las(tmp_path / f"a.{ending}", ["coord", "height"])
    assert found["coord"][:, 2].tolist() == (np.arange(20) / 2).tolist()
    assert found["height"].tolist() == (np.arange(20) * 3).tolist()


BOTH: dict[str, tuple[Damage, str]] = {
    "nothing": (lambda content: b"", "does not begin with a LAS header;"),
    "another file": (put(0, "4s", b"LASX"), "does not begin with a LAS header;"),  # type: ignore[arg-type]
    "header cut short": (lambda content: content[:374], "does not begin with a LAS header;"),
    "start beyond the file": (
        put(START, "<I", 2**32 - 1),
        "header claims 4294967295 bytes before the points, expected",
    ),
    "start within the header": (put(START, "<I", 300), "bytes of header and records, expected at most 300;"),
    "billions of records": (put(RECORDS, "<I", 2**32 - 1), "bytes of header and records, expected at most "),
    "more points than a scene may have": (
        put(COUNT, "<Q", 2**60),
        "header claims 1152921504606846976 points, expected",
    ),
    "more points than bytes": (put(COUNT, "<Q", 10**8 - 1), "header claims "),
    "fewer points than bytes": (put(COUNT, "<Q", POINTS - 1), "its header counts 119 points, but it has "),
    "point of no bytes": (put(POINT_BYTES, "<H", 0), "a.la"),
    "point format that does not exist": (put(FORMAT, "<B", 0x80 + 63), "with points of format 63, expected "),
    "format 11": (put(FORMAT, "<B", 11), "is LAS 1.4 with points of format 11, expected LAS 1.0 to 1.4 and a format"),
    "version 1.5": (put(MINOR, "<B", 5), "is LAS 1.5 with points of format 7, expected LAS 1.0 to 1.4"),
    "scale of 0": (put(SCALES, "<d", 0), "has the scales [0.0, "),
    "scale that is no number": (put(SCALES, "<d", np.nan), "has the scales [nan, "),
}
UNCOMPRESSED: dict[str, tuple[Damage, str]] = {
    "one byte cut off": (
        lambda content: content[: start_of(content) + POINTS * 38 - 1],
        "a.las: its header claims 4560 bytes of points, expected at most 4559;",
    ),
    "point of more bytes": (
        put(POINT_BYTES, "<H", 60000),
        "a.las: its header claims 7200000 bytes of points, expected",
    ),
    "fewer points than bytes, without extended records": (
        lambda content: put(EXTENDED - 8, "<QIQ", 0, 0, POINTS - 2)(content[: start_of(content) + POINTS * 38]),
        "a.las: its header counts 118 points, but it has bytes for 120; correct the header, or write",
    ),
    "said to be compressed": (put(FORMAT, "<B", 0x80 + 7), "a.las: is compressed, but has no record of LASzip;"),
}
CHUNKS = "a.laz: its compressed chunks do not lie between byte "
BUFFER = "a.laz: cannot be read as LAS (failed to fill whole buffer);"
COMPRESSED: dict[str, tuple[Damage, str]] = {
    "points cut short": (lambda content: content[: start_of(content) + 100], CHUNKS),
    "no table": (in_chunks(0, "<q", 2**60), CHUNKS),
    "table before the points": (in_chunks(0, "<q", 100), CHUNKS),
    "table amid the points": (lambda content: in_chunks(0, "<q", start_of(content) + 100)(content), CHUNKS),
    "billions of chunks": (in_table(4, "<I", 2**32 - 1), CHUNKS),
    "one chunk more": (in_table(4, "<I", 2), CHUNKS),
    "no chunk": (in_table(4, "<I", 0), CHUNKS),
    "chunks of fewer points": (in_record(CHUNK, "<I", 50), BUFFER),
    "layers that are not in chunks": (in_record(COMPRESSOR, "<H", 1), CHUNKS),
    "no items": (in_record(ITEMS, "<H", 0), "a.laz: cannot be read as LAS (the decompressor gave up: "),
    "more items than the record has": (in_record(ITEMS, "<H", 9), "a.laz: cannot be read as LAS (IoError: "),
    "item of more bytes": (in_record(FIRST_ITEM + 2, "<H", 65535), CHUNKS),
    "layer of gigabytes": (in_chunks(8 + 38 + 4, "<I", 2**32 - 1), CHUNKS),
    "layer of one byte more": (in_chunks(8 + 38 + 4, "<I", 1), CHUNKS),
    "said to be uncompressed": (put(FORMAT, "<B", 7), "a.laz: "),
}
CASES = [
    *(("a.las", name, damage, sentence) for name, (damage, sentence) in {**BOTH, **UNCOMPRESSED}.items()),
    *(("a.laz", name, damage, sentence) for name, (damage, sentence) in {**BOTH, **COMPRESSED}.items()),
]


@pytest.mark.parametrize(("file", "name", "damage", "sentence"), CASES)
def test_claim_without_bytes_is_refused(tmp_path: Path, file: str, name: str, damage: Damage, sentence: str) -> None:
    content = write(tmp_path / file)
    (tmp_path / file).write_bytes(damage(content))
    with pytest.raises(UserError) as told:
        read_las(tmp_path / file, ["coord", "height"])
    assert str(told.value).startswith(f"{tmp_path / file}: ")
    assert sentence in str(told.value)


def test_panic_of_the_decompressor_is_a_sentence(tmp_path: Path) -> None:
    content = write(tmp_path / "a.laz", 3)
    second_item_as_the_first = in_record(FIRST_ITEM + 6, "<H", 6)
    (tmp_path / "a.laz").write_bytes(second_item_as_the_first(content))
    with pytest.raises(
        UserError, match=r"a\.laz: cannot be read as LAS \(the decompressor gave up: mid > len\); fetch"
    ):
        read_las(tmp_path / "a.laz", ["coord"])


@pytest.mark.parametrize("point_format", [3, 7])
def test_file_cut_anywhere_is_refused(tmp_path: Path, point_format: int) -> None:
    for ending in ("las", "laz"):
        file = tmp_path / f"a.{ending}"
        content = write(file, point_format, points=20)
        table = start_of(content) + 20 * struct.unpack_from("<H", content, POINT_BYTES)[0]
        if ending == "laz":
            (table,) = struct.unpack_from("<q", content, start_of(content))
        for size in range(0, table, 7):
            file.write_bytes(content[:size])
            with pytest.raises(UserError):
                read_las(file, ["coord"])
