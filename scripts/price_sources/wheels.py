"""How do we get at a source's wheel?"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

_ANY_PYTHON = ("--only-binary=:all:", "--python-version", "3.13")
"""Only data is read from a wheel, so that it need not be one for the Python that runs us."""


class WheelError(Exception):
    """A wheel that cannot be had or read; the text says what to do."""


def download(package: str, version: str | None, folder: str) -> str:
    """The path of the package's wheel, newly in the folder: of that version, or the newest."""
    wanted = f"{package}=={version}" if version else package
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "1", "--no-deps", *_ANY_PYTHON]
    command += ["--dest", folder, wanted]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - only pip
    wheels = [name for name in os.listdir(folder) if name.startswith(package.replace("-", "_") + "-")]
    if done.returncode or not wheels:
        said = done.stderr.strip().splitlines()
        raise WheelError(
            f"pip could not download {wanted}: {said[-1] if said else 'no reason given'}. "
            "Look whether the package index can be reached, or name wheels with --litellm-wheel and --genai-wheel."
        )
    return os.path.join(folder, wheels[0])


def version_of(wheel: str) -> str:
    """The version, which is the second part of any wheel's name."""
    parts = os.path.basename(wheel).split("-")
    if len(parts) < 5 or not wheel.endswith(".whl"):
        raise WheelError(f"{wheel}: not a wheel's name; keep the one under which pip saves it")
    return parts[1]


def read(wheel: str, member: str) -> str:
    """The text of a file in the wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member).decode()
    except (OSError, zipfile.BadZipFile) as error:
        raise WheelError(f"{wheel}: cannot be read as a wheel ({error})") from None
    except KeyError:
        raise WheelError(f"{wheel}: has no {member}; is it the right package's?") from None
