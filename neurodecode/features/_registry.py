"""Registered features: name -> where the class lives."""

TABLE: dict[str, str] = {
    "band-power": "neurodecode.features.spectra:BandPower",
    "covariance": "neurodecode.features.covariance:Covariance",
    "csp": "neurodecode.features.riemann:CSP",
    "dss": "neurodecode.features.evoked:DSS",
    "erp-covariance": "neurodecode.features.covariance:ERPCovariance",
    "filter-bank-csp": "neurodecode.features.filter_bank_csp:FilterBankCSP",
    "flatten": "neurodecode.features.waveform:Flatten",
    "minirocket": "neurodecode.features.kernels:MiniRocket",
    "regularized-csp": "neurodecode.features.regularized_csp:RegularizedCSP",
    "spoc": "neurodecode.features.oscillations:SPoC",
    "ssd": "neurodecode.features.oscillations:SSD",
    "tangent-space": "neurodecode.features.riemann:TangentSpace",
    "voxels": "neurodecode.features.waveform:Voxels",
    "window-means": "neurodecode.features.waveform:WindowMeans",
    "xdawn": "neurodecode.features.evoked:Xdawn",
    "xdawn-covariance": "neurodecode.features.covariance:XdawnCovariance",
}
