"""What the comparison ran on."""

import os
import platform
from pathlib import Path

#: What decides about the speed of matrix products.
FEATURES = {
    "avx2": "AVX2",
    "fma": "FMA",
    "f16c": "F16C",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX512-VNNI",
    "avx512_bf16": "AVX512-BF16",
    "amx_int8": "AMX-INT8",
    "asimd": "NEON",
    "asimddp": "dot product",
    "i8mm": "I8MM",
}
VNNI = {"avx_vnni", "avx512_vnni"}


def _cpu_lines() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {key.strip(): value.strip() for key, _, value in reversed(pairs)}


def flags() -> set[str]:
    """The processor's features, as the kernel names them."""
    lines = _cpu_lines()
    return set((lines.get("flags") or lines.get("Features") or "").split())


def describe() -> dict:
    """Processor, cores, features, memory and system."""
    lines = _cpu_lines()
    present = flags()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": lines.get("model name") or platform.machine(),
        "cores": os.cpu_count(),
        "features": [name for flag, name in FEATURES.items() if flag in present],
        "memory_bytes": pages,
        "system": f"{platform.system()} {platform.release()}",
    }


def available_bytes() -> int:
    """Memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
