"""Which torch is installed: asked here, since only this folder imports torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class TorchBuild:
    """Version with its local part such as ``+cpu``, CUDA version it was built for ("" for none), GPUs, threads."""

    version: str
    cuda: str
    gpus: tuple[str, ...]
    threads: int


def torch_build() -> TorchBuild:
    """The torch of this process."""
    count = torch.cuda.device_count() if torch.version.cuda else 0
    return TorchBuild(
        version=torch.__version__,
        cuda=torch.version.cuda or "",
        gpus=tuple(torch.cuda.get_device_name(number) for number in range(count)),
        threads=torch.get_num_threads(),
    )
