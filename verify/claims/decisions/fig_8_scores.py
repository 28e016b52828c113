"""Fig. 8: does Key Information Sufficiency tell right decisions from wrong ones, and better than what costs nothing?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from nfrlab.verify.court.claim import BrokenPremise, Claim, Examine, RestoredPremise
from nfrlab.verify.court.evidence import Claimed
from nfrlab.verify.examine.decisions import (
    PREMISES,
    Score,
    auc_evidence,
    column,
    difference_evidence,
    fed,
    masked,
    missing,
    of_networks,
    reading,
    within_evidence,
)

SOURCE = "Sec. V-B.1, Fig. 8"
KIS = reading("element-wise-anew-no-bias-normalised")
PROBABILITY, RIGHT, ALPHA = column("probability"), column("right"), column("alignment")
STRONG, MORE = Claimed.between(0.80, 1.0), Claimed.between(0.0, 1.0)
BLIND = "It compares numbers with what is right, and not with how maps are made."


def scored(
    *,
    id: str,
    title: str,
    statement: str,
    score: tuple[str, Score],
    claimed: Claimed,
    broken: tuple[str, Score],
    restored: tuple[str, Score],
    strata: tuple[str, ...] = (),
    repairs: str | None = None,
) -> Claim:
    """A claim on the AUC of a score; for its controls another score stands in."""
    words, measured = score

    def evidence(of: Score) -> Examine:
        if strata:
            return partial(within_evidence, words=words, score=of, claimed=claimed, strata=strata)
        return partial(auc_evidence, words=words, score=of, claimed=claimed)

    return Claim(
        id=id,
        title=title,
        source=SOURCE if repairs is None else f"repair of {SOURCE}",
        statement=statement,
        premises=PREMISES,
        examine=evidence(measured),
        control=BrokenPremise(premise=broken[0], examine=evidence(broken[1])),
        restored=RestoredPremise(premise=restored[0], examine=evidence(restored[1])),
        scope=of_networks,
        missing=missing,
        repairs=repairs,
        blind=BLIND,
    )


def compared(
    *,
    id: str,
    title: str,
    statement: str,
    others: Mapping[str, Score],
    claimed: Claimed,
    broken: tuple[str, Score],
) -> Claim:
    """A claim on how much larger the AUC of S is than those of other scores; for its controls another S stands in."""

    def evidence(of: Score) -> Examine:
        pairs = {f"S − that of {words}": (of, other) for words, other in others.items()}
        return partial(difference_evidence, pairs=pairs, claimed=claimed)

    return Claim(
        id=id,
        title=title,
        source=SOURCE,
        statement=statement,
        premises=PREMISES,
        examine=evidence(KIS),
        control=BrokenPremise(premise=broken[0], examine=evidence(broken[1])),
        restored=RestoredPremise(premise=KNOWS[0], examine=evidence(KNOWS[1])),
        scope=of_networks,
        missing=missing,
        blind=BLIND,
    )


KNOWS = "S knows the true class: right decisions score 1, wrong ones 0", RIGHT
NOT_FED = "the map is fed back: its α with the image stands in for S", ALPHA

CLAIMS = (
    scored(
        id="fig-8-scores-strong",
        title="KIS correlates strongly with being right",
        statement=(
            "“A strong correlation between these types and the generalizability is evident”: the AUC of S is 0.80 or "
            "more."
        ),
        score=("S", KIS),
        claimed=STRONG,
        broken=NOT_FED,
        restored=KNOWS,
    ),
    compared(
        id="fig-8-scores-insertion",
        title="KIS tells far more than Insertion",
        statement=(
            "Strong against weak: the AUC of S is larger by 0.15 or more than that of Insertion, as printed, and where "
            "25 % or 50 % of the entries are kept."
        ),
        others={
            "Insertion": masked("insertion"),
            "Insertion of 25 %": masked("largest, 25%"),
            "Insertion of 50 %": masked("largest, 50%"),
        },
        claimed=Claimed.between(0.15, 1.0),
        broken=NOT_FED,
    ),
    compared(
        id="fig-8-scores-abs",
        title="Insertion-ABS stands between Insertion and KIS",
        statement=(
            "“It remains weaker than when the attribution results are directly fed into the model”: the AUC of S is "
            "larger by 0.075 or more, half of the way from weak to strong, than that of Insertion-ABS, as printed, and "
            "where 25 % or 50 % of the entries are kept."
        ),
        others={
            "Insertion-ABS": masked("insertion-abs"),
            "Insertion-ABS of 25 %": masked("largest size, 25%"),
            "Insertion-ABS of 50 %": masked("largest size, 50%"),
        },
        claimed=Claimed.between(0.075, 1.0),
        broken=NOT_FED,
    ),
    compared(
        id="fig-8-scores-baseline",
        title="KIS tells more than the largest probability",
        statement=(
            "S is worth its price: its AUC is not below that of the largest softmax probability, which costs nothing."
        ),
        others={"the largest probability": PROBABILITY},
        claimed=MORE,
        broken=NOT_FED,
    ),
    scored(
        id="fig-8-scores-baseline-repair",
        title="The largest probability tells right decisions from wrong ones",
        statement="The AUC of the largest softmax probability is 0.80 or more.",
        score=("the largest probability", PROBABILITY),
        claimed=STRONG,
        broken=("the score is the network's: it is α of the map with the image", ALPHA),
        restored=KNOWS,
        repairs="fig-8-scores-baseline",
    ),
    compared(
        id="fig-8-scores-nulls",
        title="The map tells more than the image's edges, or noise",
        statement=(
            "It is the map that tells: the AUC of S is larger by 0.05 or more than that of S where what is fed back "
            "knows nothing of the network, the edges of the image (Sobel) or noise."
        ),
        others={"the edges": fed("edges"), "noise": fed("noise")},
        claimed=Claimed.between(0.05, 1.0),
        broken=NOT_FED,
    ),
    scored(
        id="fig-8-scores-margin",
        title="KIS tells more than how large the outputs are",
        statement=(
            "Among images of one decile of the margin between the two largest outputs the AUC of S is 0.65 or more: it "
            "tells, more than weakly, what the margin does not."
        ),
        score=("S", KIS),
        claimed=Claimed.between(0.65, 1.0),
        broken=NOT_FED,
        restored=KNOWS,
        strata=("deciles of the margin",),
    ),
    scored(
        id="fig-8-scores-within",
        title="KIS correlates strongly with being right within each class and peak",
        statement=(
            "The correlation is no matter of classes or peaks: among images of one class decided on, and among those "
            "of one peak (the class decided on R̃ is that of the image, or is not), the AUC of S is 0.80 or more."
        ),
        score=("S", KIS),
        claimed=STRONG,
        broken=NOT_FED,
        restored=KNOWS,
        strata=("the class decided on", "the two peaks"),
    ),
)
