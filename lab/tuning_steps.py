"""Run and tune EfficientNet-Lite in PyTorch: the convolutions, the heads, the losses and the checkpoints.

It is PyTorch because TensorFlow had no wheel for the machine with a GPU on which this ran first. It also runs
on a processor. The statistics of the normalizations stay as they are, so each normalization is folded into
its convolution.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray

from lab.stored_arrays import store_array
from lab.tuning_batches import BATCH, Batch, Drawn

Tensor: TypeAlias = Any
"""torch.Tensor; the docstring of each function says shape and dtype."""

DEVICE: Final = "cuda" if torch.cuda.is_available() else "cpu"
"""Device on which everything is computed."""
DTYPE: Final = (
    torch.bfloat16
    if DEVICE == "cuda" or "AVX512" in torch.backends.cpu.get_cpu_capability()
    else torch.float32
)
"""Type in which vectors are computed, and the network learns.

A processor without AVX-512 takes more than fifteen times as long for bfloat16 as for float32.
"""

EPSILON: Final = 1e-3
"""Epsilon of the normalizations."""
HALVED: Final = (
    "stem",
    "stage2_1_depthwise",
    "stage3_1_depthwise",
    "stage4_1_depthwise",
    "stage6_1_depthwise",
)
"""Convolutions that halve height and width."""
LAST_STAGES: Final = range(4, 8)
"""Stages whose means the heads learn from, 768 numbers together."""
NORM: Final = ("gamma", "beta", "moving_mean", "moving_variance")
"""Weights of a normalization, in the order of `Convolution.norm`."""

RATE: Final = 0.0008
"""Learning rate of the heads and of the last stage."""
RATE_BELOW: Final = 0.75
"""Factor of the rate from a stage to the one below."""
DECAY: Final = 0.02
"""Weight decay of kernels."""
WARM_UP: Final = 0.05
"""Share of the steps in which the rate rises."""
AVERAGING: Final = 0.995
"""Decay of the running average of the weights."""
DROPOUT: Final = 0.3
"""Share of the features that are left out in a step."""
SMOOTHING: Final = 0.08
"""Label smoothing."""
MIXUP: Final = 0.2
"""Both parameters of the beta distribution of mixup (Zhang et al. 2017, arXiv 1710.09412)."""
COLOUR: Final = 0.2
"""Largest relative change of light and contrast.

Saturation changes by twice as much, each channel by half.
"""

CHECKPOINT_STEPS: Final = 50
"""Number of steps between two checkpoints."""
SEED_DISTANCE: Final = 1_000_003
"""Distance between the seeds of two steps, so that the seeds of two tunings differ."""

LOSSES: Final = {"label": 1.0, "kind": 0.5, "colours": 3.0}
"""Weight of each head's loss. That of the colours is a mean over all colours."""


@dataclass(frozen=True)
class Convolution:
    """One convolution and its normalization.

    Attributes:
        kernel: float32 (out, in, H, W); depthwise ones (channels, 1, H, W).
        norm: gamma, beta, mean and variance, float32 (out,) each.
    """

    kernel: Tensor
    norm: tuple[Tensor, Tensor, Tensor, Tensor]

    def fold(self) -> tuple[Tensor, Tensor]:
        """Return the kernel and the bias of one convolution that computes the same as both."""
        gamma, beta, mean, variance = self.norm
        factor = gamma * torch.rsqrt(variance + EPSILON)
        return self.kernel * factor[:, None, None, None], beta - mean * factor


Weights: TypeAlias = dict[str, Convolution]
"""Convolutions by name, in the order of the network."""


def make_tensors(stored: Mapping[str, NDArray[Any]]) -> Weights:
    """Convert weights from Keras' shapes, in the order in which Keras builds the network."""

    def make_tensor(name: str) -> Tensor:
        values = stored[name].astype(np.float32)
        if values.ndim == 4:
            values = values.transpose(2, 3, 0, 1) if "depthwise" in name else values.transpose(3, 2, 0, 1)
        return torch.tensor(np.ascontiguousarray(values), device=DEVICE)

    names = [path.removesuffix("/kernel") for path in stored if path.endswith("/kernel")]
    norms = {name: tuple(make_tensor(f"{name}_norm/{part}") for part in NORM) for name in names}
    return {name: Convolution(make_tensor(f"{name}/kernel"), norms[name]) for name in names}


def make_arrays(weights: Weights) -> dict[str, NDArray[Any]]:
    """Convert weights to Keras' shapes, float16."""
    arrays = dict[str, NDArray[Any]]()
    for name, convolution in weights.items():
        kernel = convolution.kernel.detach().cpu().numpy()
        axes = (2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0)
        arrays[f"{name}/kernel"] = kernel.transpose(axes).astype(np.float16)
        for part, values in zip(NORM, convolution.norm, strict=True):
            arrays[f"{name}_norm/{part}"] = values.detach().cpu().numpy().astype(np.float16)
    return arrays


def find_stage_ends(weights: Weights) -> list[str]:
    """Return the last convolution of each of LAST_STAGES that the weights have."""
    of_stages = [[name for name in weights if name.startswith(f"stage{stage}_")] for stage in LAST_STAGES]
    return [names[-1] for names in of_stages if names]


def split_stages(weights: Weights) -> tuple[Weights, Weights]:
    """Return the stages that stay, up to the first of LAST_STAGES, and those above, which learn."""
    last = [*weights].index(find_stage_ends(weights)[0]) + 1
    return dict([*weights.items()][:last]), dict([*weights.items()][last:])


def store_outputs(below: Weights, views: NDArray[np.uint8], seed: int, path: Path) -> NDArray[Any]:
    """Compute the output of the lower stages for views, and keep it in a file, which later runs read.

    The colours of a view are changed at random, and half of the views are mirrored.

    Returns:
        float16 (N, C, H, W), read from the disk when it is used.
    """

    def compute_output(step: int) -> NDArray[np.float16]:
        torch.manual_seed(seed + step)
        some = np.array(views[step * BATCH : (step + 1) * BATCH])
        with torch.no_grad():
            *_, (_, output) = _run_convolutions(below, _make_pixels(some))
        return np.asarray(output.half().cpu().numpy())

    shape = (len(views), *compute_output(0).shape[1:])
    steps = -(-len(views) // BATCH)
    return store_array(path, shape, np.float16, lambda done: map(compute_output, range(done // BATCH, steps)))


def compute_means(weights: Weights, x: Tensor) -> Tensor:
    """Return the means of the outputs of LAST_STAGES over all positions, float32 (N, D).

    Args:
        weights: the weights of all stages, or of those above the first of LAST_STAGES.
        x: the pictures, float (N, 3, H, W), -1..1; or the output of the stages below.
    """
    return torch.cat([output.mean((2, 3)) for output in compute_maps(weights, x)], 1)


def compute_maps(weights: Weights, x: Tensor) -> list[Tensor]:
    """Return the outputs of LAST_STAGES, float32 (N, channels, H, W) each.

    Args:
        weights: the weights of all stages, or of those above the first of LAST_STAGES.
        x: the pictures, float (N, 3, H, W), -1..1; or the output of the stages below.
    """
    outputs = [] if "stem" in weights else [x.float()]
    ends = find_stage_ends(weights)
    return outputs + [output.float() for name, output in _run_convolutions(weights, x) if name in ends]


def see_pixels(weights: Weights, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Return the outputs of LAST_STAGES for pictures, float32 (N, channels, H, W) each.

    Args:
        weights: the weights of all stages.
        pixels: uint8 (N, H, W, 3).
    """
    x = (torch.from_numpy(pixels).to(DEVICE).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        maps = compute_maps(weights, x.to(DTYPE).contiguous(memory_format=torch.channels_last))
    return [each.cpu().numpy() for each in maps]


def count_means(weights: Weights) -> int:
    """Return how many numbers `compute_means` returns for the stages above the first of LAST_STAGES."""
    widths = [len(weights[name].kernel) for name in find_stage_ends(weights)]
    # What comes in there is widened first.
    return sum(widths) + int(next(iter(weights.values())).kernel.shape[1])


def _run_convolutions(weights: Weights, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield the name and the output of each convolution."""
    start = x
    for name, convolution in weights.items():
        kernel, bias = convolution.fold()
        x = _convolve(x, kernel.to(x.dtype), bias.to(x.dtype), 2 if name in HALVED else 1)
        if name.endswith(("stem", "_widened", "_depthwise")):
            x = F.relu6(x)
        elif x.shape == start.shape:
            x = x + start
        if not name.endswith(("_widened", "_depthwise")):
            start = x
        yield name, x


def _convolve(x: Tensor, kernel: Tensor, bias: Tensor, strides: int) -> Tensor:
    """Convolve with the padding that TensorFlow calls SAME."""
    edge = x.shape[-1]
    size = kernel.shape[-1]
    padding = max((math.ceil(edge / strides) - 1) * strides + size - edge, 0)
    if padding:
        x = F.pad(x, [padding // 2, padding - padding // 2] * 2)
    # A convolution of one channel for each filter is depthwise; the stem reads three.
    groups = x.shape[1] // kernel.shape[1]
    return F.conv2d(x, kernel.contiguous(memory_format=torch.channels_last), bias, strides, groups=groups)


def tune(weights: Weights, drawn: Drawn, steps: int, kept: Path, between: int = CHECKPOINT_STEPS) -> Weights:
    """Tune the upper stages, and return the running average of their weights.

    The learning rates fall to 0 along half a cosine.

    Args:
        weights: the start weights of the stages that learn.
        drawn: the views to learn; its seed is also that of heads, dropout, mixup and colours.
        kept: the path of the checkpoint, after which a stopped tuning continues.
        between: the number of steps between two checkpoints.
    """
    units = {name: rows.shape[1] for name, rows in drawn.targets.items()}
    learner = _Learner(weights, units, drawn.seed)
    losses = list[float]()
    done = learner.load_checkpoint(kept)
    for number in range(done, steps):
        torch.manual_seed(drawn.seed + (number + 1) * SEED_DISTANCE)
        losses.append(learner.learn_batch(drawn[number], number, steps))
        if (number + 1) % between == 0 and number + 1 < steps:
            learner.save_checkpoint(kept, number + 1)
            sys.stdout.write(f"{number + 1} of {steps}: loss {np.mean(losses[-between:]):.3f}\n")
            sys.stdout.flush()
    return learner.apply_average()


class _Learner:
    """Weights that learn, with their running average, their heads and the optimizer."""

    def __init__(self, weights: Weights, units: dict[str, int], seed: int) -> None:
        torch.manual_seed(seed)
        self._weights, groups = _copy_trainable(weights)
        self._variables = [variable for group in groups for variable in group["params"]]
        self._average = [variable.detach().clone() for variable in self._variables]
        self._heads = _make_heads(count_means(weights), units)
        groups.append({"params": list(self._heads.parameters()), "rate": RATE, "weight_decay": DECAY})
        self._optimizer = torch.optim.AdamW([{**group, "lr": 0.0} for group in groups])

    def learn_batch(self, batch: Batch, number: int, steps: int) -> float:
        """Learn a batch, and return its loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = group["rate"] * _compute_rate(number / steps)
        loss = _compute_loss(self._weights, self._heads, batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        share = 1 - min(AVERAGING, (1 + number) / (10 + number))
        with torch.no_grad():
            for mean, variable in zip(self._average, self._variables, strict=True):
                mean.lerp_(variable, share)
        return float(loss.detach())

    def apply_average(self) -> Weights:
        """Set the weights to their running average, and return them."""
        with torch.no_grad():
            for mean, variable in zip(self._average, self._variables, strict=True):
                variable.copy_(mean)
        return self._weights

    def save_checkpoint(self, path: Path, done: int) -> None:
        """Write a checkpoint in one step."""
        partial = path.with_suffix(".partial")
        state = [self._heads.state_dict(), self._optimizer.state_dict()]
        torch.save([done, self._variables, self._average, *state], partial)
        partial.rename(path)

    def load_checkpoint(self, path: Path) -> int:
        """Load a checkpoint if there is one, and return how many steps it has done."""
        if not path.exists():
            return 0
        done, variables, average, heads, optimizer = torch.load(path, map_location=DEVICE, weights_only=True)
        with torch.no_grad():
            for own, stored in zip([*self._variables, *self._average], [*variables, *average], strict=True):
                own.copy_(stored)
        self._heads.load_state_dict(heads)
        self._optimizer.load_state_dict(optimizer)
        return int(done)


def _copy_trainable(weights: Weights) -> tuple[Weights, list[dict[str, Any]]]:
    """Return a copy of the weights that can learn, and its variables in groups with their rates.

    Kernels, gammas and betas learn. On a processor, those of depthwise convolutions do not: their gradients
    take most of the time of a step.
    """
    copies = Weights()
    groups = list[dict[str, Any]]()
    for name, convolution in weights.items():
        learns = DEVICE == "cuda" or not name.endswith("_depthwise")
        kernel, gamma, beta = (
            each.clone().requires_grad_(learns) for each in (convolution.kernel, *convolution.norm[:2])
        )
        copies[name] = Convolution(kernel, (gamma, beta, *convolution.norm[2:]))
        rate = RATE * RATE_BELOW ** (7 - int(name[len("stage")]))
        groups.append({"params": [kernel], "rate": rate, "weight_decay": DECAY})
        groups.append({"params": [gamma, beta], "rate": rate, "weight_decay": 0.0})
    return copies, groups


def _make_heads(width: int, units: dict[str, int]) -> Tensor:
    """Return a normalization and a linear layer for each head."""
    of_each = {name: torch.nn.Linear(width, count) for name, count in units.items()}
    return torch.nn.ModuleDict({"norm": torch.nn.BatchNorm1d(width), **of_each}).to(DEVICE)


def _compute_rate(done: float) -> float:
    """Return the factor of the learning rates after a share of the steps, 0..1."""
    after = max(0.0, done - WARM_UP) / (1 - WARM_UP)
    return max(min(1.0, done / WARM_UP) * 0.5 * (1 + math.cos(math.pi * after)), 1e-4)


def _compute_loss(weights: Weights, heads: Tensor, batch: Batch) -> Tensor:
    """Return the loss of a batch in which each view is mixed with another one."""
    x = torch.from_numpy(np.array(batch.views)).to(DEVICE)
    others = torch.randperm(len(x), device=DEVICE)
    share = torch.distributions.Beta(MIXUP, MIXUP).sample((len(x),)).to(DEVICE)

    def mix(rows: Tensor) -> Tensor:
        kept = share.view(-1, *[1] * (rows.dim() - 1))
        return rows * kept + rows[others] * (1 - kept)

    seen = compute_means(weights, mix(x).to(DTYPE).contiguous(memory_format=torch.channels_last))
    seen = F.dropout(heads["norm"](seen), DROPOUT)
    losses = list[Tensor]()
    for name, rows in batch.targets.items():
        targets = torch.from_numpy(rows).to(DEVICE)
        has_target = mix((targets.sum(1) > 0).float())
        losses.append(LOSSES[name] * _head_loss(name, heads[name](seen), mix(targets), has_target))
    return sum(losses)


def _make_pixels(views: NDArray[np.uint8]) -> Tensor:
    """Change the colours of views, mirror half of them, and return float32 (N, 3, H, W), -1..1."""
    x = recolour(torch.from_numpy(views).to(DEVICE).permute(0, 3, 1, 2).float() / 255)
    return torch.where(torch.rand(len(x), 1, 1, 1, device=DEVICE) < 0.5, x.flip(3), x) * 255 / 128 - 127 / 128


def recolour(x: Tensor) -> Tensor:
    """Change light, contrast, saturation and channels at random: float (N, 3, H, W), 0..1."""

    def draw_factor(amount: float, *shape: int) -> Tensor:
        return 1 + amount * (2 * torch.rand(len(x), *shape, device=x.device) - 1)

    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * draw_factor(2 * COLOUR, 1, 1, 1)
    middle = x.mean((1, 2, 3), keepdim=True)
    x = (middle + (x - middle) * draw_factor(COLOUR, 1, 1, 1)) * draw_factor(COLOUR, 1, 1, 1)
    return (x * draw_factor(COLOUR / 2, 3, 1, 1)).clamp(0, 1)


def _head_loss(name: str, logits: Tensor, targets: Tensor, has_target: Tensor) -> Tensor:
    """Return the mean loss of a head over a batch. A view whose target is unknown adds nothing."""
    if name == "colours":
        each = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)
        return (each * has_target).mean()
    smooth = targets * (1 - SMOOTHING) + has_target[:, None] * SMOOTHING / targets.shape[1]
    return -(smooth * F.log_softmax(logits, 1)).sum(1).mean()
