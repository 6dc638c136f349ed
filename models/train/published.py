# SPDX-License-Identifier: MIT
"""published.py - figures from the papers, the floors that our models are held to, and how tables are laid out.

A figure's key is (set, condition): strength of noise, factor, or JPEG quality.
"""

SETS = ("CBSD68", "BSD68", "Kodak24", "McMaster18", "Set5", "Set14")


def keyed(*sets, conditions):
    """Figures of one paper: sets = (name, a, b, c) -> {(name, condition): figure}."""
    return {(name, c): v for name, *values in sets for c, v in zip(conditions, values)}


def noise(*sets):
    return keyed(*sets, conditions=(15, 25, 50))


def factor(*sets):
    return keyed(*sets, conditions=(2, 3, 4))


FIGURES = {
    "denoise": [
        ("CBM3D", "", noise(("CBSD68", 33.52, 30.71, 27.38), ("Kodak24", 34.28, 31.68, 28.46),
                            ("McMaster18", 34.06, 31.66, 28.51))),
        ("BM3D (grey)", "", noise(("BSD68", 31.08, 28.57, 25.60))),
        ("DnCNN (grey)", "0.56 M", noise(("BSD68", 31.73, 29.23, 26.23))),
        ("FFDNet", "0.85 M", noise(("CBSD68", 33.87, 31.21, 27.96), ("Kodak24", 34.63, 32.13, 28.98),
                                   ("McMaster18", 34.66, 32.35, 29.18), ("BSD68", 31.63, 29.19, 26.29))),
        ("DRUNet", "32.6 M", noise(("CBSD68", 34.30, 31.69, 28.51), ("Kodak24", 35.31, 32.89, 29.86),
                                   ("McMaster18", 35.40, 33.14, 30.08), ("BSD68", 31.91, 29.48, 26.59))),
        ("SwinIR", "11.5 M", noise(("CBSD68", 34.42, 31.78, 28.56), ("Kodak24", 35.34, 32.89, 29.79),
                                   ("McMaster18", 35.61, 33.20, 30.22))),
    ],
    "upscale": [
        ("bicubic", "", factor(("Set5", 33.66, 30.39, 28.42), ("Set14", 30.24, 27.55, 26.00))),
        ("FSRCNN", "12 k", factor(("Set5", 37.00, 33.16, 30.71), ("Set14", 32.63, 29.43, 27.59))),
        ("VDSR", "665 k", factor(("Set5", 37.53, 33.66, 31.35), ("Set14", 33.03, 29.77, 28.01))),
        ("CARN-M", "412 k", factor(("Set5", 37.53, 33.99, 31.92), ("Set14", 33.26, 30.08, 28.42))),
        ("EDSR-baseline", "1.5 M", factor(("Set5", 37.99, 34.37, 32.09), ("Set14", 33.57, 30.28, 28.58))),
        ("IMDN", "0.7 M", factor(("Set5", 38.00, 34.36, 32.21), ("Set14", 33.63, 30.32, 28.58))),
        ("SwinIR-light", "0.9 M", factor(("Set5", 38.14, 34.62, 32.44), ("Set14", 33.86, 30.54, 28.77))),
    ],
    "deblock": [
        ("DnCNN-3", "0.67 M", keyed(("LIVE1", 29.19, 31.59, 32.98, 33.96), conditions=(10, 20, 30, 40))),
    ],
}

# groups of columns: heading, keys, format of a figure
TABLES = {
    "denoise": [(f"{s} 15/25/50", [(s, n) for n in (15, 25, 50)], "{:.2f}")
                for s in ("CBSD68", "Kodak24", "McMaster18", "BSD68")],
    "upscale": [(f"x{k} Set5/Set14", [("Set5", k), ("Set14", k)], "{:.2f}") for k in (2, 3, 4)],
    "deblock": [("decoder 10/20/40/95", [("before", q) for q in (10, 20, 40, 95)], "{:.2f}"),
                ("gain 10/20/40/95", [("Kodak24", q) for q in (10, 20, 40, 95)], "{:+.2f}"),
                ("least gain 10/20/40/95", [("least", q) for q in (10, 20, 40, 95)], "{:+.2f}"),
                ("LIVE1 Y 10/20/30/40", [("LIVE1", q) for q in (10, 20, 30, 40)], "{:.2f}")],
}
TITLES = {
    "denoise": "denoise: sigma 15/25/50; BSD68 grey",
    "upscale": "upscale: Y",
    "deblock": "deblock: Kodak24, RGB, JPEG quality 10/20/40/95, 4:2:0",
}

# model, figure, at least
FLOORS = [
    ("denoise", ("CBSD68", 15), 33.7), ("denoise", ("CBSD68", 25), 31.0), ("denoise", ("CBSD68", 50), 27.6),
    ("upscale-x2", ("Set5", 2), 37.4), ("upscale-x2", ("Set14", 2), 32.53),
    ("upscale-x3", ("Set5", 3), 33.5), ("upscale-x3", ("Set14", 3), 29.33),
    ("upscale-x4", ("Set5", 4), 31.2), ("upscale-x4", ("Set14", 4), 27.49),
    ("upscale-fast", ("Set5", 2), 36.8),
    ("deblock", ("Kodak24", 10), 1.3), ("deblock", ("Kodak24", 20), 1.1), ("deblock", ("Kodak24", 40), 0.8),
    ("deblock", ("least", 95), 0.0),
]


def heading(key):
    """A floor's name: Set5, CBSD68 25, gain q10."""
    name, condition = key
    if name.startswith("Set"):
        return name
    return {"Kodak24": f"gain q{condition}", "least": f"least gain q{condition}"}.get(name, f"{name} {condition}")
