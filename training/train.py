"""Train the network.

    python -m training.train --name first --minutes 60
    python -m training.train --name first --minutes 60 --resume
    python -m training.train --name tiny --steps 40 --drawn 24 --heaps 24 --drawn-only

Runs on CUDA where there is a device, else on the CPU (channels last; bfloat16 where that is
quicker). The schedule follows the time spent, not the steps unless they are given, so that a
run ends when it was meant to on a machine that is shared: warm-up, then a cosine down to a
hundredth. A checkpoint is written every few minutes to `training/cache/runs/NAME/`, with one
line in `log.csv`.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from training.crops import Crops
from training.dataset import WORK
from training.mixture import emps, mixture
from training.network import Layout, MultiResUNet
from training.unfold import unfold


@dataclass(frozen=True)
class Plan:
    """What a run does; stored beside its checkpoints."""

    name: str
    minutes: float
    steps: int | None = None  # in place of minutes
    emps: bool = True  # without it validation is on what is trained on
    touching: bool = True  # spheres, powder, pebbles, nuclei
    start_from: str | None = None  # averaged weights of another run, or an exported model
    batch: int = 8
    rate: float = 2e-3
    warm_up: float = 0.03  # share of the time
    decay: float = 0.02
    ema: float = 0.998
    seed: int = 1
    drawn: int = 1000  # flat
    heaps: int = 1000  # by all detectors together
    width: float = 1.0  # of the network's layers, as a share of the shipped ones
    workers: int = 1
    checkpoint_minutes: float = 3.0

    def progress(self, step: int, spent: float) -> float:
        """Share done after so many steps and seconds; 1 ends the run."""
        return step / self.steps if self.steps else spent / (60 * self.minutes)


def learning_rate(plan: Plan, progress: float) -> float:
    """Rate after a share `progress` (0..1) of the time: warm-up, then cosine to 1 %."""
    if progress < plan.warm_up:
        return plan.rate * (0.05 + 0.95 * progress / plan.warm_up)
    turn = (progress - plan.warm_up) / (1 - plan.warm_up)
    return plan.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(turn, 1.0))))


def loss_parts(logits: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Loss of each map; target as `training.targets.targets` gives it, (n, 4, H, W)."""
    logits = logits.float()
    foreground, distance, boundary, weight = target.unbind(1)
    probability = torch.sigmoid(logits[:, 0])
    cross = functional.binary_cross_entropy_with_logits(logits[:, 0], foreground, weight)
    overlap = (weight * probability * foreground).sum((1, 2))
    total = (weight * (probability + foreground)).sum((1, 2))
    dice = 1 - ((2 * overlap + 50) / (total + 50)).mean()
    error = (torch.sigmoid(logits[:, 1]) - distance).abs()
    scaled = (error * weight * (0.5 + foreground)).mean()
    edge = functional.binary_cross_entropy_with_logits(
        logits[:, 2],
        boundary,
        (weight > 0).float(),
        pos_weight=torch.tensor(3.0, device=logits.device),
    )
    return {"foreground": cross, "dice": dice, "distance": 2 * scaled, "boundary": 0.5 * edge}


@torch.no_grad()
def follow(average: torch.nn.Module, model: torch.nn.Module, decay: float) -> None:
    """Exponential moving average of weights and normalisation statistics."""
    mine, theirs = average.state_dict(), model.state_dict()
    for name, value in mine.items():
        if value.is_floating_point():
            value.lerp_(theirs[name].to(value.dtype), 1 - decay)
        else:
            value.copy_(theirs[name])


@torch.no_grad()
def validation_loss(model: torch.nn.Module, batches: list, device: torch.device) -> float:
    """Mean loss over fixed crops of the validation fifth."""
    model.eval()
    total = 0.0
    for image, target in batches:
        logits = model(image.to(device, memory_format=torch.channels_last))
        total += float(sum(loss_parts(logits, target.to(device)).values()))
    return total / len(batches)


def train(plan: Plan, folder: Path, *, resume: bool) -> None:
    """Run the plan, from its last checkpoint when asked."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # a CPU without AVX-512 takes seven times as long over bfloat16 as over float32
    half = device.type != "cpu" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    torch.manual_seed(plan.seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=1))
    checkpoint, stored = folder / "checkpoint.pt", {}
    if resume and checkpoint.exists():
        stored = torch.load(checkpoint, map_location=device, weights_only=True)
    step, spent = stored.get("step", 0), stored.get("spent", 0.0)

    mixes = mixture(real=plan.emps, touching=plan.touching, drawn=plan.drawn, heaps=plan.heaps)
    for mix in mixes:
        print(f"{mix.name}: {len(mix.samples)} pictures, share {mix.share:.3f}", flush=True)
    stream = iter(
        DataLoader(
            Crops(mixes, plan.seed + step),  # other crops where a run is resumed
            batch_size=plan.batch,
            num_workers=plan.workers,
            prefetch_factor=4 if plan.workers else None,
            pin_memory=device.type == "cuda",
        )
    )
    kept_out = [emps(validation=True)] if plan.emps else mixes
    fixed = DataLoader(Crops(kept_out, seed=0), batch_size=8)
    held = [batch for batch, _ in zip(fixed, range(12), strict=False)]

    model = MultiResUNet(Layout().scaled(plan.width)).to(device, memory_format=torch.channels_last)
    if plan.start_from and plan.start_from.endswith(".onnx"):
        sample = torch.cat([image for image, _ in itertools.islice(stream, 8)])
        unfold(model, Path(plan.start_from), sample.to(device))
    elif plan.start_from:
        other = torch.load(WORK / "runs" / plan.start_from / "checkpoint.pt", weights_only=True)
        model.load_state_dict(_fitting(other["average"], model))
    average = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=plan.decay)
    if stored:
        model.load_state_dict(stored["model"])
        average.load_state_dict(stored["average"])
        optimiser.load_state_dict(stored["optimiser"])
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters on {device}", flush=True)
    print(f"{step:6d} validation {validation_loss(average, held, device):.4f}", flush=True)

    last_saved, began = spent, time.monotonic() - spent
    running: dict[str, float] = {}
    while (progress := plan.progress(step, spent)) < 1:
        model.train()
        rate = learning_rate(plan, progress)
        for group in optimiser.param_groups:
            group["lr"] = rate
        image, target = next(stream)
        image = image.to(device, non_blocking=True, memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            logits = model(image)
        parts = loss_parts(logits, target.to(device, non_blocking=True))
        optimiser.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        # early on the average must not remember the random start
        follow(average, model, min(plan.ema, step / (step + 10)))
        for name, value in parts.items():
            seen = float(value.detach())
            running[name] = 0.98 * running.get(name, seen) + 0.02 * seen
        spent = time.monotonic() - began
        if step % 50 == 0:
            shown = " ".join(f"{name} {value:.4f}" for name, value in running.items())
            print(f"{step:6d} {spent / 60:6.1f} min rate {rate:.5f} {shown}", flush=True)
        if spent - last_saved > 60 * plan.checkpoint_minutes or plan.progress(step, spent) >= 1:
            held_loss = validation_loss(average, held, device)
            save(checkpoint, model, average, optimiser, step, spent)
            with (folder / "log.csv").open("a") as log:
                log.write(f"{step},{spent / 60:.2f},{rate:.6f},{held_loss:.5f}\n")
            print(f"{step:6d} {spent / 60:6.1f} min validation {held_loss:.4f}", flush=True)
            last_saved = spent


def _fitting(weights: dict[str, Tensor], model: torch.nn.Module) -> dict[str, Tensor]:
    """The weights of another run where name and shape agree, the model's own elsewhere."""
    own = model.state_dict()
    fit = {k: v for k, v in weights.items() if k in own and v.shape == own[k].shape}
    print(f"{len(fit)} of {len(own)} tensors taken over", flush=True)
    return own | fit


def save(path: Path, model, average, optimiser, step: int, spent: float) -> None:
    """Write a checkpoint whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "model": model.state_dict(),
            "average": average.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
            "spent": spent,
        },
        partial,
    )
    partial.replace(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", default="first")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--drawn-only", action="store_true")
    parser.add_argument("--start-from", help="another run, or an exported model (.onnx)")
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--drawn", type=int, default=Plan.drawn)
    parser.add_argument("--heaps", type=int, default=Plan.heaps)
    parser.add_argument("--width", type=float, default=Plan.width)
    parser.add_argument("--workers", type=int, default=Plan.workers)
    parser.add_argument("--resume", action="store_true")
    options = vars(parser.parse_args())
    resumed, real = options.pop("resume"), not options.pop("drawn_only")
    plan = Plan(emps=real, touching=real, **options)
    train(plan, WORK / "runs" / plan.name, resume=resumed)
