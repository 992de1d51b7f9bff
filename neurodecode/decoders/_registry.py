"""Registered decoders: name -> where the class lives."""

TABLE: dict[str, str] = {
    "banded-ridge": "neurodecode.decoders.ridge:BandedRidge",
    "bayes-position": "neurodecode.decoders.bayes_position:BayesPosition",
    "cca": "neurodecode.decoders.ssvep:CCA",
    "discriminative-kalman": "neurodecode.decoders.kalman:DiscriminativeKalman",
    "extended-cca": "neurodecode.decoders.ssvep_trained:ExtendedCCA",
    "filter-bank-cca": "neurodecode.decoders.ssvep:FilterBankCCA",
    "it-cca": "neurodecode.decoders.ssvep_trained:ITCCA",
    "kalman": "neurodecode.decoders.kalman:Kalman",
    "linear-svm": "neurodecode.decoders.linear_svm:LinearSVM",
    "mdm": "neurodecode.decoders.riemann:MDM",
    "net-classifier": "neurodecode.decoders.net:NetClassifier",
    "net-regressor": "neurodecode.decoders.net:NetRegressor",
    "shrinkage-lda": "neurodecode.decoders.lda:ShrinkageLDA",
    "tdca": "neurodecode.decoders.ssvep_trained:TDCA",
    "trca": "neurodecode.decoders.ssvep_trained:TRCA",
    "trf": "neurodecode.decoders.trf:TRF",
    "window-lda": "neurodecode.decoders.lda:WindowLDA",
}
