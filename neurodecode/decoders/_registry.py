"""Registered decoders: name -> where the class lives."""

TABLE: dict[str, str] = {
    "mdm": "neurodecode.decoders.riemann:MDM",
    "net-classifier": "neurodecode.decoders.net:NetClassifier",
    "net-regressor": "neurodecode.decoders.net:NetRegressor",
    "shrinkage-lda": "neurodecode.decoders.lda:ShrinkageLDA",
    "window-lda": "neurodecode.decoders.lda:WindowLDA",
}
