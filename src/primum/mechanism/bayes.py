"""What do all trials together say of the core's parameters? Priors, likelihood and sampling with NumPyro.

The one module that needs the extra `bayes`. Nothing that answers a question imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from primum.mechanism.hierarchy import Design, earlier_responders, shares_of
from primum.terms import FloatArray

MODEL_VERSION: Final = "hierarchical-threshold/1"


@dataclass(frozen=True, slots=True)
class Prior:
    """What is held of one parameter before the trials are seen.

    Args:
        kind: `normal`, `lognormal` (median and log-spread), `halfnormal` (spread alone) or `uniform` on (0, 1).
        centre: mean, or median; 0 where the kind has none.
        spread: standard deviation, or log-spread.
        reason: why.
    """

    kind: str
    centre: float
    spread: float
    reason: str

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draws from it."""
        if self.kind == "uniform":
            return np.asarray(rng.random(size))
        z = rng.standard_normal(size)
        if self.kind == "halfnormal":
            return np.asarray(self.spread * np.abs(z))
        if self.kind == "lognormal":
            return np.asarray(self.centre * np.exp(self.spread * z))
        return np.asarray(self.centre + self.spread * z)


# The population's parameters. Those named `..._spread` scale standard normal effects, one a product, trial and so on.
PRIORS: Final[Mapping[str, Prior]] = {
    "half_life_days": Prior(
        "lognormal", 30, 0.5, "inhibition of release halves in about 31 days in rat cerebellar neurons [foran2003]"
    ),
    "ln_dose_slope": Prior("lognormal", 0.6, 0.6, "thresholds within 2- to 15-fold of the median in two thirds"),
    "intercept": Prior("normal", 1.5, 1.0, "an approved dose works at first in most, hardly in all"),
    "product_spread": Prior("halfnormal", 0, 0.5, "doses are chosen by each maker to work about as well"),
    "pair_spread": Prior("halfnormal", 0, 0.3, "endpoints rank products alike but for little"),
    "trial_spread": Prior("halfnormal", 0, 0.4, "raters and people differ between trials"),
    "arm_spread": Prior("halfnormal", 0, 0.2, "randomised arms of one trial differ by little but chance"),
    "placebo": Prior("normal", -2.5, 1.2, "1 to 46 % respond without the drug"),
    "placebo_slope": Prior("normal", 0, 1.0, "the placebo share may rise or fall threefold in 100 days"),
    "placebo_spread": Prior("halfnormal", 0, 0.5, "as between trials"),
    "onset_median": Prior("lognormal", 3.0, 0.5, "published medians run from 2 to 5.32 days [onset.csv]"),
    "onset_spread": Prior("halfnormal", 0, 0.3, "a stricter endpoint is reached somewhat later"),
    "persistence": Prior("uniform", 0, 1, "marginal counts say little on it"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Draws from the posterior and how the sampling went.

    Args:
        values: the arguments of `hierarchy.shares_of` and the spreads, by name; first axis the draws.
        divergences: transitions that diverged.
        r_hat: largest split R-hat over all sampled numbers.
        effective: smallest effective sample size over them.
        chains: chains.
        draws: draws of each.
    """

    values: Mapping[str, FloatArray]
    divergences: int
    r_hat: float
    effective: float
    chains: int
    draws: int


def _sampled(name: str) -> Any:
    import numpyro
    import numpyro.distributions as dist

    prior = PRIORS[name]
    kinds = {
        "normal": lambda: dist.Normal(prior.centre, prior.spread),
        "lognormal": lambda: dist.LogNormal(np.log(prior.centre), prior.spread),
        "halfnormal": lambda: dist.HalfNormal(prior.spread),
        "uniform": lambda: dist.Uniform(0.0, 1.0),
    }
    return numpyro.sample(name, kinds[prior.kind]())


def _parameters(design: Design) -> dict[str, Any]:
    """Sample all parameters; effects are sampled as standard normal and scaled after, which keeps the way even."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    endpoints = len(design.endpoints)

    def effects(name: str, size: int, spread: str) -> Any:
        raw = numpyro.sample(f"{name}_raw", dist.Normal(0, 1).expand([size]).to_event(1))
        return numpyro.deterministic(name, _sampled(spread) * raw)

    def each_endpoint(name: str) -> Any:
        prior = PRIORS[name]
        return numpyro.sample(name, dist.Normal(prior.centre, prior.spread).expand([endpoints]).to_event(1))

    values = {
        "half_life_days": _sampled("half_life_days"),
        "ln_dose_slope": _sampled("ln_dose_slope"),
        "intercept": each_endpoint("intercept"),
        "product": effects("product", len(design.products), "product_spread"),
        "pair": effects("pair", len(design.pairs), "pair_spread"),
        "trial": effects("trial", len(design.trials), "trial_spread"),
        "arm": effects("arm", design.arms, "arm_spread"),
        "placebo": each_endpoint("placebo"),
        "placebo_slope": each_endpoint("placebo_slope"),
        "placebo_trial": effects("placebo_trial", len(design.trials), "placebo_spread"),
        "persistence": _sampled("persistence"),
    }
    later = effects("onset", endpoints, "onset_spread")
    values["onset_days"] = numpyro.deterministic("onset_days", _sampled("onset_median") * jnp.exp(later))
    return values


def terms_of(design: Design) -> dict[str, FloatArray]:
    """What the likelihood needs of the counts, worked out once: no parameter stands in it.

    A later visit's count is the sum of those who responded before and do still, and those who did not and do now: one
    column for each way to split it, with the logarithm of its number of ways, minus infinity where it is none.
    """
    from scipy.special import gammaln

    def ways(count: FloatArray, people: FloatArray) -> FloatArray:
        return np.asarray(gammaln(people + 1) - gammaln(count + 1) - gammaln(people - count + 1))

    later = np.flatnonzero(design.before >= 0)
    before = earlier_responders(design)[later][:, None].astype(np.float64)
    people = design.people[later][:, None].astype(np.float64)
    now = design.responders[later][:, None].astype(np.float64)
    still = np.arange(design.people[later].max(initial=0) + 1.0)[None, :]
    legal = (still <= np.minimum(before, now)) & (now - still <= people - before)
    still = np.where(legal, still, np.maximum(now - (people - before), 0))
    splits = ways(still, before) + ways(now - still, people - before)
    return {
        "responders": design.responders.astype(np.float64),
        "ways": ways(design.responders.astype(np.float64), design.people.astype(np.float64)),
        "used": design.used.astype(np.float64),
        "still": still,
        "lost": before - still,
        "gained": now - still,
        "never": people - before - now + still,
        "splits": np.where(legal, splits, -np.inf),
    }


def log_likelihood(values: Mapping[str, Any], design: Design, terms: Mapping[str, Any], *, lag_days: float) -> Any:
    """Log-likelihood of the counts in JAX: binomial at an arm's first visit, a sum of two binomials at a later one.

    Args:
        values: see `hierarchy.shares_of`.
        design: the arm-visits, without their counts.
        terms: their counts, see `terms_of`.
        lag_days: days before anything can set in.
    """
    import jax.numpy as jnp
    from jax.scipy.special import logsumexp, ndtr

    found = shares_of(values, design, lag_days=lag_days, xp=jnp, cdf=ndtr)
    yes = terms["responders"]
    alone = terms["ways"] + yes * jnp.log(found.share) + (design.people - yes) * jnp.log1p(-found.share)
    later = np.flatnonzero(design.before >= 0)
    kept, new = found.after_response[later][:, None], found.after_none[later][:, None]
    splits = terms["splits"] + terms["still"] * jnp.log(kept) + terms["lost"] * jnp.log1p(-kept)
    splits = splits + terms["gained"] * jnp.log(new) + terms["never"] * jnp.log1p(-new)
    each = alone.at[later].set(logsumexp(splits, axis=1))
    return jnp.sum(each * terms["used"])


class Sampler:
    """A sampler of one design.

    Args:
        design: the arm-visits.
        lag_days: days before anything can set in.
        warmup: steps of each chain before its draws are kept.
        draws: draws of each chain.
        chains: chains.
        reuse: compile once, for all counts that come; else each run is compiled for its own, and runs faster then.
    """

    def __init__(
        self,
        design: Design,
        *,
        lag_days: float,
        warmup: int = 1000,
        draws: int = 1000,
        chains: int = 2,
        reuse: bool = False,
    ) -> None:
        import jax
        import numpyro
        from numpyro.infer import MCMC, NUTS

        jax.config.update("jax_enable_x64", True)

        def model(terms: Mapping[str, Any]) -> None:
            values = _parameters(design)
            numpyro.factor("counts", log_likelihood(values, design, terms, lag_days=lag_days))

        kernel = NUTS(model, target_accept_prob=0.95, max_tree_depth=9)
        mcmc = MCMC(
            kernel,
            num_warmup=warmup,
            num_samples=draws,
            num_chains=chains,
            chain_method="sequential",
            progress_bar=False,
            jit_model_args=reuse,
        )

        def run(key: Any, terms: Mapping[str, Any]) -> tuple[Any, Any]:
            mcmc.run(key, terms, extra_fields=("diverging",))
            return mcmc.get_samples(group_by_chain=True), mcmc.get_extra_fields()["diverging"]

        # NumPyro compiles its loop over the draws at every run: only a run that is compiled as a whole is kept.
        self._run = jax.jit(run) if reuse else run
        self._chains, self._draws = chains, draws

    def sample(self, design: Design, *, seed: int) -> Samples:
        """Draws for the counts and the used visits of `design`, which must be the sampler's but for these."""
        import jax
        import jax.numpy as jnp
        from numpyro.diagnostics import summary

        terms = {name: jnp.asarray(term) for name, term in terms_of(design).items()}
        drawn, diverging = self._run(jax.random.PRNGKey(seed), terms)
        by_chain = {name: np.asarray(value) for name, value in drawn.items()}
        judged = summary(by_chain, group_by_chain=True)
        return Samples(
            values={name: value.reshape(-1, *value.shape[2:]) for name, value in by_chain.items()},
            divergences=int(np.sum(diverging)),
            r_hat=float(max(np.max(row["r_hat"]) for row in judged.values())),
            effective=float(min(np.min(row["n_eff"]) for row in judged.values())),
            chains=self._chains,
            draws=self._draws,
        )
