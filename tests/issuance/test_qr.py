import pytest
import qrcode
from PIL import Image

from issuance.errors import IssuanceError
from issuance.qr import GATE_MAX_VERSION, IDENTITY_MAX_VERSION, QUIET_ZONE, Matrix, modules, read_codes
from tests.issuance.printing import code_text


def picture(matrix: Matrix, pixels: int) -> Image.Image:
    side = matrix.size + 8
    image = Image.new("L", (side, side), 255)
    for y in range(matrix.size):
        for x in range(matrix.size):
            if matrix.dark(x, y):
                image.putpixel((x + 4, y + 4), 0)
    return image.resize((side * pixels, side * pixels), Image.Resampling.NEAREST)


@pytest.mark.parametrize(("length", "version"), [(366, 11), (348, 11), (1326, 24), (1217, 23), (1451, 25)])
def test_lengths_of_the_format_take_the_versions_it_names(length: int, version: int) -> None:
    assert modules(code_text(length), max_version=40).version == version


@pytest.mark.parametrize("length", [3, 348, 1217, 1451])
def test_what_is_written_is_read(length: int) -> None:
    text = code_text(length)
    assert read_codes(picture(modules(text, max_version=25), 4)) == [text]


@pytest.mark.parametrize(("length", "limit"), [(367, GATE_MAX_VERSION), (1452, IDENTITY_MAX_VERSION)])
def test_one_character_too_many_is_refused_with_the_numbers(length: int, limit: int) -> None:
    with pytest.raises(IssuanceError, match=f"{length} characters need version {limit + 1}") as caught:
        modules(code_text(length), max_version=limit)
    assert caught.value.reason == "code_too_large"


def test_what_fits_into_no_code_is_refused() -> None:
    with pytest.raises(IssuanceError) as caught:
        modules("A" * 5000, max_version=40)
    assert caught.value.reason == "code_too_large"


@pytest.mark.parametrize("text", ["", "NCFa", "NCF\n", "NCFé"])
def test_only_base45_is_printed(text: str) -> None:
    with pytest.raises(IssuanceError) as caught:
        modules(text, max_version=40)
    assert caught.value.reason == "not_alphanumeric"


def test_a_picture_without_a_code_gives_nothing() -> None:
    assert read_codes(Image.new("L", (400, 400), 255)) == []


@pytest.mark.parametrize("length", [348, 366, 1217, 1451])
def test_a_second_encoder_picks_the_same_version_and_is_read_alike(length: int) -> None:
    text = code_text(length)
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=4, border=QUIET_ZONE)
    code.add_data(qrcode.util.QRData(text, mode=qrcode.util.MODE_ALPHA_NUM))
    code.make(fit=True)
    assert code.version == modules(text, max_version=25).version
    assert read_codes(code.make_image().get_image().convert("L")) == [text]
