"""The vocabulary of a trial: claim, evidence, verdict, error budget."""

from nfrlab.verify.court.budget import Budget
from nfrlab.verify.court.claim import BrokenPremise, Claim, Examination, RestoredPremise
from nfrlab.verify.court.evidence import Claimed, Evidence, Finding, Kind, decide
from nfrlab.verify.court.verdict import Control, Status, Verdict, judge

__all__ = [
    "BrokenPremise",
    "Budget",
    "Claim",
    "Claimed",
    "Control",
    "Evidence",
    "Examination",
    "Finding",
    "Kind",
    "RestoredPremise",
    "Status",
    "Verdict",
    "decide",
    "judge",
]
