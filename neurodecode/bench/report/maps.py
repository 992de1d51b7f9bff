"""Topographies: patterns of decoders on the head, nose up, zero transparent.

The map is a small picture; outline, electrodes and names are lines and text above it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from neurodecode.bench.report import svg

RADIUS = 62
_PIXELS = 64
_RIM = 0.88  # a maximum outside this share of the head's radius may be muscle
POSITIVE, NEGATIVE = (196, 84, 8), (11, 98, 163)


def flatten(positions: np.ndarray) -> np.ndarray:
    """Positions on a sphere, seen from above with equal angles: nose up, unit circle = equator.

    Parameters
    ----------
    positions : (n, 3), x right, y front, z up, any unit; NaN where unknown

    Returns
    -------
    points : (n, 2)
    """
    known = np.isfinite(positions).all(axis=1)
    points = np.full((len(positions), 2), np.nan)
    if not known.any():
        return points
    centred = positions[known]
    radius = np.linalg.norm(centred, axis=1)
    angle = np.arccos(np.clip(centred[:, 2] / np.where(radius == 0, 1, radius), -1, 1))
    flat = np.hypot(centred[:, 0], centred[:, 1])
    turn = centred[:, :2] / np.where(flat == 0, 1, flat)[:, None]
    points[known] = turn * (angle / (np.pi / 2))[:, None]
    reach = np.abs(points[known]).max()
    return points / reach * 0.96 if reach > 1.05 else points


def raster(points: np.ndarray, values: np.ndarray) -> str:
    """A smooth map of values inside the head as a PNG data address; the largest is opaque."""
    from matplotlib.image import imsave
    from scipy.interpolate import RBFInterpolator

    axis = np.linspace(-1, 1, _PIXELS)
    grid = np.stack(np.meshgrid(axis, -axis), axis=-1).reshape(-1, 2)
    # A thin plate runs away outside the electrodes: zeros far out hold it.
    ring = 1.5 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], 1)
    spline = RBFInterpolator(
        np.vstack([points, ring]), np.append(values, np.zeros(8)), kernel="thin_plate_spline"
    )
    field = spline(grid).reshape(_PIXELS, _PIXELS)
    share = np.clip(field / max(np.abs(values).max(), 1e-300), -1, 1)
    image = np.empty((_PIXELS, _PIXELS, 4))
    image[..., :3] = np.where(share[..., None] > 0, POSITIVE, NEGATIVE)
    image[..., :3] /= 255
    image[..., 3] = np.abs(share)
    target = io.BytesIO()
    imsave(target, image, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode()


def strongest(values: np.ndarray) -> int:
    """Index of the channel with the largest absolute value."""
    return int(np.nanargmax(np.abs(values)))


def at_rim(points: np.ndarray, values: np.ndarray) -> bool:
    """True when the strongest channel sits at the rim of the head."""
    return bool(np.linalg.norm(points[strongest(values)]) > _RIM)


def topography(
    values: np.ndarray, points: np.ndarray, names: Sequence[str], title: str, clip: str
) -> Markup:
    """One head: map, outline, electrodes, and the strongest one by name."""
    known = np.isfinite(points).all(axis=1) & np.isfinite(values)
    points, values = points[known], values[known]
    names = [name for name, keep in zip(names, known, strict=True) if keep]
    top = strongest(values)
    r = RADIUS
    parts = [
        svg.tag("clipPath", svg.tag("circle", r=r), id=clip),
        svg.tag("image", href=raster(points, values), x=-r, y=-r, width=2 * r, height=2 * r,
                clip_path=f"url(#{clip})", preserveAspectRatio="none"),
        svg.tag("path", d=f"M-9 {2 - r}L0 {-r - 11}L9 {2 - r}", class_="head"),
        svg.tag("path", d=f"M{-r} -13q-9 13 0 26M{r} -13q9 13 0 26", class_="head"),
        svg.tag("circle", r=r, class_="head"),
    ]  # fmt: skip
    for number, (x, y) in enumerate(points):
        size = 2.4 if number == top else 1.3
        parts.append(svg.tag("circle", cx=float(x * r), cy=float(-y * r), r=size, class_="el"))
    x, y = points[top] * r
    half = svg.text_width(names[top], 10) / 2
    at = min(max(x, -72 + half), 72 - half)
    parts.append(svg.label(at, -y - 5, names[top], "el b halo", "middle"))
    return svg.tag(
        "svg", Markup("").join(parts), viewBox="-76 -78 152 146", role="img",
        aria_label=f"{title}: strongest at {names[top]}",
    )  # fmt: skip
