"""Packages: everything under ``neurodecode/``, and the two folders of TOML files at the root."""

from setuptools import find_packages, setup

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
)
