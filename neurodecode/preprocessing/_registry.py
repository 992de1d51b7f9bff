"""Registered steps: name -> where the class lives."""

TABLE: dict[str, str] = {
    "bandpass": "neurodecode.preprocessing.filters:Bandpass",
    "decimate": "neurodecode.preprocessing.resample:Decimate",
    "euclidean-align": "neurodecode.preprocessing.align:EuclideanAlign",
    "notch": "neurodecode.preprocessing.filters:Notch",
    "reference": "neurodecode.preprocessing.reference:Reference",
    "resample": "neurodecode.preprocessing.resample:Resample",
    "scale": "neurodecode.preprocessing.scale:Scale",
}
