"""Make keys, and sign or check releases.

`new` makes a key pair. `sign` writes manifest.sig into a release's folder; `wardrobe publish --sign` writes
it into the store alone. `check` tells whether a service with WARDROBE_TRUSTED_KEYS=KEYS would trust a
release.
"""

import argparse
from pathlib import Path

from app.settings import read_command_settings
from model_store.local_releases import open_release
from model_store.named_release import find_release
from model_store.release_files import MANIFEST_FILE, SIGNATURE_FILE, expand_home
from model_store.signing import create_key_pair, read_trusted_keys, sign_release
from scripts.__main__ import command
from scripts.parsers import RELEASE_HELP, add_subcommands, make_command_parser, run_subcommand

EXAMPLE_COMMANDS = (
    "wardrobe signing new release.key",
    "wardrobe signing sign runs/mine/release release.key",
    "wardrobe signing check s3://models/wardrobe release.key.pub",
)


def _make_keys(arguments: argparse.Namespace) -> dict[str, object]:
    """Make a key pair, and print which half signs and which one checks."""
    public_key_file = create_key_pair(arguments.key)
    print(
        f"{arguments.key} signs: keep it where releases are published, and nowhere else. "
        f"{public_key_file} checks: name it in WARDROBE_TRUSTED_KEYS."
    )
    return {"key": str(arguments.key), "public": str(public_key_file)}


def _sign_release(arguments: argparse.Namespace) -> dict[str, object]:
    """Write the signature of a release into its folder."""
    sign_release(arguments.folder, arguments.key)
    version = open_release(arguments.folder).version
    print(f"{version} is signed.")
    return {"version": version, "signature": str(arguments.folder / SIGNATURE_FILE)}


def _check_release(arguments: argparse.Namespace) -> dict[str, object]:
    """Check that a release is complete and signed by one of the trusted keys."""
    trusted_keys = read_trusted_keys(arguments.keys)
    folder = expand_home(arguments.release)
    # A folder comes first, even if it is called `bundled`, because `sign` takes only folders.
    if (folder / MANIFEST_FILE).is_file():
        version = open_release(folder, trusted_keys).version
    else:
        version = find_release(arguments.release, read_command_settings().cache_dir, trusted_keys).version
    print(f"{version} is whole, and signed by a trusted key.")
    return {"version": version, "trusted": True}


execute = run_subcommand


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe signing`."""
    parser = make_command_parser("signing", __doc__, EXAMPLE_COMMANDS)
    add = add_subcommands(parser)
    new_parser = add("new", _make_keys, "Make a key pair: KEY, which signs, and KEY.pub, which checks.")
    new_parser.add_argument("key", type=Path, help="where the private half goes")
    sign_parser = add("sign", _sign_release, "Sign a release that lies in a folder.")
    sign_parser.add_argument("folder", type=Path, help="the release: a folder with a manifest.json")
    sign_parser.add_argument("key", type=Path, help="a private key that `new` has made")
    check_parser = add("check", _check_release, "Ask whether a release is whole and signed by a trusted key.")
    check_parser.add_argument("release", help=RELEASE_HELP)
    check_parser.add_argument("keys", type=Path, help="a .pub file, or what WARDROBE_TRUSTED_KEYS names")
    return parser


if __name__ == "__main__":
    raise SystemExit(command("signing"))
