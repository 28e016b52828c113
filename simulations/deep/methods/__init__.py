"""Maps that take more than one way down through a network, and every method by name."""

from nfrlab.simulations.deep.methods.estimates import Estimate
from nfrlab.simulations.deep.methods.integrated_gradients import integrated_gradients
from nfrlab.simulations.deep.methods.named import METHODS, method
from nfrlab.simulations.deep.methods.smoothgrad import smoothgrad

__all__ = ["METHODS", "Estimate", "integrated_gradients", "method", "smoothgrad"]
