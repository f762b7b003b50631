"""The portrait: what is taken, what is refused and with which numbers, and what leaves."""

import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageStat

from issuance import heic, portrait
from issuance.errors import FieldError
from issuance.portrait import (
    FACE_MAX,
    FILE_MAX,
    PRINT_MAX,
    PRINT_SIZE,
    Crop,
    PortraitError,
    for_browsers,
    prepare_portrait,
)

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)


def quarters(size: tuple[int, int] = (420, 540)) -> Image.Image:
    """Red and green above, blue and white below: every turn and mirror image looks different."""
    picture = Image.new("RGB", size, RED)
    pen = ImageDraw.Draw(picture)
    x, y = size[0] // 2, size[1] // 2
    pen.rectangle((x, 0, size[0], y), fill=GREEN)
    pen.rectangle((0, y, x, size[1]), fill=BLUE)
    pen.rectangle((x, y, size[0], size[1]), fill=WHITE)
    return picture


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def noise(size: tuple[int, int] = (360, 480), seed: int = 5) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def corners(data: bytes) -> list[tuple[int, ...]]:
    picture = opened(data).convert("RGB")
    width, height = picture.size
    return [
        picture.getpixel((round(width * x), round(height * y)))
        for x, y in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))
    ]


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 24) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def assert_quarters(data: bytes) -> None:
    for seen, wanted in zip(corners(data), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(seen, wanted), (seen, wanted)


def refused(data: bytes, **options: int) -> PortraitError:
    with pytest.raises(PortraitError) as caught:
        prepare_portrait(data, **options)
    assert isinstance(caught.value, FieldError)
    assert caught.value.field == "portrait"
    return caught.value


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_gives_a_print_and_a_face(kind: str) -> None:
    made = prepare_portrait(saved(quarters(), kind, quality=95))
    printed, face = opened(made.print_jpeg), opened(made.face_webp)
    assert (printed.format, printed.mode, printed.size) == ("JPEG", "RGB", PRINT_SIZE)
    assert made.print_size == PRINT_SIZE
    assert (face.format, face.size) == ("WEBP", (48, 64))
    assert made.face_webp[12:16] == b"VP8 "
    assert len(made.face_webp) <= 400
    assert len(made.print_jpeg) <= PRINT_MAX
    assert_quarters(made.print_jpeg)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind: str, orientation: int) -> None:
    # The inverse of each EXIF turn, so that the viewer sees the quarters upright.
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = quarters()
    if orientation in inverse:
        stored = stored.transpose(Image.Transpose(inverse[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_quarters(prepare_portrait(saved(stored, kind, exif=exif, quality=95)).print_jpeg)


def test_a_large_landscape_photograph_taken_sideways_is_cut_from_the_middle() -> None:
    wide = Image.new("RGB", (2400, 1350), WHITE)
    wide.paste(quarters((1050, 1350)), (675, 0))
    assert_quarters(prepare_portrait(saved(wide, "JPEG", quality=95)).print_jpeg)


def test_a_tall_photograph_loses_more_below_than_above() -> None:
    tall = Image.new("RGB", (540, 1200), BLUE)
    tall.paste(RED, (0, 0, 540, 140))  # the upper edge of the cut lies at 30 % of the surplus: 152
    tall.paste(GREEN, (0, 160, 540, 760))
    made = opened(prepare_portrait(saved(tall, "PNG")).print_jpeg)
    assert near(made.getpixel((140, 30)), GREEN)
    assert near(made.getpixel((140, 350)), BLUE)


def test_cmyk_without_a_profile_keeps_its_colours() -> None:
    assert_quarters(prepare_portrait(saved(quarters().convert("CMYK"), "JPEG", quality=95)).print_jpeg)


def test_an_embedded_profile_is_used_and_does_not_leave() -> None:
    lab = Image.new("RGB", (420, 540), (128, 128, 128))
    # A display profile with its red and blue exchanged cannot be had from Pillow; a linear one can be made
    # by giving the sRGB profile another tone curve.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = opened(prepare_portrait(saved(lab, "PNG", icc_profile=profile)).print_jpeg)
    assert near(plain.getpixel((100, 100)), (128, 128, 128), 3)
    assert "icc_profile" not in plain.info
    linear = linear_profile(profile)
    lifted = opened(prepare_portrait(saved(lab, "PNG", icc_profile=linear)).print_jpeg)
    assert near(lifted.getpixel((100, 100)), (188, 188, 188), 4)  # 0.5 of the light is 188 in sRGB


def linear_profile(profile: bytes) -> bytes:
    """The profile with tone curves of gamma 1 in place of its own (ICC.1 section 10.6: a count of 0)."""
    changed = bytearray(profile)
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        kind, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if kind in (b"rTRC", b"gTRC", b"bTRC"):
            changed[offset : offset + 12] = b"curv" + bytes(8)
    return bytes(changed)


@pytest.mark.parametrize("profile", [b"not a profile", bytes(200)])
def test_a_broken_profile_is_as_if_absent(profile: bytes) -> None:
    assert_quarters(prepare_portrait(saved(quarters(), "JPEG", icc_profile=profile, quality=95)).print_jpeg)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode: str) -> None:
    picture = Image.new("RGBA", (420, 540), (0, 0, 0, 0))
    picture.paste((10, 10, 10, 255), (140, 180, 280, 360))
    made = opened(prepare_portrait(saved(picture.convert(mode), "PNG")).print_jpeg)
    assert near(made.getpixel((20, 20)), WHITE, 4)
    assert near(made.getpixel((140, 180)), (10, 10, 10), 6)


@pytest.mark.parametrize(("mode", "nothing"), [("RGB", (1, 2, 3)), ("L", 7)])
def test_a_colour_that_stands_for_nothing_becomes_white(mode: str, nothing: int | tuple[int, ...]) -> None:
    picture = Image.new(mode, (420, 540), nothing)
    picture.paste((10, 10, 10)[: len(picture.getbands())], (140, 180, 280, 360))
    made = opened(prepare_portrait(saved(picture, "PNG", transparency=nothing)).print_jpeg)
    assert near(made.getpixel((20, 20)), WHITE, 4)
    assert near(made.getpixel((140, 180)), (10, 10, 10), 6)


def test_grey_of_sixteen_bits_is_not_clipped() -> None:
    made = opened(prepare_portrait(saved(Image.new("I;16", (420, 540), 0x8000), "PNG")).print_jpeg)
    assert near(made.getpixel((50, 50)), (128, 128, 128), 3)


def test_no_metadata_leaves() -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    place = b"SECRET-PLACE"
    made = prepare_portrait(saved(quarters(), "JPEG", exif=exif, comment=place, xmp=place))
    assert b"SECRET" not in made.print_jpeg + made.face_webp
    assert not opened(made.print_jpeg).getexif()
    assert b"Exif" not in made.print_jpeg


@pytest.mark.parametrize("limit", [450, 400, 300, 220])
def test_noise_keeps_to_the_limit(limit: int) -> None:
    made = prepare_portrait(saved(noise(), "PNG"), face_limit=limit)
    assert len(made.face_webp) <= limit
    assert len(made.print_jpeg) <= PRINT_MAX


def test_the_limit_is_used_and_never_exceeds_the_hard_one() -> None:
    data = Path("examples/portraits/salim.jpg").read_bytes()
    sizes = [len(prepare_portrait(data, face_limit=limit).face_webp) for limit in (250, 320, 400, 450, 9000)]
    for size, limit in zip(sizes, (250, 320, 400, 450, FACE_MAX), strict=True):
        assert limit - 25 <= size <= limit


def test_a_face_that_cannot_fit_is_refused_with_the_numbers() -> None:
    error = refused(saved(noise(), "PNG"), face_limit=60)
    assert error.reason == "portrait_too_large"
    assert " 60 " in str(error)


def test_a_print_that_cannot_fit_is_refused_with_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portrait, "PRINT_MAX", 500)
    error = refused(saved(noise(), "PNG"))
    assert error.reason == "portrait_too_large"
    assert "500" in str(error)


def test_the_same_bytes_give_the_same_result() -> None:
    data = saved(noise(seed=9).resize((700, 900)), "JPEG")
    assert prepare_portrait(data) == prepare_portrait(data)


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (10_000, 5_001)])
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    error = refused(png_claiming(width, height))
    assert error.reason == "portrait_too_large"
    assert f"{width} x {height}" in str(error) or str(width * height) in str(error)


@pytest.mark.parametrize("extended", [False, True])
def test_a_webp_canvas_is_counted_before_the_decoder_sees_it(extended: bool) -> None:
    if extended:
        body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16383).to_bytes(3, "little") * 2
    else:
        body = b"VP8 " + struct.pack("<I", 10) + b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 16383, 16383)
    error = refused(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    assert error.reason == "portrait_too_large"
    assert "1638" in str(error)


def test_a_lossless_webp_is_measured_and_read() -> None:
    data = saved(quarters(), "WEBP", lossless=True)
    assert data[12:16] == b"VP8L"
    assert_quarters(prepare_portrait(data).print_jpeg)


HEIC = Path("tests/issuance/pictures")  # Written once with pillow-heif; here they are only decoded.


def test_heic_gives_a_print_and_a_face() -> None:
    made = prepare_portrait((HEIC / "salim.heic").read_bytes())
    original = prepare_portrait(Path("examples/portraits/salim.jpg").read_bytes())
    assert made.size == (600, 771)
    assert made.findings == ()
    assert abs(made.crop.x - original.crop.x) <= 8
    assert opened(made.print_jpeg).size == PRINT_SIZE


def test_a_turned_heic_is_upright_and_its_metadata_stay_behind() -> None:
    data = (HEIC / "turned.heic").read_bytes()
    assert b"irot" in data
    assert b"SECRET-PLACE" in data
    made = prepare_portrait(data)
    assert made.size == (420, 540)
    assert_quarters(made.print_jpeg)
    assert b"SECRET" not in made.print_jpeg + made.face_webp


def test_the_profile_of_a_heic_is_used() -> None:
    lifted = opened(prepare_portrait((HEIC / "linear.heic").read_bytes()).print_jpeg)
    assert near(lifted.getpixel((100, 100)), (188, 188, 188), 5)


@pytest.mark.parametrize("name", ["salim.heic", "turned.heic", "linear.heic"])
def test_a_browser_gets_a_heic_as_a_jpeg_of_the_same_pixels(name: str) -> None:
    data = (HEIC / name).read_bytes()
    shown = opened(for_browsers(data))
    made, again = prepare_portrait(data), prepare_portrait(for_browsers(data))
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", made.size)
    assert not shown.getexif()
    # Framed by hand on what the browser shows, the same part is printed.
    part = Crop(10, 20, 200, 257)
    theirs, ours = (opened(prepare_portrait(one, crop=part).print_jpeg) for one in (data, for_browsers(data)))
    assert again.size == made.size
    assert ImageStat.Stat(ImageChops.difference(theirs, ours)).rms < [12.0] * 3


def test_a_browser_gets_other_pictures_as_they_came() -> None:
    data = saved(quarters(), "PNG")
    assert for_browsers(data) is data


def test_a_heic_bomb_is_refused_by_its_header() -> None:
    data = (HEIC / "salim.heic").read_bytes()
    place = data.index(b"ispe") + 8  # ISO/IEC 23008-12, 6.5.3: after version and flags, width and height.
    error = refused(data[:place] + struct.pack(">II", 30_000, 30_000) + data[place + 8 :])
    assert error.reason == "portrait_too_large"


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_truncated_heic_is_refused(share: float) -> None:
    data = (HEIC / "salim.heic").read_bytes()
    assert refused(data[: int(len(data) * share)]).reason == "portrait_unreadable"


def test_a_heic_that_ends_its_reader_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """libheif has been seen to fall over a damaged file; whoever asked goes on."""
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    run = subprocess.run
    monkeypatch.setattr(heic.subprocess, "run", lambda _, **k: run([sys.executable, "-c", killed], **k))
    assert refused((HEIC / "salim.heic").read_bytes()).reason == "portrait_unreadable"


@settings(max_examples=30, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, 984), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_heic_gives_a_portrait_or_our_error(places: list[tuple[int, int]]) -> None:
    changed = bytearray((HEIC / "turned.heic").read_bytes())
    for place, value in places:
        changed[place % len(changed)] = value
    try:
        made = prepare_portrait(bytes(changed))
    except PortraitError:
        return
    assert len(made.face_webp) <= FACE_MAX


def test_a_film_or_another_brand_is_no_portrait() -> None:
    assert refused(bytes((0, 0, 0, 24)) + b"ftypisom" + bytes(40)).reason == "portrait_format"
    assert refused(bytes((0, 0, 0, 24)) + b"ftypavif" + bytes(40)).reason == "portrait_format"


#: docs/performance.md: a face of 48 x 64 within 400 bytes keeps this much of the print's structure.
SSIM_MIN, SSIM_MEAN = 0.9, 0.93


def test_the_face_is_like_the_print() -> None:
    found = {}
    for path in sorted(Path("examples/portraits").glob("*.jpg")):
        made = prepare_portrait(path.read_bytes())
        found[path.stem] = similarity(opened(made.print_jpeg), opened(made.face_webp))
    print("SSIM of faces within 400 bytes:", {name: round(value, 3) for name, value in found.items()})
    assert min(found.values()) >= SSIM_MIN
    assert sum(found.values()) / len(found) >= SSIM_MEAN


def similarity(printed: Image.Image, face: Image.Image) -> float:
    """SSIM (Wang et al. 2004: 7 x 7 windows, K 0.01 and 0.03) of brightness at the face's size."""
    inset = (printed.width - printed.height * 3 / 4) / 2
    box = (inset, 0, printed.width - inset, printed.height)
    wanted = printed.resize(face.size, Image.Resampling.LANCZOS, box=box)
    one, other = (np.asarray(picture.convert("L"), dtype=np.float64) for picture in (wanted, face))

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (7, 7))[3:-3, 3:-3]

    a, b = mean(one), mean(other)
    var_a, var_b, both = mean(one * one) - a * a, mean(other * other) - b * b, mean(one * other) - a * b
    c, d = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * a * b + c) * (2 * both + d)) / ((a * a + b * b + c) * (var_a + var_b + d))).mean())


def test_endless_scans_are_refused() -> None:
    assert refused(b"\xff\xd8\xff" + b"\xff\xda" * 500).reason == "portrait_too_large"


def test_a_file_over_ten_mebibytes_is_refused() -> None:
    data = saved(quarters(), "JPEG")
    assert refused(data + bytes(FILE_MAX - len(data) + 1)).reason == "portrait_too_large"
    prepare_portrait(data + bytes(1000))


@pytest.mark.parametrize("size", [(239, 400), (400, 319)])
def test_too_small_is_refused_with_the_numbers(size: tuple[int, int]) -> None:
    error = refused(saved(quarters(size), "PNG"))
    assert error.reason == "portrait_too_small"
    assert f"{size[0]} x {size[1]}" in str(error)


def test_the_smallest_taken() -> None:
    prepare_portrait(saved(quarters((240, 320)), "JPEG"))


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"RIFF\x24\0\0\0WAVEfmt " + bytes(30)])
def test_another_format_is_named(data: bytes) -> None:
    assert refused(data).reason == "portrait_format"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind: str, share: float) -> None:
    data = saved(noise(), kind)
    assert refused(data[: int(len(data) * share)]).reason == "portrait_unreadable"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns about broken EXIF; it is no error here
def test_damage_gives_a_portrait_or_our_error(data: st.DataObject, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    changed = bytearray(saved(quarters((320, 400)), kind, exif=exif))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, 200) | st.integers(0, len(changed) - 1))
        changed[place] = data.draw(st.integers(0, 255))
    try:
        made = prepare_portrait(bytes(changed))
    except PortraitError:
        return
    assert len(made.face_webp) <= FACE_MAX
