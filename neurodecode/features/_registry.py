"""Registered features: name -> where the class lives."""

TABLE: dict[str, str] = {
    "band-power": "neurodecode.features.spectra:BandPower",
    "covariance": "neurodecode.features.covariance:Covariance",
    "csp": "neurodecode.features.riemann:CSP",
    "erp-covariance": "neurodecode.features.covariance:ERPCovariance",
    "flatten": "neurodecode.features.waveform:Flatten",
    "minirocket": "neurodecode.features.kernels:MiniRocket",
    "tangent-space": "neurodecode.features.riemann:TangentSpace",
    "voxels": "neurodecode.features.waveform:Voxels",
    "window-means": "neurodecode.features.waveform:WindowMeans",
    "xdawn-covariance": "neurodecode.features.covariance:XdawnCovariance",
}
