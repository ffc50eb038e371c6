"""Make, list and withdraw API keys.

A key is shown once, when it is made. The file that WARDROBE_API_KEYS_FILE names has only its hash. To rotate
a key, add a second one under another name, give it to the client, and remove the first.
"""

import argparse
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.security.api_keys import KEY_LINE, hash_key, read_api_keys
from app.settings import SettingsError
from inference.text.plain_text import decode_text, remove_blank_characters
from model_store.release_files import add_path_to_errors, read_regular_file, write_partial_file
from scripts.__main__ import command
from scripts.console import print_message
from scripts.parsers import add_subcommands, make_command_parser, run_subcommand

API_KEY_BYTES = 32
"""Number of random bytes in an API key. 256 bits cannot be guessed."""

API_KEY_USAGE = "Its client sends it in the header `Authorization: Bearer KEY`."
"""Sentence that is printed with a new key."""

EXAMPLE_COMMANDS = (
    "wardrobe keys add shop --file keys.txt",
    "wardrobe keys list --file keys.txt",
    "wardrobe keys remove shop --file keys.txt",
)


execute = run_subcommand


def _add_key(arguments: argparse.Namespace) -> dict[str, object]:
    """Make a key, append its hash to the file of --file, and print the key."""
    key = secrets.token_urlsafe(API_KEY_BYTES)
    with _lock_key_file(arguments.file) as path:
        keys = read_api_keys(path) if path.exists() and path.stat().st_size else ()
        if any(key_hash.name == arguments.name for key_hash in keys):
            raise SettingsError(f"{path} has a key called {arguments.name}. Choose another name.")
        earlier_text = decode_text(read_regular_file(path)).rstrip("\n") + "\n" if keys else ""
        _replace_file(path, f"{earlier_text}{arguments.name}:{hash_key(key)}\n")
    if not arguments.json:
        print(key)  # only on stdout, because stderr may end up in a log; with --json it is in the document
    print_message(f"The key is shown this once; {arguments.file} has its hash. {API_KEY_USAGE}")
    return {"name": arguments.name, "key": key}


def _list_keys(arguments: argparse.Namespace) -> dict[str, object]:
    """Print the names of all keys, and how their hashes begin."""
    keys = read_api_keys(arguments.file)
    for key in keys:
        print(f"{key.name}  {key.sha256[:12]}...")
    return {"keys": [{"name": key.name, "sha256_begins": key.sha256[:12]} for key in keys]}


def _remove_key(arguments: argparse.Namespace) -> dict[str, object]:
    """Remove a key from the file of --file. The last key stays, because a service needs one."""
    with _lock_key_file(arguments.file) as path:
        names = [key.name for key in read_api_keys(path)]
        if arguments.name not in names:
            raise SettingsError(f"{path} has no key called {arguments.name}.")
        other_names = [name for name in names if name != arguments.name]
        if not other_names:
            raise SettingsError(f"{arguments.name} is the last key of {path}. Add another one first.")
        text = decode_text(read_regular_file(path))
        # Comments and blank lines stay as they are.
        lines = [(KEY_LINE.fullmatch(remove_blank_characters(line)), line) for line in text.splitlines()]
        other_lines = [line for key, line in lines if key is None or key["name"] != arguments.name]
        _replace_file(path, "".join(f"{line}\n" for line in other_lines))
    print(f"{arguments.name} is withdrawn; {len(other_names)} left.")
    return {"name": arguments.name, "left": len(other_names)}


@contextmanager
def _lock_key_file(file: Path) -> Iterator[Path]:
    """Yield the path of the key file, with links resolved, while no other command of this kind changes it.

    The folder is locked and not the file, because a change replaces the file.
    """
    path = file.resolve()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with add_path_to_errors(path.parent):
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(folder)


def _replace_file(path: Path, text: str) -> None:
    """Write the key file in one step. Owner and mode stay; a new file can be read by its owner alone."""
    with write_partial_file([text.encode()], path.parent, f".{path.name}-") as new_file:
        new_file.chmod(0o600)
        if path.exists():
            earlier_status = path.stat()
            os.chown(new_file, earlier_status.st_uid, earlier_status.st_gid)
            new_file.chmod(earlier_status.st_mode & 0o777)
        new_file.replace(path)


def _parse_name(text: str) -> str:
    """Parse the name of a key, which must fit into a line of the key file."""
    if not KEY_LINE.fullmatch(f"{text}:{'0' * 64}"):
        raise argparse.ArgumentTypeError(f"{text!r} is no name: A-Z a-z 0-9 . _ - alone")
    return text


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe keys`."""
    parser = make_command_parser("keys", __doc__, EXAMPLE_COMMANDS)
    add = add_subcommands(parser)
    add_key_parser = add("add", _add_key, "Make a key and print it, this once.")
    list_parser = add("list", _list_keys, "Names, and how their hashes begin.")
    remove_parser = add("remove", _remove_key, "Withdraw a key.")
    for subcommand_parser in (add_key_parser, list_parser, remove_parser):
        subcommand_parser.add_argument(
            "--file", type=Path, required=True, help="what WARDROBE_API_KEYS_FILE names"
        )
    for subcommand_parser in (add_key_parser, remove_parser):
        subcommand_parser.add_argument(
            "name", type=_parse_name, help="whose key it is; logged with each of its requests"
        )
    return parser


if __name__ == "__main__":
    raise SystemExit(command("keys"))
