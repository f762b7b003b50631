"""HEIC pictures, decoded in a process of their own.

libheif reads strangers' bytes in C++, and a damaged file has been seen to end its process. So another process
reads the file, with bounds on memory and time, and hands back pixels and colour profile, nothing else:
``python -m issuance.heic LIMIT`` takes the file on standard input.
"""

import io
import json
import resource
import subprocess
import sys
from typing import Final

from PIL import Image

#: The largest picture that is taken decodes in a few seconds; seconds of processor time, and of waiting.
CPU_S: Final = 20
WAIT_S: Final = 60
#: A picture of 50 million pixels, twice in memory, and the libraries.
MEMORY: Final = 2 * 1024**3
#: What the reading process ends with for a file that has too many pixels.
TOO_LARGE: Final = 3


class TooLargeError(Exception):
    """The file says that it holds more pixels than were allowed; it was not decoded."""


def decode(data: bytes, pixels_max: int) -> Image.Image:
    """The first picture of a HEIC file, upright, with its ``icc_profile``.

    Raises :class:`TooLargeError`, and ``OSError`` for what cannot be read, whatever became of the reader.
    """
    command = [sys.executable, "-m", "issuance.heic", str(pixels_max)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=WAIT_S, check=False)  # noqa: S603 - no word of the command comes from outside
    except subprocess.TimeoutExpired as error:
        raise OSError("it takes too long to decode") from error
    if done.returncode == TOO_LARGE:
        raise TooLargeError(done.stdout.decode("utf-8", "replace"))
    if done.returncode != 0:
        raise OSError("the HEIC decoder gave it up")
    head, _, rest = done.stdout.partition(b"\n")
    facts = json.loads(head)
    profile, pixels = rest[: facts["profile"]], rest[facts["profile"] :]
    picture = Image.frombytes(facts["mode"], tuple(facts["size"]), pixels)
    if profile:
        picture.info["icc_profile"] = profile
    return picture


def _read(data: bytes, pixels_max: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # macOS knows the limit and refuses to set it.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import pi_heif  # type: ignore[import-untyped]  # it ships no types; only this process loads libheif

    file = pi_heif.open_heif(io.BytesIO(data))
    width, height = file.size
    if width * height > pixels_max:
        sys.stdout.write(f"{width} x {height}")
        return TOO_LARGE
    picture: Image.Image = file.to_pillow()
    profile: bytes = picture.info.get("icc_profile") or b""
    head = {"mode": picture.mode, "size": picture.size, "profile": len(profile)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + profile + picture.tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(_read(sys.stdin.buffer.read(), int(sys.argv[1])))
