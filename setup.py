"""Packages: everything under ``neurodecode/``, and the two folders of TOML files at the root.

The C kernels are optional: without a compiler the installation succeeds, and their twins in NumPy
do the work.
"""

import os

from setuptools import Extension, find_packages, setup

ROOM = "neurodecode/linalg/_native"
# Plain C on pointers, called through ctypes. Each file names its own processor; flags
# that relax the arithmetic of others (-ffast-math) or bind it to this machine have no place here.
KERNELS = Extension(
    "neurodecode.linalg._native._kernels",
    sources=[f"{ROOM}/{name}.c" for name in ("form_2", "form_4", "form_8", "module")],
    depends=[f"{ROOM}/{name}.h" for name in ("lanes", "eigen", "sections", "block")],
    extra_compile_args=[
        "-O3", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden", "-w",
    ],
    libraries=["m"] if os.name == "posix" else [],
    optional=True,
)  # fmt: skip

setup(
    packages=[
        *find_packages(include=["neurodecode", "neurodecode.*"]),
        "neurodecode.datasets",
        "neurodecode.pipelines",
    ],
    package_dir={
        "neurodecode": "neurodecode",
        "neurodecode.datasets": "datasets",
        "neurodecode.pipelines": "pipelines",
    },
    ext_modules=[KERNELS],
)
