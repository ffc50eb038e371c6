"""The contract of a release with its clients: labels, attributes, and the form of the pixels that they send.

A new release must keep it, because programs of clients compare labels and send pixels without asking. It may
add attributes (further questions about a picture, such as its colour), and convert photos in another way.
"""

import json
from dataclasses import asdict
from typing import Final

from model_store.errors import GateRefused
from model_store.manifest import Manifest

FORCE_ADVICE: Final = "--force promotes it anyway."
"""The end of each message by which the gate refuses a release. It is left out once the release was forced."""


def check_client_contract(candidate: Manifest, current: Manifest) -> None:
    """Check that a release has the labels, the attributes and the form of pixels that clients rely on.

    Args:
        candidate: the manifest of the release that is to become current.
        current: the manifest of the current release.

    Raises:
        GateRefused: one of them differs. The message has both values, and says how to promote anyway.
    """
    if candidate.labels != current.labels:
        raise GateRefused(
            f"{candidate.version} has the labels {_format_value(candidate.labels)}, but {current.version}, "
            f"which is current, has {_format_value(current.labels)}. Clients rely on them; "
            f"{FORCE_ADVICE}"
        )
    for name, head in current.attributes.items():
        candidate_head = candidate.attributes.get(name)
        if candidate_head is None or candidate_head.labels != head.labels:
            has = "lacks it" if candidate_head is None else f"has {_format_value(candidate_head.labels)}"
            raise GateRefused(
                f"{current.version}, which is current, answers the attribute `{name}` with "
                f"{_format_value(head.labels)}, and {candidate.version} {has}. Clients rely on it; "
                f"{FORCE_ADVICE}"
            )
    if current.has_both_networks and not candidate.has_both_networks:
        raise GateRefused(
            f"{candidate.version} has no network for photos, and {current.version}, which is current, has "
            "one: every photo would be answered by the network for pixels. Train it with `--from` a release "
            f"that has both; {FORCE_ADVICE}"
        )
    candidate_form, current_form = map(_describe_pixels, (candidate, current))
    if {key: candidate_form.get(key) for key in current_form} != current_form:
        raise GateRefused(
            f"{candidate.version} reads {_format_value(candidate_form)}, but {current.version}, "
            f"which is current, reads {_format_value(current_form)}. Clients may send pixels of that form. "
            f"{FORCE_ADVICE}"
        )


def _describe_pixels(manifest: Manifest) -> dict[str, object]:
    """Return the facts that clients must know to send pixels, such as shape and polarity."""
    form = ("shape", "channels", "dtype", "polarity")
    pixels = {key: asdict(manifest.get_contract("pixels").input)[key] for key in form}
    # The key is in the form of the current release only if it has this network. So a candidate that adds the
    # network breaks no client, and one that changes its shape does.
    return (
        pixels | {"photos": manifest.get_contract("photos").input.shape}
        if manifest.has_both_networks
        else pixels
    )


def _format_value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
