"""What each theory predicts, experiment by experiment, as functions of what is known before the measurement.

An experiment that a theory is silent of is missing from its `PREDICTIONS`.
"""

from nfrlab.theory.rivals.predictions import adebayo, binder, nie, sixt, zheng
from nfrlab.theory.rivals.predictions.scale import Known, Prediction

THEORIES = {
    "Zheng": zheng.PREDICTIONS,
    "Sixt": sixt.PREDICTIONS,
    "Nie": nie.PREDICTIONS,
    "Binder": binder.PREDICTIONS,
    "Adebayo": adebayo.PREDICTIONS,
}
"""By theory and experiment: from what is known beforehand to the prediction."""

__all__ = ["THEORIES", "Known", "Prediction"]
